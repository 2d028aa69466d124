"""Floor 1: exact and full-batch solvers; pure functions of tensors."""
