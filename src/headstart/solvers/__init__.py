"""Floor 1: exact and full-batch solutions; pure functions of tensors."""
