"""Floor 2: the training loop, checkpoints, caches and progress, independent of the method."""
