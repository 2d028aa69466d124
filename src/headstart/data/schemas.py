"""Fit a schema to the training rows of a table, and encode rows by it."""

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.core import BadData, Tokens
from headstart.core.schema import Column, ColumnKind, Schema
from headstart.face import spell

from .naming import natural, some
from .row_numbers import TELLING, is_unnamed
from .table_texts import fill_words, token_columns, word_columns
from .tables import Table
from .times import PARTS, calendar_part, written
from .unseen import Unseen, codes_of, unseen_names

MOST = 64  # largest number of categories with a feature of their own
RARE = 10_000  # largest number of other names that a schema remembers
FAR = 1000  # largest ratio of mean to deviation for which float32 is precise enough
TOTAL = 1e4  # total to which each row of counts is normalised
KINDS = {  # in words
    "numeric": "numbers",
    "categorical": "names of categories",
    "boolean": "truth values",
    "date": "dates",
    "duration": "durations",
    "text": "texts",
}
_HUGE = float(np.finfo(np.float32).max)

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Encoded:
    """Encoded rows of a table.

    Attributes:
        values: (n, columns) float32: numbers, codes of categories, NaN where missing.
        unseen: names absent from the training rows, by column.
    """

    values: NDArray[np.float32]
    unseen: dict[str, Unseen]


def schema_of(table: Table, rows: ArrayLike | None = None, tokens: Tokens | None = None) -> Schema:
    """Fit the schema of a table to the given rows only.

    Args:
        table: may contain other rows too.
        rows: (n,) indices of the training rows; None: all.
        tokens: of a backbone that reads the texts beside the other columns, if one does.

    Raises:
        BadData: no column varies, or counts are not integers >= 0.
    """
    chosen = np.arange(len(table)) if rows is None else np.asarray(rows, dtype=np.int64).reshape(-1)
    values: Floats = np.asarray(table.values[chosen], dtype=np.float64)
    if table.counts:
        _check_counts(table, chosen)
        return _of_counts(table, values)
    dropped = silent_columns(table, chosen)
    columns: list[Column] = []
    for place, (name, kind) in enumerate(zip(table.names, table.kinds, strict=True)):
        mine = values[:, place]
        there = mine[~np.isnan(mine)]
        if name not in dropped:
            columns += _columns(name, kind, there, len(there) < len(mine), table)
            if kind == "text" and tokens is not None:
                columns += token_columns(name, table.words[name], there, tokens)
    if not columns:
        numbers = [name for name in dropped if name in table.ids and name not in table.words]
        way = f" To learn from {numbers[0]!r}, keep it: {spell('keep', numbers[:1])}." if numbers else ""
        raise BadData(
            f"No column of {table.name} varies: {_listed(dropped)}. There is nothing to learn from.{way}"
        )
    if table.alike:
        columns = _in_one_unit(columns)
    reading = tokens if any(column.token for column in columns) else None
    return Schema(tuple(columns), dropped, table.passed, tokens=reading)


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
        mine = table.values[:, place] if rows is None else table.values[rows, place]
        gone = np.isnan(mine)
        there: Floats = np.asarray(mine[~gone] if gone.any() else mine, np.float64)
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
    unseen = fill_words(
        found, schema.columns, table.words, lambda name: table.values[:, where[name]], schema.tokens
    )
    others = [(place, column) for place, column in enumerate(schema.columns) if column.kind != "text"]
    for place, column in others:
        mine: Floats = np.asarray(table.values[:, where[column.name]], dtype=np.float64)
        if column.named:
            words: Sequence[str] = table.words.get(column.name, ())
            if column.part:
                mine, words = calendar_part(mine, column.part)
            elif new := unseen_names(column, words, mine):
                unseen[column.name] = new
            mine = codes_of(column, words, mine)
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


