"""The parts that pages are made of: figures, tables, formats, templates; knows nothing of tensors."""
