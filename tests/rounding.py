"""How far the same numbers may lie apart when a processor adds them in another order."""

import math

import torch

SURE = 4  # standard deviations that an error is allowed


def rounding(terms, largest=1.0, sums=1, dtype=torch.float32):
    """The error of a chain of sums, by the type of their terms and how many there are.

    Rounding errors behave as random ones: that of a sum grows with the square root of its terms (Higham and
    Mary, 2019, doi:10.1137/18M1226312).

    Args:
        terms: of each sum.
        largest: absolute value that comes out.
        sums: one after the other.
        dtype: that they are added in.

    Returns:
        An absolute tolerance, >= 0.
    """
    return SURE * torch.finfo(dtype).eps * math.sqrt(terms * sums) * float(largest)
