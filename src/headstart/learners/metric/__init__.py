"""Metric learners: an encoder in whose features near means alike."""
