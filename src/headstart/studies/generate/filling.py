"""Missing cells of a table that are filled in by the generative model, and the file with them."""

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import BadData, BadInput, Unknown
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.naming import of_known_names
from headstart.data.schemas import KINDS
from headstart.data.table_files import SUFFIXES, read_table
from headstart.data.tables import Table
from headstart.face import spell
from headstart.generators.spaces.tables import cell_text
from headstart.studies._runner import beside

FILE = "filled.csv"


def read_fill(given: Any, columns: Mapping[str, Any], data: Dataset) -> Dataset | None:
    """The labelled rows whose cells are to be filled in; None where none are asked for.

    Args:
        given: what `hs.data.load` takes, with the columns of the data.
        columns: of files.
        data: that the generative model learns from.

    Raises:
        BadInput: the data are no table.
        BadData: it is none, has no labels, a class that the data lack, or a column of another kind.
    """
    if given is None:
        return None
    if data.table is None:
        raise BadInput(
            f"{spell('fill', ..., stands='TABLE')} fills in cells of a table, and {data.name} holds "
            f"{data.kind}. Leave it out."
        )
    found = given if isinstance(given, Dataset) else _loaded(given, columns, data.table)
    _require_alike(found, data)
    return found


def write_filled(given: Any, columns: Mapping[str, Any], rows: Dataset, filled: Dataset, folder: Path) -> int:
    """Write the table with its filled cells, and return how many these are.

    A file keeps its other columns and cells as they are, and rows without a label, which are not filled in.

    Args:
        given: as the user gave it.
        columns: of files.
        rows: as they were read.
        filled: the same, filled in.
        folder: of the study.
    """
    before, after = rows.table, filled.table
    assert before is not None
    assert after is not None
    cells = _cells_of(given, columns, rows, before)
    places = np.arange(len(rows)) if rows.places is None else rows.places
    many = 0
    for column, name in enumerate(before.names):
        gone = np.flatnonzero(np.isnan(np.asarray(before.values, np.float64)[:, column]))
        for row in gone.tolist():
            value = after.row(row)[name]
            many += value is not None
            cells[name][int(places[row])] = cell_text(value, after.kinds[column])
    with (folder / FILE).open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(cells)
        lines.writerows(zip(*cells.values(), strict=True))
    return many


def _loaded(given: Any, columns: Mapping[str, Any], like: Table) -> Dataset:
    """The rows, whose columns are names where those of the data are."""
    learned = (place for place in zip(like.names, like.kinds, strict=True) if place[0] not in like.ids)
    names = [name for name, kind in learned if kind == "categorical"]
    options = beside({name: value for name, value in columns.items() if name != "per_class"})
    with of_known_names():
        try:
            return load(given, **{**options, "categorical": names})
        except Unknown:  # one of them is absent, which is said of all columns alike
            return load(given, **options)


def _require_alike(found: Dataset, data: Dataset) -> None:
    """Refuse what the generative model of the data can't fill in."""
    if found.table is None:
        raise BadData(f"{found.name} holds {found.kind}, and cells of a table are filled in. Give a table.")
    assert data.table is not None
    if absent := sorted({*found.classes} - {*data.classes}):
        raise BadData(
            f"{found.name} has the class {absent[0]!r}, which {data.name} lacks: cells are drawn for the "
            "class of their row. Leave its rows out."
        )
    kinds = dict(zip(found.table.names, found.table.kinds, strict=True))
    for name, kind in zip(data.table.names, data.table.kinds, strict=True):
        if name not in kinds and name not in data.table.ids:
            raise BadData(f"{found.name} has no column {name!r}, which {data.name} has.")
        if name in kinds and kinds[name] != kind and not _is_empty(found.table, name):
            raise BadData(
                f"{found.name}: the column {name!r} holds {KINDS[kinds[name]]}, in {data.name} it holds "
                f"{KINDS[kind]}. Make them alike."
            )


def _is_empty(table: Table, name: str) -> bool:
    return bool(np.isnan(np.asarray(table.values[:, table.names.index(name)], np.float64)).all())


def _cells_of(given: Any, columns: Mapping[str, Any], rows: Dataset, table: Table) -> dict[str, list[str]]:
    """The cells (n,) by column: of a file all as they are, else those of the rows and their labels."""
    if isinstance(given, str | os.PathLike) and (path := Path(given).expanduser()).suffix.lower() in SUFFIXES:
        options = columns.get("encoding"), columns.get("sheet")
        read = read_table(path, _names(columns.get("columns")), *options)
        return {name: [_text(cell) for cell in cells] for name, cells in read.items()}
    kinds = dict(zip(table.names, table.kinds, strict=True))
    found = [table.row(row) for row in range(len(rows))]
    cells = {name: [cell_text(row[name], kind) for row in found] for name, kind in kinds.items()}
    label = columns.get("label_column") or "label"
    return cells | {str(label): [rows.said(row) for row in range(len(rows))]}


def _names(given: str | Sequence[str] | None) -> Sequence[str]:
    return [name.strip() for name in given.split(",")] if isinstance(given, str) else given or ()


def _text(cell: Any) -> str:
    missing = cell is None or cell != cell  # NaN
    return "" if missing else str(cell)
