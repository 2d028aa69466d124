"""Methods that adapt the outputs of a mapping."""
