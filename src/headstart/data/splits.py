"""Train and test, folds, and a few labels a class: stratified, by whole groups, seeded."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.core import BadInput
from headstart.data.random_draws import shuffled

from .samples import Rows

_Shares = NDArray[np.float64]


def holdout(labels: ArrayLike, groups: ArrayLike | None, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Split off a stratified test part without splitting groups.

    Every class is on both sides if its rows are in two groups or more, where possible.

    Args:
        labels: (n,) class numbers.
        groups: (n,) group numbers; None: every row is its own group.
        fraction: the share of the test part, in (0, 1).
        seed: of the split.

    Returns:
        Rows of the training part and of the test part, each in ascending order.
    """
    if not 0 < fraction < 1:
        raise BadInput(f"fraction={fraction}: the share of the test part lies between 0 and 1.")
    units = _Units(labels, groups)
    test = _whole_shares(units.counts.sum(0), fraction)
    part = _deal(units.counts, np.stack([units.counts.sum(0) - test, test]), seed)
    _mend(units.counts, part)
    side = part[units.of_row]
    return np.flatnonzero(side == 0).astype(np.int64), np.flatnonzero(side == 1).astype(np.int64)


def folds(labels: ArrayLike, groups: ArrayLike | None, k: int, seed: int) -> Rows:
    """Assign stratified fold numbers (n,) in [0, k), with each group in one fold.

    Args:
        labels: (n,) class numbers.
        groups: (n,) group numbers; None: every row is its own group.
        k: number of folds, >= 2.
        seed: of the choice.
    """
    units = _Units(labels, groups)
    if not 2 <= k <= len(units.counts):
        raise BadInput(f"k={k}: {len(units.counts)} rows or groups make 2 folds to that many.")
    shares = np.tile(units.counts.sum(0) / k, (k, 1))
    return _deal(units.counts, shares, seed)[units.of_row]


def per_class(labels: ArrayLike, k: int, seed: int) -> Rows:
    """Draw `k` rows of each class, or all of a class that has fewer; in ascending order.

    The rows for a smaller k are among those for a larger one with the same seed.

    Args:
        labels: (n,) class numbers.
        k: rows a class, >= 1.
        seed: of the choice.
    """
    if k < 1:
        raise BadInput(f"k={k}: take at least one row of each class.")
    known = np.asarray(labels, dtype=np.int64)
    chosen = []
    for label in np.unique(known):
        rows = np.flatnonzero(known == label)
        chosen.append(rows[shuffled(len(rows), seed, "per-class", int(label))[:k]])
    return np.sort(np.concatenate(chosen)).astype(np.int64)


class _Units:
    """Groups as the units of assignment: their rows in each class (units, classes)."""

    def __init__(self, labels: ArrayLike, groups: ArrayLike | None) -> None:
        known = np.asarray(labels, dtype=np.int64)
        if known.ndim != 1 or len(known) == 0:
            raise BadInput(f"The labels have the shape {known.shape}; (n,) with n >= 1 is needed.")
        names = np.arange(len(known)) if groups is None else np.asarray(groups)
        if names.shape != known.shape:
            raise BadInput(f"There are {len(known)} labels, but groups of shape {names.shape}.")
        classes, label = np.unique(known, return_inverse=True)
        units, self.of_row = np.unique(names, return_inverse=True)
        self.counts = np.zeros((len(units), len(classes)), dtype=np.int64)
        np.add.at(self.counts, (self.of_row, label), 1)


def _whole_shares(totals: Rows, fraction: float) -> Rows:
    """Integer numbers of test rows of each class, by largest remainders, at least 1 on each side of 2."""
    exact = totals * fraction
    shares = np.floor(exact).astype(np.int64)
    missing = round(float(exact.sum())) - int(shares.sum())
    shares[np.argsort(shares - exact, kind="stable")[:missing]] += 1
    return np.where(totals > 1, shares.clip(1, np.maximum(1, totals - 1)), 0)


def _deal(counts: Rows, shares: _Shares | Rows, seed: int) -> Rows:
    """Assign units to parts greedily: large units first, each to the part that lacks its classes most."""
    mixed = shuffled(len(counts), seed, "deal")
    turn = mixed[np.argsort(-counts[mixed].sum(1), kind="stable")]
    lack = np.asarray(shares, dtype=np.float64).copy()
    rarity = 1 / counts.sum(0)
    part = np.zeros(len(counts), dtype=np.int64)
    total = lack.sum(1)
    for unit in turn.tolist():
        mine = np.flatnonzero(counts[unit])
        rows = counts[unit, mine]
        need = lack[:, mine] @ (rows * rarity[mine])
        best = np.flatnonzero(need >= need.max() - 1e-9)
        chosen = best[total[best].argmax()]
        part[unit] = chosen
        lack[chosen, mine] -= rows
        total[chosen] -= rows.sum()
    return part


def _mend(counts: Rows, part: Rows) -> None:
    """Move small units across until each class is on both sides, where possible."""
    for label in range(counts.shape[1]):
        for side in (0, 1):
            if counts[part == side, label].any():
                continue
            others = counts[part == 1 - side].sum(0)
            # a move must leave every class where it came from
            movable = (part == 1 - side) & (counts[:, label] > 0)
            movable &= ((counts == 0) | (counts < others)).all(1)
            if movable.any():
                sizes = np.where(movable, counts.sum(1), np.iinfo(np.int64).max)
                part[int(sizes.argmin())] = side
