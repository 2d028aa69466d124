"""Floor 1: layers that methods share."""