def _columns(name: str, kind: ColumnKind, there: Floats, missing: bool, table: Table) -> Iterator[Column]:
    """The column, or the parts of a column of dates or texts, from the cells that hold something (n,)."""
    if kind in ("categorical", "boolean"):
        yield _names(name, kind, there, missing, table)
    elif kind == "text":
        yield from word_columns(name, table.words[name], there, missing)
    elif name in table.ids:
        yield Column(name, kind, missing=missing)
    elif kind == "date":
        days = _number(name, kind, there, missing, float(there.min()))
        yield replace(days, part="days")
        for part in PARTS:
            codes, names = calendar_part(there, part)
            if len(seen := np.unique(codes)) > 1:
                yield Column(name, kind, categories=tuple(names[int(code)] for code in seen), part=part)
    else:
        mean, deviation = float(there.mean()), _deviation(there)
        number = _number(name, kind, there, missing, mean if abs(mean) > FAR * deviation else 0.0)
        binary = kind == "numeric" and set(np.unique(there).tolist()) <= {0.0, 1.0}
        yield replace(number, binary=binary)


def _number(name: str, kind: ColumnKind, there: Floats, missing: bool, origin: float) -> Column:
    left = there - origin
    return Column(
        name, kind, origin, float(np.median(left)), float(left.mean()), _deviation(there), missing=missing
    )


def _names(name: str, kind: ColumnKind, there: Floats, missing: bool, table: Table) -> Column:
    """The most frequent names have codes, others are remembered; names of the rows are not learned from."""
    if name in table.ids or _all_differ(there):
        return Column(name, kind, missing=missing)
    words = table.words[name]
    often = Counter(words[int(code)] for code in there)
    names = sorted(often, key=lambda word: (-often[word], natural(word)))
    kept, rare = names[:MOST], sorted(names[MOST : MOST + RARE], key=natural)
    unlisted = max(0, len(names) - MOST - RARE)
    return Column(
        name,
        kind,
        categories=tuple(sorted(kept, key=natural)),
        missing=missing,
        rare=tuple(rare),
        unlisted=unlisted,
    )


def _all_differ(there: Floats) -> bool:
    """Whether codes of names (n,) are all different."""
    return len(there) >= TELLING and int(np.bincount(there.astype(np.int64)).max()) == 1


def _deviation(values: Floats) -> float:
    """Standard deviation, exactly 0 where all values are equal, despite rounding of the mean."""
    return float(values.std()) if values.max() > values.min() else 0.0


def _silent(there: Floats, missing: bool, kind: ColumnKind, table: Table, name: str) -> str:
    """Why a column is uninformative; "" if it may be informative."""
    if len(there) == 0:
        return "it is empty"
    if not missing and there.min() == there.max():
        return f"it is always {_value(table, name, kind, float(there[0]))}"
    if missing:
        return ""  # which rows have nothing may say something
    if name in table.ids:
        return table.ids[name]
    return "it has another name in every row" if kind == "categorical" and _all_differ(there) else ""


def _value(table: Table, name: str, kind: ColumnKind, value: float) -> str:
    if kind == "date":
        return written(value)
    return repr(table.words[name][int(value)]) if name in table.words else f"{value:g}"


def _check_names(table: Table, schema: Schema) -> None:
    there = dict(zip(table.names, table.kinds, strict=True))
    absent = [name for name in schema.names if name not in there]
    known = {*schema.names, *schema.dropped, *schema.passed}
    extra = [name for name in table.names if name not in known and not is_unnamed(name)]
    if absent or extra:
        parts = []
        if absent:
            parts.append(f"has no column {some(absent)}{_near(absent, extra or list(there))}")
        if extra:
            parts.append(f"has the unknown column {some(extra)}{_near(extra, absent or list(known))}")
        raise BadData(f"{table.name} {' and '.join(parts)}. Name its columns as those of the training data.")
    for column in schema.columns:
        if there[column.name] != column.kind:
            raise BadData(
                f"{table.name}: the column {column.name!r} holds {KINDS[there[column.name]]}, in the "
                f"training data it held {KINDS[column.kind]}."
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
    return f" (near: {some(list(dict.fromkeys(near)))})" if near else ""


def _listed(dropped: dict[str, str]) -> str:
    said = [f"{name!r}: {why}" for name, why in dropped.items()]
    return "; ".join(said[:5]) + (f"; and {len(said) - 5} more" if len(said) > 5 else "")
