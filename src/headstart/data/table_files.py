"""Read tables from files: CSV with or without a line of names, Parquet, and JSON lines."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

from headstart.core import BadData, BadInput, MissingPackage
from headstart.core.schema import ColumnKind
from headstart.face import spell

from .columns import cell_texts, column_array
from .csv_columns import read_columns
from .frames import frame_columns, frame_kinds
from .spreadsheets import SUFFIXES as SHEETS
from .spreadsheets import rows_of_sheet
from .text_files import UTF8, read_text


class FileTable(dict[str, Any]):
    """Cells (n,) by column: texts of CSV, else numbers, texts, lists and None.

    Attributes:
        kinds: of columns that the file declares categorical.
    """

    kinds: Mapping[str, ColumnKind] = MappingProxyType({})


END = "\0end"  # a line after the last: within the last cell if a quotation mark is not closed
LONGEST = 2**31 - 1  # letters of a cell
DELIMITERS = ",;\t"


def read_table(
    file: Path, names: Sequence[str] = (), encoding: str | None = None, sheet: str | None = None
) -> FileTable:
    """Read all cells of a table by column.

    Args:
        file: CSV, TSV, Parquet, JSON lines, or a spreadsheet.
        names: of the columns of a CSV file or sheet without a first line of names.
        encoding: of a CSV file or of JSON lines; None takes UTF-8.
        sheet: of a spreadsheet; None takes the only one with rows.

    Raises:
        BadInput: there is no such file, it is of another kind, or it has names or an encoding of its own.
        BadData: it can't be read.
        MissingPackage: a Parquet file without pyarrow, a spreadsheet without python-calamine.
    """
    suffix = file.suffix.lower()
    if not file.is_file() or suffix not in SUFFIXES:
        raise BadInput(f"{file} is no file of the kinds {', '.join(SUFFIXES)}. Give a table.")
    if sheet is not None and suffix not in SHEETS:
        raise BadInput(f"{spell('sheet', sheet)} can't be used: {file} is no spreadsheet. Leave it out.")
    if suffix in SHEETS:
        if encoding is not None:
            raise BadInput(
                f"{spell('encoding', encoding)} can't be used: {file} is a spreadsheet. Leave it out."
            )
        return _sheet(file, names, sheet)
    given = {"columns": list(names) or None, "encoding": encoding}
    for option in ("columns",) if suffix in (".json", ".jsonl", ".ndjson") else ("columns", "encoding"):
        if given[option] is not None and suffix not in (".csv", ".tsv"):
            raise BadInput(
                f"{option}={given[option]!r} can't be used: {file} says itself what is in it. Leave it out."
            )
    return SUFFIXES[suffix](file, names, encoding or UTF8)


def _sheet(file: Path, names: Sequence[str], sheet: str | None) -> FileTable:
    rows = rows_of_sheet(file, sheet)
    header = list(names) or cell_texts(rows.pop(0), f"{file}: its first row")
    _refuse_twins(file, header)
    if names and len(names) != len(rows[0]):
        raise BadData(f"{file}: row 1 has {len(rows[0])} cells, {spell('columns')} has {len(names)}.")
    return FileTable({name: column_array([row[place] for row in rows]) for place, name in enumerate(header)})


def _refuse_twins(file: Path, header: Sequence[str]) -> None:
    if again := [name for name, times in Counter(header).items() if times > 1 and name.strip()]:
        raise BadData(f"{file} has two columns called {again[0]!r}. Rename one of them.")


def _csv(file: Path, names: Sequence[str] = (), encoding: str = UTF8) -> FileTable:
    if not names and encoding == UTF8 and (columns := read_columns(file)) is not None:
        return FileTable(columns)
    text = read_text(file, encoding)
    rows = _rows(file, text, names)
    if not rows:
        raise BadData(f"{file} is empty. Its first line should be: path,label or text,label")
    header = list(names) or rows.pop(0)
    _refuse_twins(file, header)
    named = f"{spell('columns')} has" if names else "the first line"
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise BadData(f"{file}: row {number} has {len(row)} cells, {named} {len(header)}.")
    return FileTable({column.strip(): [row[i].strip() for row in rows] for i, column in enumerate(header)})


def _rows(file: Path, text: str, names: Sequence[str]) -> list[list[str]]:
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    limit = csv.field_size_limit(LONGEST)
    try:
        if names:  # texts hold commas, too: the one that gives as many cells as there are names
            cells = {one: len(next(csv.reader([first], delimiter=one), [])) for one in DELIMITERS}
            delimiter = next((one for one, count in cells.items() if count == len(names)), delimiter)
        lines = chain(io.StringIO(text, newline=None), [END])
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error as error:
        raise BadData(f"{file} can't be read as CSV: {error}.") from error
    finally:
        csv.field_size_limit(limit)
    if rows.pop() != [END]:
        row = max(len(rows) + bool(names), 1)
        raise BadData(
            f"{file}: in row {row} a quotation mark is never closed, so that all lines after it are one "
            "cell. Close it; write one within a text twice."
        )
    return rows


def _parquet(file: Path, _names: Sequence[str] = (), _encoding: str = UTF8) -> FileTable:
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingPackage("pyarrow", "Reading Parquet files", "tables") from error
    try:
        table = parquet.read_table(file)
    except (OSError, ValueError) as error:
        raise BadData(f"{file} is not a Parquet file: {error}.") from error
    found = FileTable(frame_columns(table))
    found.kinds = frame_kinds(table)
    return found


def _json_lines(file: Path, _names: Sequence[str] = (), encoding: str = UTF8) -> FileTable:
    rows = []
    for number, line in enumerate(_objects(file, read_text(file, encoding)), 1):
        if isinstance(line, str) and not line.strip():
            continue
        try:
            row = json.loads(line) if isinstance(line, str) else line
        except ValueError as error:
            raise BadData(f"{file}: line {number} is not JSON: {error}. Write an object a line.") from error
        if not isinstance(row, dict):
            raise BadData(f"{file}: line {number} is no object with a name for each cell. Write one a line.")
        rows.append(row)
    if not rows:
        raise BadData(f'{file} is empty. A line of it should be such as {{"text": "...", "label": "..."}}.')
    names = dict.fromkeys(name for row in rows for name in row)
    return FileTable({name: column_array([row.get(name) for row in rows]) for name in names})


def _objects(file: Path, text: str) -> list[Any]:
    """The lines of a text, or the items of the one list that it is."""
    if file.suffix.lower() == ".json" and text.lstrip().startswith("["):
        try:
            items: list[Any] = json.loads(text)
        except ValueError as error:
            raise BadData(f"{file} is not JSON: {error}. Write a list of objects, or one a line.") from error
        return items
    return text.split("\n")


SUFFIXES: dict[str, Callable[..., FileTable]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
    ".pq": _parquet,
    ".json": _json_lines,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    **dict.fromkeys(SHEETS, _sheet),
}
