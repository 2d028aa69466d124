"""Whether the shares of some kinds differ between two domains, such as the names in a column."""

from typing import Any, NamedTuple

import numpy as np

from headstart.core import BadData, BadInput, derive_seed
from headstart.metrics._validation import array
from headstart.metrics.scored_outputs import Ints

CLOSE = 1e-12  # sums of the same numbers in another order differ by less


class Variation(NamedTuple):
    """How far the shares of k kinds are apart."""

    value: float  # in [0, 1]: the share of rows that would have to change their kind
    p_value: float  # in (0, 1]: how often relabelled rows are at least as far apart


def total_variation(source: Any, target: Any, draws: int = 2000, seed: int = 0) -> Variation:
    """Half the sum of the differences of the shares, with a permutation test.

    The rows are dealt to the two domains at random, as many to each as it has; of the counts of kinds that is
    a draw from the multivariate hypergeometric distribution. The order that was observed counts as a deal.

    Args:
        source: (k,) rows of each kind, whole numbers >= 0, one of them > 0.
        target: (k,) likewise.
        draws: deals, >= 1. The smallest p-value is 1 / (draws + 1).
        seed: of the deals.

    Raises:
        BadData: they are no such counts, or of different numbers of kinds.
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
