"""Distance of two domains as a whole, with a permutation test."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from headstart.core import BadData, BadInput, derive_seed
from headstart.metrics.scored_outputs import Floats
from headstart.metrics.shift._validation import domains, squared_distances

CLOSE = 1e-12  # sums of the same numbers in another order differ by less


class Discrepancy(NamedTuple):
    """The squared maximum mean discrepancy of two samples."""

    value: float  # unbiased: about 0 without shift, and may be negative
    p_value: float  # in (0, 1]: how often permuted rows are at least as far apart
    bandwidths: tuple[float, ...]  # of the kernels, in the units of the features


def mmd(
    source: Any,
    target: Any,
    bandwidths: Sequence[float] | None = None,
    permutations: int = 200,
    seed: int = 0,
    most: int = 2000,
) -> Discrepancy:
    """Squared maximum mean discrepancy with Gaussian kernels (Gretton et al. 2012, JMLR 13:723-773).

    The mean of k(x, x') over pairs of different source rows, plus that over pairs of different target rows,
    less twice the mean of k(x, z) over the pairs across; k is the mean over the bandwidths b of
    exp(-||x - z||^2 / (2 b^2)). The p-value is that of a permutation test: rows are assigned to the two
    domains at random, and the observed assignment counts as one of the permutations.

    Args:
        source: (n, d), n >= 2.
        target: (m, d), m >= 2.
        bandwidths: one or more numbers > 0. None takes the median distance of two rows of the pool.
        permutations: random assignments, >= 1. The smallest p-value is 1 / (permutations + 1).
        seed: of the permutations, and of the subsample if there are too many rows.
        most: rows of a domain, >= 2, as all pairs are in memory; larger domains are subsampled.

    Raises:
        BadData: either is not a matrix of finite numbers, has fewer than two rows, or their widths differ.
        BadInput: a bandwidth is not a positive number, `permutations` < 1 or `most` < 2.
    """
    if permutations < 1 or most < 2:
        raise BadInput(f"mmd needs permutations >= 1 and most >= 2, not {permutations} and {most}.")
    generator = np.random.Generator(np.random.PCG64(derive_seed(seed, "mmd")))
    one, other = (_some(rows, most, generator) for rows in domains(source, target))
    if min(len(one), len(other)) < 2:
        raise BadData(f"mmd needs two rows of each domain, not {len(one)} and {len(other)}.")
    pool = np.concatenate([one, other])
    squares = squared_distances(pool, pool)
    widths = _widths(bandwidths, squares)
    kernel = np.mean([np.exp(squares / (-2 * width**2)) for width in widths], axis=0)
    np.fill_diagonal(kernel, 0.0)  # no row is paired with itself
    member = np.zeros((len(pool), permutations + 1))
    member[: len(one), 0] = 1
    for deal in range(1, permutations + 1):
        member[generator.permutation(len(pool))[: len(one)], deal] = 1
    values = _unbiased(kernel, member, len(one))
    p_value = float((values >= values[0] - CLOSE).mean())
    return Discrepancy(float(values[0]), p_value, widths)


def _unbiased(kernel: Floats, member: Floats, n: int) -> Floats:
    """Unbiased MMD^2 (b,) for b assignments (rows, b) of n rows to the source; the kernel has diagonal 0."""
    m = len(kernel) - n
    within: Floats = (member * (kernel @ member)).sum(0)  # over ordered pairs of the source
    touched: Floats = kernel.sum(1) @ member
    across = touched - within
    others = kernel.sum() - within - 2 * across
    found: Floats = within / (n * (n - 1)) + others / (m * (m - 1)) - 2 * across / (n * m)
    return found


def _widths(given: Sequence[float] | None, squares: Floats) -> tuple[float, ...]:
    if given is None:
        pairs = squares[np.triu_indices(len(squares), 1)]
        return (float(np.sqrt(np.median(pairs))) or 1.0,)
    found = tuple(float(width) for width in given)
    if not found or not all(np.isfinite(width) and width > 0 for width in found):
        raise BadInput(f"bandwidths must be one or more finite numbers > 0, not {found}.")
    return found


def _some(rows: Floats, most: int, generator: np.random.Generator) -> Floats:
    return rows if len(rows) <= most else rows[generator.permutation(len(rows))[:most]]


def proxy_a_distance(*, error: float | None = None, auc: float | None = None) -> float:
    """Proxy A-distance from a domain classifier's error, in [0, 2]: 2 (1 - 2 error).

    The proxy of the A-distance of Ben-David et al. 2007 (Analysis of Representations for Domain Adaptation,
    NIPS 19). 0 if it does no better than chance; 2 if it makes no error on held-out rows. Domains
    of unequal size need the mean of the errors on each; `classifier_ratios` gives that.

    Args:
        error: the cross-validated share of errors, in [0, 1].
        auc: or the cross-validated area under the ROC curve, in [0, 1]: 1 - auc, the share of pairs of a
            source and a target row in the wrong order, then stands for the error.

    Raises:
        BadInput: neither or both are given, or the value is not in [0, 1].
    """
    if (error is None) == (auc is None):
        raise BadInput("proxy_a_distance takes either error=... or auc=..., one of the two.")
    share = error if error is not None else 1 - (auc if auc is not None else 0.0)
    if not 0 <= share <= 1:
        given = f"error is {error!r}" if auc is None else f"auc is {auc!r}"
        raise BadInput(f"{given}; it must be in [0, 1].")
    return max(0.0, 2 * (1 - 2 * share))
