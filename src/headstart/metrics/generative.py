"""Figures of generated rows beside real ones: memorisation, density and coverage."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.core import BadData

from .shares import Interval

Floats = NDArray[np.float64]

TOGETHER = 512  # rows whose distances are computed together
RESAMPLES = 1000
SAME = 1e-6  # of the length of a row, a distance up to which rows are equal but for rounding
RARE = 0.05  # share of the held-out rows that are nearest to a training row


class Memorisation(NamedTuple):
    """How near generated rows are to training rows, beside held-out rows."""

    ratio: (
        Interval | None
    )  # of the median distances; 1: as far as held-out rows, 0: copies; see `memorisation`
    copies: float  # share of generated rows nearer than all but 5 % of the held-out ones; 0.05 is usual


class DensityCoverage(NamedTuple):
    """Whether generated rows lie where real ones do, and real rows where generated ones do."""

    density: float  # >= 0; 1 where both have one distribution
    coverage: float  # in [0, 1]


def nearest_distances(rows: ArrayLike, among: ArrayLike, k: int = 1, same: bool = False) -> Floats:
    """Euclidean distances (n,) of rows (n, d) to their k-th nearest neighbour among others (m, d).

    Args:
        rows: (n, d).
        among: (m, d).
        k: >= 1.
        same: whether both are the same rows, none of which is its own neighbour.

    Raises:
        BadData: there are fewer than k others.
    """
    x, others = np.asarray(rows, np.float64), np.asarray(among, np.float64)
    if len(others) < k + same:
        raise BadData(f"A {k}-th nearest neighbour needs {k + same} rows or more, not {len(others)}.")
    found: Floats = np.empty(len(x))
    squares = np.square(others).sum(1)
    for start in range(0, len(x), TOGETHER):
        some = x[start : start + TOGETHER]
        distances = np.square(some).sum(1)[:, None] - 2 * some @ others.T + squares
        if same:
            distances[np.arange(len(some)), start + np.arange(len(some))] = np.inf
        found[start : start + len(some)] = np.partition(distances, k - 1, axis=1)[:, k - 1]
    nearest: Floats = np.sqrt(np.maximum(found, 0))
    return nearest


def memorisation(generated: ArrayLike, held_out: ArrayLike, train: ArrayLike, seed: int) -> Memorisation:
    """Nearest training neighbours of generated rows (n, d) against those of held-out rows (m, d).

    Args:
        generated: (n, d).
        held_out: (m, d), of the same distribution as the training rows.
        train: (t, d), that the generator learned from.
        seed: of the bootstrap, which resamples both sets for the 95 % interval.

    Returns:
        Without a ratio where at least half of the held-out rows are equal to training rows, as in tables of
        few names: samples that are equal to training rows then need not be copies.
    """
    mine, theirs = nearest_distances(generated, train), nearest_distances(held_out, train)
    copies = float((mine < np.quantile(theirs, RARE)).mean())
    same = SAME * np.sqrt(np.square(np.asarray(train, np.float64)).sum(1).mean())
    if np.median(theirs) <= same:
        return Memorisation(None, copies)
    generator = np.random.Generator(np.random.PCG64(seed))
    values = []
    for _ in range(RESAMPLES):
        some, others = (each[generator.integers(len(each), size=len(each))] for each in (mine, theirs))
        if np.median(others) > same:
            values.append(_ratio(some, others))
    low, high = np.quantile(values, [0.025, 0.975])
    ratio = _ratio(mine, theirs)
    return Memorisation(Interval(ratio, min(ratio, float(low)), max(ratio, float(high))), copies)


def density_coverage(real: ArrayLike, generated: ArrayLike, k: int = 5) -> DensityCoverage:
    """Density and coverage of Naeem et al. 2020 (arXiv:2002.09797).

    Density is the mean number of balls that a generated row lies in, over k; coverage the share of balls in
    which there is a generated row. Balls are those around real rows (n, d) up to their k-th nearest real
    neighbour.

    Args:
        real: (n, d), n > k.
        generated: (m, d), m >= 1.
        k: neighbours, >= 1.

    Raises:
        BadData: there are too few rows.
    """
    x, made = np.asarray(real, np.float64), np.asarray(generated, np.float64)
    radii = nearest_distances(x, x, k, same=True)
    if not len(made):
        raise BadData("There are no generated rows.")
    inside = np.zeros(len(x))
    for start in range(0, len(made), TOGETHER):
        some = made[start : start + TOGETHER]
        squares = np.square(x).sum(1)[:, None] - 2 * x @ some.T + np.square(some).sum(1)
        inside += (np.sqrt(np.maximum(squares, 0)) <= radii[:, None]).sum(1)
    return DensityCoverage(float(inside.sum() / (k * len(made))), float((inside > 0).mean()))


def _ratio(mine: Floats, theirs: Floats) -> float:
    return float(np.median(mine)) / float(np.median(theirs))
