"""Which method with which settings: a search by cross-validation."""
