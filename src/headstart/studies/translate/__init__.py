"""Rows of one domain made to look like those of another, and what guards against a wrong look."""
