"""Losses that align two domains, and losses of unlabelled outputs; one idea a file.

None of them wants as many rows of the target as of the source. What goes in may have any precision and may
come from under autocast: all is computed in float32, or float64 where that is given.
"""
