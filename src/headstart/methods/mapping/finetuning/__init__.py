"""Fine-tuning: the mapping is a start."""
