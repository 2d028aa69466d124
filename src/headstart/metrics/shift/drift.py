"""Two-sample tests of single features."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput
from headstart.metrics._validation import array
from headstart.metrics.scored_outputs import Floats
from headstart.metrics.shift._validation import domains

TERMS = 100  # of the alternating series; above SMALL the tenth is far below rounding
SMALL = 0.2  # below it the series is slow, and its limit rounds to 1


class Drift(NamedTuple):
    """Results of a two-sample test for each of d features."""

    statistic: Floats  # (d,) in [0, 1]: the largest difference of the distribution functions
    p_value: Floats  # (d,) in [0, 1]
    adjusted: Floats  # (d,) in [0, 1]: the least false discovery rate at which the feature is reported
    drifted: NDArray[np.bool_]  # (d,): adjusted <= level


def drift(source: Any, target: Any, level: float = 0.05) -> Drift:
    """Kolmogorov-Smirnov test of each feature, with p-values adjusted for multiple testing.

    The p-value is that of the limit distribution at D (s + 0.12 + 0.11 / s) with s^2 = n m / (n + m)
    (Stephens 1970, doi:10.1111/j.2517-6161.1970.tb00821.x), accurate for s^2 >= 4 and conservative with
    ties. With many rows every difference is significant: look at the statistic too.

    Args:
        source: (n, d), n >= 1.
        target: (m, d), m >= 1.
        level: the false discovery rate, in (0, 1).

    Raises:
        BadData: either is no matrix of finite numbers, or their widths differ.
        BadInput: `level` is not in (0, 1).
    """
    if not 0 < level < 1:
        raise BadInput(f"level is {level!r}; it must be in (0, 1).")
    one, other = domains(source, target)
    pairs = zip(one.T, other.T, strict=True)
    statistic = np.array([_largest_difference(np.sort(x), np.sort(z)) for x, z in pairs])
    root = np.sqrt(len(one) * len(other) / (len(one) + len(other)))
    p_value = _exceeds(statistic * (root + 0.12 + 0.11 / root))
    adjusted = benjamini_hochberg(p_value)
    return Drift(statistic, p_value, adjusted, adjusted <= level)


def _largest_difference(x: Floats, z: Floats) -> float:
    """Largest difference of the empirical distribution functions of sorted x and z."""
    values = np.concatenate([x, z])
    shares = [np.searchsorted(each, values, side="right") / len(each) for each in (x, z)]
    return float(np.abs(shares[0] - shares[1]).max())


def _exceeds(values: Floats) -> Floats:
    """Probability that Kolmogorov's distribution exceeds each of `values` (d,)."""
    k = np.arange(1, TERMS + 1)
    terms = 2 * (-1.0) ** (k - 1) * np.exp(-2 * np.square(k * values[:, None]))
    found: Floats = np.where(values < SMALL, 1.0, terms.sum(1)).clip(0.0, 1.0)
    return found


def benjamini_hochberg(p_values: Any) -> Floats:
    """Adjust p-values (k,) so that those <= q have a false discovery rate <= q.

    The i-th smallest becomes the least of p_j k / j over j >= i, at most 1 (Benjamini & Hochberg 1995,
    doi:10.1111/j.2517-6161.1995.tb02031.x).

    Raises:
        BadData: they are not one or more numbers in [0, 1].
    """
    given = array(p_values)
    good = given.ndim == 1 and given.size and given.dtype.kind == "f" and ((given >= 0) & (given <= 1)).all()
    if not good:
        raise BadData(f"p-values must be one or more floats in [0, 1], not {given.dtype} {given.shape}.")
    order = np.argsort(given)[::-1]
    ranks = np.arange(len(given), 0, -1)
    found = np.empty(len(given))
    found[order] = np.minimum.accumulate(given[order] * len(given) / ranks).clip(max=1.0)
    return found
