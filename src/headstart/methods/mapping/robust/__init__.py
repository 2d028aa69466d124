"""Training that looks after the worst group, not the mean over rows."""
