"""Test of a difference in the category shares of two domains."""

from typing import Any, NamedTuple

import numpy as np

from headstart.core import BadData, BadInput, derive_seed
from headstart.metrics._validation import array
from headstart.metrics.scored_outputs import Ints

CLOSE = 1e-12  # sums of the same numbers in another order differ by less


class Variation(NamedTuple):
    """Total variation distance of the shares of k categories."""

    value: float  # in [0, 1]: the share of rows that would have to change their category
    p_value: float  # in (0, 1]: how often permuted rows are at least as far apart


def total_variation(source: Any, target: Any, draws: int = 2000, seed: int = 0) -> Variation:
    """Total variation distance, half the sum of absolute differences of shares, with a permutation test.

    The rows are assigned to the two domains at random, keeping the sizes; the counts of categories are then
    multivariate hypergeometric. The observed assignment counts as one of the permutations.

    Args:
        source: (k,) rows of each category, integers >= 0, one of them > 0.
        target: (k,) likewise.
        draws: permutations, >= 1. The smallest p-value is 1 / (draws + 1).
        seed: of the permutations.

    Raises:
        BadData: they are not such counts, or differ in the number of categories.
        BadInput: `draws` < 1.
    """
    if draws < 1:
        raise BadInput(f"draws is {draws!r}; a permutation test needs one or more.")
    one, other = _counts(source, "Source"), _counts(target, "Target")
    if one.shape != other.shape:
        raise BadData(f"There are {len(one)} kinds in the source and {len(other)} in the target.")
    pooled, n, m = one + other, int(one.sum()), int(other.sum())
    value = float(np.abs(one / n - other / m).sum() / 2)
    generator = np.random.Generator(np.random.PCG64(derive_seed(seed, "total-variation")))
    dealt = generator.multivariate_hypergeometric(pooled, n, draws, "marginals")
    values = np.abs(dealt / n - (pooled - dealt) / m).sum(1) / 2
    return Variation(value, float(1 + (values >= value - CLOSE).sum()) / (draws + 1))


def _counts(values: Any, what: str) -> Ints:
    found = array(values)
    if found.ndim != 1 or found.dtype.kind not in "iu" or (found < 0).any() or not found.any():
        raise BadData(f"{what} counts must be whole numbers >= 0 (kinds,), one of them > 0.")
    wide: Ints = found.astype(np.int64)
    return wide
