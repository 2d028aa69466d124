"""Measures of domain shift, from features alone or from a classifier's predictions."""
