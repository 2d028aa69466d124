"""Pre-training: makes a mapping where there is none."""
