"""Floor 2: the loop, and all around it that changes no method."""
