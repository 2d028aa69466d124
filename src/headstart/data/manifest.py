"""CSV and Parquet files with a row for each file, text or table row."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.core import BadData, BadInput
from headstart.face import spell

from .arrays import group_numbers
from .attributes import attribute_cells, attributed
from .columns import PATH, TEXT, Columns, Origin
from .dataset import Dataset
from .finding import Finding
from .labelled_tables import from_cells
from .located import located
from .media import files_in, media_column
from .modality import kind_of_files
from .naming import grouped, sides
from .samples import Files, Samples, Texts
from .table_columns import passed_over, texts_beside
from .table_files import read_table
from .taken_texts import with_texts
from .targets import Target, label_columns, of_columns, of_values


def from_manifest(file: Path, columns: Columns, name: str) -> Dataset:
    """Load the texts of a manifest, the files it lists, or its rows; paths are relative to its folder.

    Raises:
        BadInput: both a column of paths and one of texts were named, or one that can't be used.
        Unknown: no column has the name of that of attributes.
        BadData: a column is absent, a path or label is empty, there are fewer than two classes or tags,
            or a table or a label holds infinity or texts among numbers.
        MissingPackage: a Parquet file without pyarrow.
    """
    table = read_table(file, columns.names, columns.encoding, columns.sheet)
    origin = Origin(str(file), file.parent, first=1, error=BadData, kinds=table.kinds)
    return from_rows_with_labels(table, columns, origin, name)


def from_rows_with_labels(
    table: Mapping[str, Any],
    columns: Columns,
    origin: Origin,
    name: str,
    labels: Any = None,
    groups: Any = None,
) -> Dataset:
    """Load the texts in a column, the files that one lists or holds, or the rows as a table.

    Args:
        table: cells (n,) by column, of a file or a frame.
        columns: the roles of columns.
        origin: for messages.
        name: of the data.
        labels: instead of a column of labels.
        groups: (n,) instead of a column of groups.

    Raises:
        BadInput: columns or arguments exclude each other, lengths differ, or a frame lacks a column.
        Unknown: no column has the name of that of attributes.
        BadData: see `from_manifest`.
    """
    target, labelling = _target(table, columns, origin, name, labels)
    _refuse_two_roles(columns, labelling)
    numbers = group_numbers(groups, len(target))
    split = None
    if columns.group is not None:
        numbers = grouped(origin.texts(table, columns.group, "group"))
    if columns.split is not None:
        split = sides(origin.texts(table, columns.split, "split"), origin.what, origin.first)
    nuisance = attribute_cells(table, columns.attribute)
    passed = [*labelling, columns.group, columns.split, columns.attribute]
    columns, said = with_texts(table, columns, passed) if not media_column(table, columns) else (columns, ())
    found = None if columns.beside else _samples(table, columns, origin)
    if found is None:
        kinds, others = texts_beside(table, columns, [one for one in passed if one is not None])
        origin = replace(origin, kinds={**origin.kinds, **kinds})
        data = from_cells(
            table, target, [*passed, *others], name, columns.categorical, origin, groups=numbers, split=split
        )
    else:
        items, samples, findings = found
        findings = (*target.findings, *findings)
        if len(samples) != len(target):
            raise BadInput(f"{name} has {len(samples)} rows and there are {len(target)} labels.")
        if isinstance(samples, Texts):
            roles = (*labelling, columns.group, columns.split, columns.attribute, columns.text or TEXT)
            findings = (*findings, *passed_over(table, roles))
        data = Dataset(name, target.names, target.labels, items, samples, numbers, split, findings=findings)
    data = replace(data, findings=(*data.findings, *said))
    return attributed(data, nuisance, origin.first)


def _refuse_two_roles(columns: Columns, labelling: tuple[str, ...]) -> None:
    """Refuse a column of labels that is named for something else, too."""
    for option, value in columns.options().items():
        if isinstance(value, str) and value in labelling:
            raise BadInput(f"{option}={value!r} is the column of labels, too. Name another, or leave it out.")


def _target(
    table: Mapping[str, Any], columns: Columns, origin: Origin, name: str, labels: Any
) -> tuple[Target, tuple[str, ...]]:
    """The labels, and the columns that they are in."""
    if labels is not None:
        columns.refuse("labels are given besides", "label_column", way="leave out one of them")
        return of_values(labels, columns.label_kind, name), ()
    labelling = label_columns(table, columns.label)
    cells = {column: origin.column(table, column, "label") for column in labelling}
    return of_columns(cells, columns.label_kind, origin.what, origin.first), labelling


def _samples(
    table: Mapping[str, Any], columns: Columns, origin: Origin
) -> tuple[tuple[str, ...], Samples, tuple[Finding, ...]] | None:
    """Display names and samples of the rows, and findings; None if they are those of a table."""
    if columns.path and columns.text:
        raise BadInput(
            f"{origin.what}: name one column, {spell('path_column')} for files or "
            f"{spell('text_column')} for texts."
        )
    media = media_column(table, columns)
    if media is None and not ({columns.path, columns.text} - {None} or {PATH, TEXT} & table.keys()):
        return None
    columns.refuse(f"the rows of {origin.what} are files or texts", "categorical", way="leave it out")
    if media is not None:
        return (*files_in(table, media, origin), ())
    if columns.text or not (columns.path or PATH in table):
        texts = origin.texts(table, columns.text or TEXT, "text", empty=True)
        return tuple(f"row {row + origin.first}" for row in range(len(texts))), Texts(texts), ()
    paths = origin.texts(table, columns.path or PATH, "path")
    files, findings = located(paths, origin.folder, origin.what)
    return tuple(paths), Files(files, kind_of_files(files)), findings
