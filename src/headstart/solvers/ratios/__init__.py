"""Importance weights: how much likelier a row is in the target than in the source, one estimator a file.

All take source rows (n, d) and target rows (m, d), need no labels, and give `Ratios`.
"""
