"""One column of a table as numbers, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import BadInput
from headstart.core.schema import ColumnKind

Floats = NDArray[np.float64]

KNOTS = 257  # quantiles that are kept of a column of more numbers
LEVELS = 32  # different numbers, up to which only these are drawn
TWICE = 2  # rows of each of these on average, or numbers between them are drawn as well
MOST = 200  # names
FINEST = 6  # decimals
BEYOND = 0.05  # of a normal number, by which it may leave those of the training rows before that counts


@dataclass(frozen=True)
class ColumnCode:
    """A column as `width` numbers.

    Numbers become standard normal ones by their quantiles, so that what is drawn lies between the least and
    the greatest. Names become 1 for the row's own and -1 for each other. One number more is 1 where the
    cell is missing, else -1.

    Attributes:
        name: of the column.
        kind: of its cells.
        knots: numbers that increase, at even steps of their shares; all of them if they are few.
        places: what the knots are as normal numbers.
        levels: whether only the knots themselves are drawn.
        decimals: that all numbers have at most; None: more than `FINEST`.
        words: the names.
        missing: whether some cells are missing.
    """

    name: str
    kind: ColumnKind
    knots: tuple[float, ...] = ()
    places: tuple[float, ...] = ()
    levels: bool = False
    decimals: int | None = None
    words: tuple[str, ...] = ()
    missing: bool = False

    @property
    def width(self) -> int:
        """How many numbers."""
        return (len(self.words) if self.words else 1) + self.missing

    def encode(self, values: Floats, words: Sequence[str]) -> Floats:
        """Numbers (n, width) of values (n,), which are positions in `words` where those are names."""
        gone = np.isnan(values)
        if self.words:
            place = {word: number for number, word in enumerate(self.words)}
            codes = np.array([place.get(word, -1) for word in words] or [-1])[
                np.where(gone, 0, values).astype(int)
            ]
            found = np.where(np.arange(len(self.words)) == np.where(gone, -1, codes)[:, None], 1.0, -1.0)
        else:
            found = np.interp(np.where(gone, 0.0, values), self.knots, self.places)[:, None]
            found[gone] = 0
        return np.concatenate([found, np.where(gone, 1.0, -1.0)[:, None]], 1) if self.missing else found

    def ask(self, values: Floats, words: Sequence[str]) -> tuple[Floats, NDArray[np.bool_]]:
        """Numbers (n, width) of values (n,), of cells that are there, and which of the numbers are known.

        A cell that is missing is unknown, but for the number that says so: it shall be one that is there.
        """
        found = self.encode(values, words)
        known = np.repeat(~np.isnan(values)[:, None], self.width, 1)
        if self.missing:
            found[:, -1], known[:, -1] = -1.0, True
        return found, known

    def decode(self, x: Floats, fill: bool) -> tuple[Floats, NDArray[np.bool_]]:
        """Values (n,) of numbers (n, width), and which were out of range; with `fill` none is missing."""
        outside = np.zeros(len(x), np.bool_)
        if self.words:
            values = x[:, : len(self.words)].argmax(1).astype(np.float64)
        else:
            low, high = self.places[0], self.places[-1]
            outside = (x[:, 0] < low - BEYOND * (1 + abs(low))) | (x[:, 0] > high + BEYOND * (1 + abs(high)))
            values = np.interp(x[:, 0], self.places, self.knots)
            if self.levels:
                places = np.array(self.places)
                values = np.array(self.knots)[np.searchsorted((places[1:] + places[:-1]) / 2, x[:, 0])]
            values = values if self.decimals is None else values.round(self.decimals)
        if self.missing and not fill:
            values[x[:, -1] > 0] = np.nan
        return values, outside

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """Of JSON values."""
        plain: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        return cls(**plain)


def code_of(
    name: str, kind: ColumnKind, values: NDArray[Any], words: Sequence[str], table: str
) -> ColumnCode:
    """Fit the code of a column to its cells (n,).

    Raises:
        BadInput: it has more than `MOST` names.
    """
    column: Floats = np.asarray(values, np.float64)
    there = column[~np.isnan(column)]
    missing = len(there) < len(column)
    if kind in ("categorical", "boolean"):
        used = tuple(words[int(code)] for code in np.unique(there)) or ("",)
        if len(used) > MOST:
            raise BadInput(
                f"{table}: the column {name!r} has {len(used)} different names; up to {MOST} can be "
                "drawn. Give the table without it, or join rare names."
            )
        return ColumnCode(name, kind, words=used, missing=missing)
    knots, places = _knots(there if len(there) else np.zeros(1))
    distinct = len(np.unique(there))
    levels = distinct <= LEVELS and distinct * TWICE <= max(TWICE, len(there))
    return ColumnCode(
        name, kind, tuple(knots.tolist()), tuple(places.tolist()), levels, _decimals(there), (), missing
    )


def _decimals(values: Floats) -> int | None:
    """How many decimals numbers (n,) have at most; None of more than `FINEST`."""
    return next((many for many in range(FINEST + 1) if (values == values.round(many)).all()), None)


def _knots(values: Floats) -> tuple[Floats, Floats]:
    """Different numbers that increase, and the normal numbers of the middles of their ranks."""
    distinct, counts = np.unique(values, return_counts=True)
    middles = (np.cumsum(counts) - counts / 2) / len(values)
    if len(distinct) > KNOTS:
        chosen = np.unique(np.searchsorted(middles, np.linspace(middles[0], middles[-1], KNOTS)))
        distinct, middles = distinct[chosen], middles[chosen]
    return distinct, to_normal(middles)


def to_normal(shares: Floats) -> Floats:
    """Numbers (n,) below which a standard normal one is with these probabilities, in (0, 1).

    >>> to_normal(np.array([0.5, 0.975])).round(2).tolist()
    [0.0, 1.96]
    """
    found: Floats = torch.special.ndtri(torch.from_numpy(shares)).numpy()
    return found
