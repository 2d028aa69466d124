"""Floor 4: result records as pages and tables; knows nothing of tensors."""
