"""Tables of a record as data frames: a row an entry, a column a figure and each end of its interval."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from headstart.records.record import Interval, Scores


def frame_of(record: Any, table: str | None = None, first: Sequence[str] = ()) -> Any:
    """A table of a record as a `pandas.DataFrame`.

    Args:
        record: a dataclass.
        table: name of a field that holds a list of dataclasses; None takes the first of `first`, else of all,
            that is not empty.
        first: names of such fields.

    Raises:
        MissingPackage: pandas is not installed.
        Unknown: there is no such table, or it is empty; the message lists the others.
    """
    from headstart.core import MissingPackage, Unknown

    try:
        import pandas as pd
    except ImportError as error:
        raise MissingPackage("pandas", "A data frame", command="pip install pandas") from error
    tables = tables_of(record)
    if table is None:
        table = next((name for name in (*first, *tables) if name in tables), "")
    if table not in tables:
        raise Unknown("table of the result", table, tables)
    frame = pd.DataFrame([dict(_cells(row, "")) for row in tables[table]])
    spread = [field.name for field in fields(tables[table][0]) if _is_spread(field.name, tables[table])]
    return frame.drop(columns=spread, errors="ignore")  # where a row has None in the place of such a record


def tables_of(record: Any) -> dict[str, list[Any]]:
    """The lists of dataclasses that are not empty, by field."""
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return {name: value for name, value in values.items() if _is_table(value)}


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(is_dataclass(item) for item in value)


def _is_spread(name: str, rows: list[Any]) -> bool:
    """Whether a field's value is told in cells of other names."""
    return any(name not in dict(_cell(name, getattr(row, name))) for row in rows)


def _cells(row: Any, before: str) -> Iterator[tuple[str, Any]]:
    for field in fields(row):
        yield from _cell(f"{before}{field.name}", getattr(row, field.name))


def _cell(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A value as one cell; an interval as three, scores as those of each metric."""
    if isinstance(value, Interval):
        yield from ((name, value.value), (f"{name}_low", value.low), (f"{name}_high", value.high))
    elif isinstance(value, Scores):
        yield "rows", value.rows
        for metric, figure in value.figures.items():
            yield from _cell(metric, figure)
    elif isinstance(value, dict) and value and all(isinstance(item, Interval) for item in value.values()):
        for key, item in value.items():
            yield from _cell(f"{name}_{key}", item)
    elif is_dataclass(value):
        yield from _cells(value, f"{name}_")
    else:
        yield name, value
