"""A folder of pictures or sounds with a table of their labels, as Hugging Face's ImageFolder has it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.core import BadData, BadInput
from headstart.face import spell

from .columns import Columns, Origin
from .dataset import Dataset
from .finding import Finding, finding
from .folder_files import endings, sample_files
from .frames import objects
from .manifest import from_rows_with_labels
from .naming import natural, part_of
from .samples import Files
from .table_files import SUFFIXES, read_table
from .targets import label_columns

FILE_NAME = "file_name"  # column of paths
SPLIT = "split of the folder"


def metadata_in(folder: Path, columns: Columns) -> list[Path] | None:
    """The tables metadata.csv (.parquet, ...) of a folder, or of its parts; None if there are none.

    A table without the column of labels is passed over where there are class folders.
    """
    own = _table_in(folder)
    tables = [own] if own is not None else []
    if own is None and folder.is_dir():
        inside = sorted(
            (path for path in folder.iterdir() if path.is_dir()), key=lambda path: natural(path.name)
        )
        tables = [table for path in inside if part_of(path.name) and (table := _table_in(path)) is not None]
    if not tables:
        return None
    cells = read_table(tables[0], encoding=columns.encoding, sheet=columns.sheet)
    labelled = all(column in cells for column in label_columns(cells, columns.label))
    beside = any(path.is_dir() for path in tables[0].parent.iterdir())
    named = columns.options() or not beside
    return tables if (columns.path or FILE_NAME) in cells and (labelled or named) else None


def from_metadata(folder: Path, tables: list[Path], columns: Columns, name: str) -> Dataset:
    """Load the files that the tables list, with their labels; tables of several parts are a split.

    Raises:
        BadInput: a column of a split is named although the folders are one.
        BadData: a column is absent, or a row has no file or label.
    """
    columns.refuse(f"{tables[0]} names its columns", "columns", way="leave it out")
    columns = replace(columns, path=columns.path or FILE_NAME)
    if len(tables) == 1 and tables[0].parent == folder:
        cells = read_table(tables[0], encoding=columns.encoding, sheet=columns.sheet)
        return _loaded(cells, columns, tables[0], folder, name)
    if columns.split is not None:
        raise BadInput(
            f"{spell('split_column', columns.split)} can't be used: the folders of {folder} are the split."
        )
    parts = {table: read_table(table, encoding=columns.encoding, sheet=columns.sheet) for table in tables}
    first = parts[tables[0]]
    table: dict[str, Any] = {}
    for column in first:
        lacking = [str(path) for path, cells in parts.items() if column not in cells]
        if lacking:
            raise BadData(f"{lacking[0]} has no column {column!r}, which {tables[0]} has.")
        table[column] = objects(
            f"{path.parent.name}/{cell}" if column == columns.path else cell
            for path, cells in parts.items()
            for cell in cells[column]
        )
    table[SPLIT] = objects(
        path.parent.name for path, cells in parts.items() for _ in cells[str(columns.path)]
    )
    split = SPLIT if len(parts) > 1 else None
    return _loaded(table, replace(columns, split=split), tables[0], folder, name)


def _loaded(table: Mapping[str, Any], columns: Columns, file: Path, folder: Path, name: str) -> Dataset:
    data = from_rows_with_labels(table, columns, Origin(str(file), folder, first=1, error=BadData), name)
    return replace(data, findings=(*data.findings, *_unlisted(data, file, folder)))


def _unlisted(data: Dataset, file: Path, folder: Path) -> Iterator[Finding]:
    """On pictures or sounds in or below the folder that no table lists."""
    if not isinstance(data.samples, Files):
        return
    listed = {path.resolve() for path in data.samples.paths}
    left = [path for path in sample_files(folder) if path.resolve() not in listed]
    if left:
        what = (
            f"{endings(left)} of {folder.name}/ {'is' if len(left) == 1 else 'are'} not listed in {file.name}"
        )
        names = [str(path.relative_to(folder)) for path in left]
        yield finding("stray-files", "warning", f"{what}: left out, as they have no class.", names)


def _table_in(folder: Path) -> Path | None:
    return next(
        (path for suffix in SUFFIXES if (path := folder / f"metadata{suffix}").is_file()),
        None,
    )
