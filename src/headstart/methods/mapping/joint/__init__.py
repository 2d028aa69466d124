"""Joint training: the mapping learns the target beside other tasks."""
