"""Floor 1: layers shared by methods."""
