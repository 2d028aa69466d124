"""Adapt while predicting, one batch after the other."""
