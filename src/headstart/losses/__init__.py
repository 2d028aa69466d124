"""Floor 1: pure functions of tensors that a descent lowers."""
