"""A table of labels in a folder of pictures or sounds that has no class folders."""

from dataclasses import replace
from pathlib import Path

from headstart.core import HeadstartError
from headstart.face import spell

from .columns import Columns, cell_texts
from .finding import Finding, finding
from .folder_files import files_in, sample_files
from .table_files import SUFFIXES, read_table

SEEN = 20  # cells of a column that are looked at


def labels_beside(folder: Path, columns: Columns) -> tuple[Path, Columns, tuple[Finding, ...]] | None:
    """The table of labels of the files in a folder, with its columns, and a finding that names it.

    None if the files are in several folders, as those of classes are; or if there are several tables, or
    none a column of which lists the files.
    """
    files = sample_files(folder)
    if not files or len({file.parent for file in files}) > 1:
        return None
    tables = [file for file in files_in(folder) if file.suffix.lower() in SUFFIXES]
    if len(tables) != 1:
        return None
    (file,) = tables
    try:
        table = read_table(file, columns.names, columns.encoding, columns.sheet)
    except HeadstartError:
        return None
    known = {name for path in files for name in (path.name, path.stem, path.relative_to(folder).as_posix())}
    lists = [name for name, cells in table.items() if _are_files(cells, known)]
    path = columns.path or next(iter(lists), None)
    if path not in lists:
        return None
    label = columns.label
    others = [name for name in table if name != path and name.strip()]
    if label == "label" and label not in table and len(others) == 1:
        label = others[0]
    text = (
        f"The labels are those in {file.name}: the column {label!r} ({spell('label_column')} names another), "
        f"for the files in {path!r} ({spell('path_column')})."
    )
    return (
        file,
        replace(columns, path=path, label=label),
        (finding("table-taken", "note", text, [file.name]),),
    )


def _are_files(cells: object, known: set[str]) -> bool:
    """Whether the first cells of a column name files."""
    try:
        texts = [text for text in cell_texts(list(cells)[:SEEN], "") if text]  # type: ignore[call-overload]
    except HeadstartError:
        return False
    return bool(texts) and all(text in known or Path(text).name in known for text in texts)
