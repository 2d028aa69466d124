"""Transfer baselines: learn the rows of all tasks as one problem, then each new task from there."""
