"""Importance weights, the density ratio of target to source; one estimator a file.

All take source rows (n, d) and target rows (m, d), need no labels, and give `Ratios`.
"""
