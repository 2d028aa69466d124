"""Floor 1: metrics of predictions and representations, with confidence intervals."""
