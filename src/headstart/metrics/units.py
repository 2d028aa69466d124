"""What is independent in a test part: single rows, or whole groups of rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.core import BadData
from headstart.metrics.repeats import quantile
from headstart.metrics.scored_outputs import Floats
from headstart.metrics.shares import Z

MOST_FREEDOM = 400  # Student's t is normal from here on, to 0.4 %


@dataclass(frozen=True)
class Units:
    """The independent units of n rows.

    Attributes:
        index: (n,) the unit of each row, in [0, count).
        sizes: (count,) rows of each unit.
    """

    index: NDArray[np.intp]
    sizes: Floats

    @property
    def count(self) -> int:
        """How many units there are."""
        return len(self.sizes)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.index)

    @property
    def grouped(self) -> bool:
        """Whether a unit has several rows."""
        return self.count < self.rows

    @property
    def size(self) -> float:
        """The mean size of the unit of a row: the design effect where the rows of a unit are all alike."""
        return float(np.square(self.sizes).sum() / self.rows)

    @property
    def t(self) -> float:
        """Student's quantile of 0.975 with count - 1 degrees of freedom (at least 1)."""
        return quantile(min(max(self.count - 1, 1), MOST_FREEDOM))

    def sums(self, values: Floats) -> Floats:
        """Sums (count,) of values (n,) over the rows of each unit."""
        sums: Floats = np.asarray(np.bincount(self.index, values, self.count), np.float64)
        return sums


def units_of(rows: int, groups: ArrayLike | None = None) -> Units:
    """The units of `rows` rows: the groups (rows,), or the rows themselves.

    Raises:
        BadData: `groups` has another length than `rows`.
    """
    if groups is None:
        return Units(np.arange(rows), np.ones(rows))
    given = np.asarray(groups)
    if given.shape != (rows,):
        raise BadData(f"Groups must be one for each of {rows} rows, not {given.shape}.")
    index = np.unique(given, return_inverse=True)[1].reshape(-1)
    return Units(index, np.bincount(index).astype(np.float64))


def design_effect(correct: Floats, units: Units) -> float:
    """How many times larger the variance of a share is than that of as many independent rows, >= 1.

    The linearised variance over units divided by that over rows (Kish 1965). With few errors it is
    hardly known, and errors of one unit look independent by chance: the correlation inside of units,
    (effect - 1) / (size - 1), is averaged with a 1 that weighs as much as one unit with an error.

    Args:
        correct: (n,) 0 or 1.
        units: of the n rows.
    """
    size, share = units.size, float(correct.mean())
    if size <= 1:
        return 1.0
    if units.count < 2 or not 0 < share < 1:
        return size
    hits = units.sums(correct)
    spread = float(np.square(hits - share * units.sizes).sum()) * units.count / (units.count - 1)
    correlation = (max(1.0, spread / (units.rows * share * (1 - share))) - 1) / (size - 1)
    if correlation < 1:
        mixed = min(int((hits < units.sizes).sum()), int((hits > 0).sum()))
        correlation = (correlation * mixed + 1) / (mixed + 1)
    return 1 + (size - 1) * correlation


def effective_rows(correct: Floats, units: Units) -> float:
    """The number of independent rows that would make a share as certain, in (0, n].

    n / `design_effect`, of groups times (z / t)^2 for the few of them (Korn & Graubard 1998,
    doi:10.2307/2685432).
    """
    if not units.grouped:
        return float(units.rows)
    return units.rows / design_effect(correct, units) * (Z / units.t) ** 2
