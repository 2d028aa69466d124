"""Names in new rows that no training row had, and columns that are empty there alone."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, Schema
from headstart.core.schema import Column
from headstart.face import spell

from .spellings import name_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Unseen:
    """Names in a column that no training row had.

    Attributes:
        column: its name.
        count: rows that have one.
        rows: rows that have any name.
        names: a few of these names.
        known: a few names of the training rows.
        certain: whether the schema remembers all names of the training rows.
    """

    column: str
    count: int
    rows: int
    names: tuple[str, ...]
    known: tuple[str, ...]
    certain: bool = True

    @property
    def whole(self) -> bool:
        """Whether all rows have such a name; a single row says nothing of a column."""
        return self.count == self.rows > 1

    def text(self, rows: str = "rows") -> str:
        """How many rows have one, with examples; without a full stop."""
        share = f"{self.count} of {self.rows} {rows} ({100 * self.count / self.rows:.3g} %)"
        which = "no training row had" if self.certain else "is none of the remembered training names"
        known = f"known are {', '.join(map(repr, self.known))}"
        if self.rows == 1:
            return f"{self.names[0]!r} is a name in {self.column!r} that {which}; {known}"
        return f"{share} have a name in {self.column!r} that {which}, such as {self.names[0]!r}; {known}"


def unseen_names(column: Column, words: Sequence[str], positions: Floats) -> Unseen | None:
    """Names of rows that no training row had; None if there are none, or names are not learned from.

    Args:
        column: of names.
        words: all names.
        positions: (n,) in `words`; NaN where missing.
    """
    if not column.categories:
        return None
    known = {name_of(word) for word in (*column.categories, *column.rare)}
    there = positions[~np.isnan(positions)].astype(np.int64)
    new = np.array([word not in known for word in words], dtype=np.bool_)
    count = int(new[there].sum())
    if not count:
        return None
    names = [words[code] for code in np.unique(there) if new[code]]
    few = column.categories[:3]
    return Unseen(column.name, count, len(there), tuple(names[:3]), few, not column.unlisted)


def codes_of(column: Column, words: Sequence[str], positions: Floats) -> Floats:
    """Codes of a column's categories (n,), the next one for others, from positions in words."""
    code = {name_of(word): float(number) for number, word in enumerate(column.categories)}
    codes = np.array([*(code.get(word, float(len(column.categories))) for word in words), np.nan])
    return codes[np.where(np.isnan(positions), len(words), positions).astype(np.int64)]


def refuse_unseen(unseen: Mapping[str, Unseen]) -> None:
    """Refuse rows that have in some column only names that no training row had.

    Raises:
        BadData: it names the column, a new name and the known ones.
    """
    for new in unseen.values():
        if new.whole:
            raise BadData(
                f"{new.text()}. Write the names as in the training data. To let them count as any other "
                f"name: {spell('allow_unseen', True)}."
            )


class GapWarning(UserWarning):
    """No new row of a table has anything in a column that all training rows had something in."""


def warn_of_gaps(values: NDArray[Any], schema: Schema) -> None:
    """Warn of columns without a value in two or more encoded rows (n, columns), but in all training rows."""
    full = {column.name for column in schema.columns} - {c.name for c in schema.columns if c.missing}
    empty = np.isnan(values).all(0)
    gone = dict.fromkeys(
        column.name
        for column, nothing in zip(schema.columns, empty.tolist(), strict=True)
        if nothing and column.name in full
    )
    if len(values) > 1 and gone:
        names = ", ".join(map(repr, list(gone)[:5]))
        text = (
            f"All {len(values)} rows have nothing in {names}, where all training rows had something, so the "
            "model has not learned what that means. Of numbers the median stands in."
        )
        warnings.warn(text, GapWarning, stacklevel=2)
