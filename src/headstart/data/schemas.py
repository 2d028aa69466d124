"""Fit a schema to the training rows of a table, and encode rows by it."""

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.core import BadData
from headstart.core.schema import Column, ColumnKind, Schema

from .naming import natural
from .tables import Table

MOST = 64  # largest number of categories with a feature of their own
TELLING = 20  # rows above which a column of all-distinct names is uninformative
FAR = 1000  # largest ratio of mean to deviation for which float32 is precise enough
TOTAL = 1e4  # total to which each row of counts is normalised
_HUGE = float(np.finfo(np.float32).max)

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Encoded:
    """Encoded rows of a table.

    Attributes:
        values: (n, columns) float32: numbers, codes of categories, NaN where missing.
        unseen: number of rows with a category absent from the training rows, by column.
    """

    values: NDArray[np.float32]
    unseen: dict[str, int]


def schema_of(table: Table, rows: ArrayLike | None = None) -> Schema:
    """Fit the schema of a table to the given rows only.

    Args:
        table: may contain other rows too.
        rows: (n,) indices of the training rows; None: all.

    Raises:
        BadData: no column varies, or counts are not integers >= 0.
    """
    chosen = np.arange(len(table)) if rows is None else np.asarray(rows, dtype=np.int64).reshape(-1)
    values: Floats = np.asarray(table.values[chosen], dtype=np.float64)
    if table.counts:
        _check_counts(table, chosen)
        return _of_counts(table, values)
    dropped, columns = silent_columns(table, chosen), []
    for place, (name, kind) in enumerate(zip(table.names, table.kinds, strict=True)):
        mine = values[:, place]
        there = mine[~np.isnan(mine)]
        if name not in dropped:
            columns.append(_column(name, kind, there, len(there) < len(mine), table))
    if not columns:
        raise BadData(
            f"No column of {table.name} varies: {_listed(dropped)}. There is nothing to learn from."
        )
    if table.alike:
        columns = _in_one_unit(columns)
    return Schema(tuple(columns), dropped, table.passed)


def _in_one_unit(columns: list[Column]) -> list[Column]:
    """Divide all varying numeric columns by the same number, the root of their mean variance.

    Columns with more variance have more weight then, as without standardisation.
    """
    varying = [column.deviation for column in columns if column.deviation > 0]
    if not varying:
        return columns
    common = float(np.sqrt(np.mean(np.square(varying))))
    return [replace(column, deviation=common) if column.deviation > 0 else column for column in columns]


def silent_columns(table: Table, rows: NDArray[np.int64] | None = None) -> dict[str, str]:
    """Uninformative columns in the given rows (n,), or in all, and why."""
    found = {}
    for place, (name, kind) in enumerate(zip(table.names, table.kinds, strict=True)):
        mine: Floats = np.asarray(
            table.values[:, place] if rows is None else table.values[rows, place], np.float64
        )
        there = mine[~np.isnan(mine)]
        if why := _silent(there, len(there) < len(mine), kind, table, name):
            found[name] = why
    return found


def encoded(table: Table, schema: Schema) -> Encoded:
    """Encode the rows of a table by a schema; columns are matched by name, in any order.

    Raises:
        BadData: columns are absent, unknown or of another kind, or numbers too large for float32.
    """
    if table.counts and not schema.counts:
        raise BadData(f"{table.name} holds raw counts, the training data did not. Give it in the same form.")
    _check_names(table, schema)
    where = {name: place for place, name in enumerate(table.names)}
    found = np.empty((len(table), len(schema.columns)), dtype=np.float32)
    unseen = {}
    for place, column in enumerate(schema.columns):
        mine: Floats = np.asarray(table.values[:, where[column.name]], dtype=np.float64)
        if column.kind == "categorical":
            words = table.words[column.name]
            code = {word: float(number) for number, word in enumerate(column.categories)}
            other = float(len(column.categories))
            codes = np.array([*(code.get(word, other) for word in words), np.nan])
            mine = codes[np.where(np.isnan(mine), len(words), mine).astype(np.int64)]
            if count := int((mine == other).sum()):
                unseen[column.name] = count
        else:
            mine = mine - column.origin
            _check_size(table, column, mine)
        found[:, place] = mine
    if schema.counts:
        _check_counts(table, np.arange(len(table)))
    return Encoded(found, unseen)


