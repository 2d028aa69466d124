"""The transfer baselines: learn all tasks as one problem, then a probe or fine-tuning on the support."""
