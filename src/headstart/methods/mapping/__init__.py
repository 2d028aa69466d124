"""Methods that adapt the mapping itself."""
