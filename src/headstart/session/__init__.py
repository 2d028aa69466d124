"""Carrying out methods on a backbone and data, with all that is recorded on the way."""