def log_normalised(counts: Floats) -> Floats:
    """Normalise rows of counts (n, d) to a total of 10,000, then log(1 + x); a row of zeros stays."""
    totals = counts.sum(axis=1, keepdims=True)
    found: Floats = np.log1p(counts * (TOTAL / np.where(totals > 0, totals, 1)))
    return found


def _of_counts(table: Table, values: Floats) -> Schema:
    """Schema of counts: all columns stay, as they add up to the total; constant ones give no feature."""
    logs = log_normalised(values)
    means, deviations = logs.mean(axis=0), logs.std(axis=0)
    deviations[logs.max(axis=0) == logs.min(axis=0)] = 0
    if not deviations.any():
        raise BadData(f"No column of {table.name} varies. There is nothing to learn from.")
    numbers = zip(table.names, means.tolist(), deviations.tolist(), strict=True)
    columns = [Column(name, "numeric", mean=mean, deviation=deviation) for name, mean, deviation in numbers]
    return Schema(tuple(_in_one_unit(columns)), {}, table.passed, counts=True)


def _column(name: str, kind: ColumnKind, there: Floats, missing: bool, table: Table) -> Column:
    if kind == "categorical":
        words = table.words[name]
        often = Counter(words[int(code)] for code in there)
        kept = sorted(often, key=lambda word: (-often[word], natural(word)))[:MOST]
        return Column(name, kind, categories=tuple(sorted(kept, key=natural)), missing=missing)
    mean, deviation = float(there.mean()), _deviation(there)
    origin = mean if abs(mean) > FAR * deviation else 0.0
    left = there - origin
    return Column(name, kind, origin, float(np.median(left)), float(left.mean()), deviation, missing=missing)


def _deviation(values: Floats) -> float:
    """Standard deviation, exactly 0 where all values are equal, despite rounding of the mean."""
    return float(values.std()) if values.max() > values.min() else 0.0


def _silent(there: Floats, missing: bool, kind: ColumnKind, table: Table, name: str) -> str:
    """Why a column is uninformative; "" if it may be informative."""
    distinct = np.unique(there)
    if len(distinct) == 0:
        return "it is empty"
    if len(distinct) == 1 and not missing:
        named = kind == "categorical"
        value = repr(table.words[name][int(distinct[0])]) if named else f"{distinct[0]:g}"
        return f"it is always {value}"
    if kind == "categorical" and len(distinct) == len(there) >= TELLING:
        return "it has another name in every row"
    return ""


def _check_names(table: Table, schema: Schema) -> None:
    there = dict(zip(table.names, table.kinds, strict=True))
    absent = [name for name in schema.names if name not in there]
    known = {*schema.names, *schema.dropped, *schema.passed}
    extra = [name for name in table.names if name not in known]
    if absent or extra:
        parts = []
        if absent:
            parts.append(f"has no column {_some(absent)}{_near(absent, extra or list(there))}")
        if extra:
            parts.append(f"has the unknown column {_some(extra)}{_near(extra, absent or list(known))}")
        raise BadData(f"{table.name} {' and '.join(parts)}. Name its columns as those of the training data.")
    for column in schema.columns:
        if there[column.name] != column.kind:
            said = {"numeric": "numbers", "categorical": "names of categories"}
            raise BadData(
                f"{table.name}: the column {column.name!r} holds {said[there[column.name]]}, in the "
                f"training data it held {said[column.kind]}."
            )


def _check_size(table: Table, column: Column, values: Floats) -> None:
    wrong = np.abs(values) > _HUGE
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BadData(f"{table.place(column.name).at(row)} is {values[row]:g}, which is too large a number.")


def _check_counts(table: Table, rows: NDArray[np.int64]) -> None:
    values = table.values[rows]
    wrong = ~(values >= 0) | (values != np.rint(values))
    if wrong.any():
        row, place = (int(one[0]) for one in np.nonzero(wrong))
        raise BadData(
            f"{table.place(table.names[place]).at(int(rows[row]))} is {values[row, place]:g}; raw counts are "
            "whole numbers >= 0. Give the counts before any normalisation."
        )


def _near(names: Sequence[str], known: Sequence[str]) -> str:
    near = [hit for name in names[:3] for hit in difflib.get_close_matches(name, known, 1, 0.5)]
    return f" (near: {_some(list(dict.fromkeys(near)))})" if near else ""


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(repr, names[:5])) + more


def _listed(dropped: dict[str, str]) -> str:
    said = [f"{name!r}: {why}" for name, why in dropped.items()]
    return "; ".join(said[:5]) + (f"; and {len(said) - 5} more" if len(said) > 5 else "")
