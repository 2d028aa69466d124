"""Losses that compare embeddings of views."""
