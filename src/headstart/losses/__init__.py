"""Floor 1: loss functions, pure functions of tensors."""
