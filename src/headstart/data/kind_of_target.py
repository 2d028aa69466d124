"""Rows without a label, and whether a column of numbers is amounts or classes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData
from headstart.core.label_kind import label_kind_of
from headstart.face import spell

from .cells import as_number
from .finding import EXAMPLES, Finding
from .labels import Labels

NONE = -1  # in place of the number of a class
CLASSES = 10  # different whole numbers up to which they are classes
ROWS = 10  # for each value on average, below which they are amounts


_all_stay = ContextVar("all_stay", default=False)


@contextmanager
def keeping_unlabelled() -> Iterator[None]:
    """Within it, rows without a label stay among those that are read, to be learned from without one."""
    token = _all_stay.set(True)
    try:
        yield
    finally:
        _all_stay.reset(token)


def unlabelled_stay() -> bool:
    """Whether rows without a label stay; see `keeping_unlabelled`."""
    return _all_stay.get()


def are_amounts(columns: Mapping[str, Any]) -> bool:
    """Whether a column of whole numbers is learned as amounts, not as names of classes.

    It has more than 10 different values, and either one that a single row has, or fewer than 10 rows for
    each on average; in the latter case the values are not numbered from 0 or 1 without a gap, as classes are.
    """
    if len(columns) != 1:
        return False
    (cells,) = columns.values()
    values = [as_number(cell) for cell in cells]
    if any(value is None for value in values):
        return False
    counts = Counter(value for value in values if value is not None and np.isfinite(value))
    if len(counts) <= CLASSES:
        return False
    numbered = min(counts) in (0, 1) and max(counts) - min(counts) == len(counts) - 1
    few = sum(counts.values()) < ROWS * len(counts)
    return min(counts.values()) == 1 or (few and not numbered)


def about_target(
    labels: Labels,
    names: Sequence[str],
    columns: Mapping[str, Any],
    what: str,
    first: int,
    *,
    inferred: bool = False,
) -> tuple[Finding, ...]:
    """Findings on rows without a label and, if `inferred`, on how numbers are taken.

    Args:
        labels: of n rows, see `Target`.
        names: of the classes.
        columns: the cells that they were read from, each (n,).
        what: the file or frame.
        first: the number of the first row.
        inferred: whether the kind was not said by the caller.

    Raises:
        BadData: no row has a label.
    """
    there = labelled(labels)
    named = " and ".join(map(repr, columns))
    if not there.any():
        raise BadData(f"{what}: no row has a label in {named}. Name another column, or fill them in.")
    findings = []
    if not there.all():
        findings.append(_about_gaps(np.flatnonzero(~there), len(there), columns, named, first))
    if inferred and (text := _taken(labels, names, columns, named)):
        findings.append(Finding("label-kind", "note", text, [], len(labels)))
    return tuple(findings)


def labelled(labels: Labels) -> NDArray[np.bool_]:
    """Which rows (n,) have a label."""
    kind = label_kind_of(labels)
    if kind == "tags":
        return np.ones(len(labels), dtype=bool)
    return np.asarray(labels != NONE if kind == "classes" else np.isfinite(labels).all(axis=1), dtype=bool)


def _about_gaps(
    rows: NDArray[np.int64], total: int, columns: Mapping[str, Any], named: str, first: int
) -> Finding:
    """On rows that are left out, and the words in their cells, if any, which may be names of classes."""
    words = {str(cell) for cells in columns.values() for row in rows if isinstance(cell := cells[row], str)}
    spelled = sorted(word for word in words if word.strip())
    way = ""
    if spelled:
        said = ", ".join(map(repr, spelled))
        way = (
            f" They hold {said}, which stands for nothing; write it another way if it is the name of a class."
        )
    many = "1 row has" if len(rows) == 1 else f"{len(rows)} rows have"
    gone = "is left out" if len(rows) == 1 else "are left out"
    kept = "counts as unlabelled" if len(rows) == 1 else "count as unlabelled"
    text = f"{many} no label in {named}, of {total}, and {kept if unlabelled_stay() else gone}.{way}"
    items = [f"row {row + first}" for row in rows[:EXAMPLES]]
    return Finding("no-label", "warning", text, items, len(rows))


def about_groups(columns: Mapping[str, Any], plain: Mapping[str, Sequence[str | None]]) -> Iterator[Finding]:
    """On numbers that were written with commas of thousands: how one of each column is read."""
    for name, values in plain.items():
        row = next(row for row, cell in enumerate(columns[name]) if isinstance(cell, str) and "," in cell)
        text = (
            f"{name!r} holds numbers with commas, which are read as separators of thousands: "
            f"{columns[name][row].strip()!r} is {values[row]}. Write decimal commas as points."
        )
        yield Finding("thousands", "note", text, [], len(values))


def _taken(labels: Labels, names: Sequence[str], columns: Mapping[str, Any], named: str) -> str:
    """How a column of numbers is taken, and which option takes it otherwise; "" of anything else."""
    kind = label_kind_of(labels)
    if kind == "numbers":
        values = len(np.unique(labels[labelled(labels)], axis=0))
        return (
            f"{named} {'holds' if len(columns) == 1 else 'hold'} numbers ({values} different values in "
            f"{len(labels)} rows), which are learned as amounts. If they name classes: "
            f"{spell('task', 'classification')}."
        )
    if kind != "classes" or not len(names) > 2:
        return ""
    if any(as_number(name) is None for name in names):
        return ""
    return (
        f"{named} holds {len(names)} different whole numbers ({names[0]} to "
        f"{names[-1]}), which are learned as classes. If they are amounts: "
        f"{spell('task', 'regression')}."
    )
