"""Domain alignment losses and losses of unlabelled outputs, one idea a file.

The two domains may have different numbers of rows. Inputs may have any precision and may come from
autocast: all is computed in float32, or in float64 for float64 inputs.
"""
