"""Load unlabelled data: a folder, a file, arrays, texts or a table, such as a target domain."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import BadData, BadInput
from headstart.core.schema import ColumnKind
from headstart.data.similarity import require_same_kind

from .arrays import as_pictures, from_arrays
from .columns import PATH, TEXT, Columns, Origin
from .dataset import Dataset
from .folder_files import files_below, is_sample, sample_files
from .frames import are_tables, settled
from .h5ad import items_in, table_in
from .hugging_face import is_hugging_face
from .load import is_name, load
from .located import located
from .media import files_in, media_column
from .modality import file_formats, kind_of_files, modalities
from .npz import SUFFIXES as ARRAY_SUFFIXES
from .npz import samples_in
from .picture_lists import are_pictures, samples_of
from .published.register import published
from .samples import Files, Samples, Texts
from .sparse import dense
from .suffixes import suffix_of
from .table_files import SUFFIXES, read_table
from .tables import columns_of, from_columns, kinds_of
from .taken_texts import texts_in
from .text_files import SUFFIXES as TEXT_SUFFIXES
from .text_files import UTF8, lines_in, texts_of
from .texts import are_texts
from .torch_datasets import is_torch_dataset, refuse_loader
from .window import windowed
from .zipped import is_zip, unzipped

CLASS = "unlabelled"  # of all rows


def load_unlabelled(  # noqa: PLR0913  # the columns of a file are one choice
    data: Any,
    like: Dataset | None = None,
    *,
    path_column: str | None = None,
    text_column: str | None = None,
    label_column: str | Sequence[str] = "label",
    group_column: str | None = None,
    split_column: str | None = None,
    categorical: Sequence[str] = (),
    columns: str | Sequence[str] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    name: str | None = None,
) -> Dataset:
    """Load rows without labels: all have the placeholder class "unlabelled".

    Existing labels are dropped first: names of class folders, y of a pair, the column of labels. So nothing
    that is computed from the result can depend on them.

    Args:
        data: one of

            - a folder with pictures or sounds in it or below it, whatever its folders are called;
            - a CSV or Parquet file with a row for each picture, sound, text or row of a table; an .h5ad file;
              the array x of an .npz file, or that of an .npy file; of texts also a .txt file, a text a line;
            - an array or tensor x, a pair (x, y) whose y is dropped, a list of texts, of paths of files,
              a data frame or what else is a table;
            - a name of built-in data, or a `Dataset`, whose labels are dropped; its groups stay.
        like: the source, whose kind, columns and shapes these rows must have; for tables it determines
            which columns are categorical, and their order. None: no requirement.
        path_column: of a file of pictures; None takes "path".
        text_column: of a file of texts; None takes "text", if there is no column of paths.
        label_column: dropped if present; several as a list, or with commas.
        group_column: likewise.
        split_column: likewise.
        categorical: columns of a table that hold names even if these are numbers; only without `like`.
        columns: names of the columns of a CSV file that has no line of names, as a list or with commas.
        encoding: of a CSV file, of JSON lines or of .txt files; None takes UTF-8.
        sheet: of a spreadsheet; None takes the only one with rows.
        name: of the data; None takes that of the file or folder.

    Raises:
        BadInput: there is no such file, or nothing that could be rows.
        BadData: fewer than two rows, or other kinds of rows, columns, channels or sizes than the source;
            the text names them.
        MissingPackage: a Parquet file without pyarrow, .h5ad without h5py.
    """
    if isinstance(data, Dataset):
        found = data
    else:
        labels = [label_column] if isinstance(label_column, str) else list(label_column)
        passed = {part.strip() for text in labels for part in text.split(",")} | {group_column, split_column}
        names, left_out = Columns().parsed(columns).names, frozenset(passed - {None})
        roles = _Columns(path_column, text_column, left_out, tuple(categorical), names, encoding, sheet)
        found = _Reader(roles, like, name).read(data)
    found = found if like is None or not like.is_images else as_pictures(found)
    found = without_labels(found if isinstance(data, Dataset) else windowed(found))
    if like is not None:
        found = require_same_kind(found, like)
    if len(found) < 2:
        many = "no rows" if len(found) == 0 else "one row"
        raise BadData(f"{found.name} has {many}. At least two are needed, and a few dozen to say much.")
    return found


def without_labels(data: Dataset) -> Dataset:
    """The same rows with one placeholder class."""
    labels = np.zeros(len(data), np.int64)
    bare = Dataset(data.name, (CLASS,), labels, data.items, data.samples, data.groups)
    found = replace(bare, window=data.window, mixed=data.mixed)
    known = data.__dict__.get("digests")
    return found if known is None else found.knowing(known)


@dataclass(frozen=True)
class _Columns:
    path: str | None
    text: str | None
    passed: frozenset[Any]
    categorical: tuple[str, ...]
    names: tuple[str, ...]
    encoding: str | None
    sheet: str | None


@dataclass(frozen=True)
class _Reader:
    """Reader of rows of any kind, and the source that they must match."""

    columns: _Columns
    like: Dataset | None
    name: str | None

    def read(self, data: Any) -> Dataset:
        """Read the rows with placeholder labels."""
        if isinstance(data, tuple) and len(data) == 2 and not isinstance(data[0], str):
            data = data[0]
        if is_torch_dataset(data) or is_hugging_face(data):
            return load(data, name=self.name)
        data = dense(data, "x")
        if isinstance(data, str | os.PathLike):
            return self._file(Path(data).expanduser(), str(data))
        if are_tables(data):
            data = settled(data)
            cells = columns_of(data)
            assert cells is not None
            return self._rows(cells, Origin("The target", kinds=kinds_of(data)), data)
        refuse_loader(data)
        return self._plain(data)

    def _plain(self, data: Any) -> Dataset:
        """Read a list of paths, pictures or texts, or an array."""
        if self._paths(data):
            files = Files([Path(path) for path in data], kind_of_files(data))
            return _of([str(path) for path in data], files, self._called(files.kind))
        if are_pictures(data):
            return _of(*samples_of(data), self._called("pictures"))
        if are_texts(data):
            return self._texts(data, self._called("texts"))
        if self._takes("tables"):
            return self._table(columns_of(data, self._names()), data)
        return _numbers(data, self._called("arrays"))

    def _file(self, path: Path, text: str) -> Dataset:
        if is_name(text):
            return self._named(text)
        name = self._called(path.resolve().name if path.is_dir() else path.stem)
        path = unzipped(path) if is_zip(path) else path
        suffix = path.suffix.lower()
        if path.is_dir():
            return _folder(path, name, self.columns.encoding or UTF8)
        if path.is_file() and suffix in ARRAY_SUFFIXES:
            return self._array_of(path, name)
        if path.is_file() and suffix == ".h5ad":
            counts = self.like.table.counts if self.like is not None and self.like.table is not None else None
            return _of(items_in(path), table_in(path, name, sorted(self._passed()), counts), name)
        if path.is_file() and suffix == ".txt":
            return self._texts(lines_in(path, self.columns.encoding), name, first=1)
        if path.is_file() and suffix in SUFFIXES:
            cells = read_table(path, self.columns.names, self.columns.encoding, self.columns.sheet)
            return self._rows(cells, Origin(str(path), path.parent, first=1, error=BadData))
        return load(path)  # which raises the reason

    def _named(self, text: str) -> Dataset:
        known = published(text)
        if known is None or known[0].read_unlabelled is None:
            return load(text, name=self.name)
        return known[0].load(known[1], name=self.name, labelled=False)

    def _array_of(self, path: Path, name: str) -> Dataset:
        values = samples_in(path)
        if self._takes("tables"):
            return self._table(columns_of(values, self._names()), values)
        return _numbers(values, name)

    def _rows(self, cells: dict[str, Any], origin: Origin, source: Any = None) -> Dataset:
        """Read pictures, texts or rows of a table, depending on the columns."""
        mine, name = self.columns, self._called(Path(origin.what).stem)
        if self._takes("tables"):
            return self._table(cells, source, Path(origin.what).name, first=origin.first)
        if (media := media_column(cells, Columns(path=mine.path, text=mine.text))) is not None:
            return _of(*files_in(cells, media, origin), name)
        if (mine.path or PATH in cells) and not mine.text:
            paths = origin.texts(cells, mine.path or PATH, "path")
            files, _ = located(paths, origin.folder, origin.what)
            return _of(paths, Files(files, kind_of_files(files)), name)
        if text := mine.text or self._text_column(cells):
            texts = origin.texts(cells, text, "text", empty=True)
            return self._texts(texts, name, first=origin.first)
        return self._table(cells, source, Path(origin.what).name, first=origin.first)

    def _text_column(self, cells: Mapping[str, Any]) -> str:
        """The column that nobody named: "text"; if the source is texts, the source's, or the only one."""
        if TEXT in cells or self.like is None or not self.like.is_texts:
            return TEXT if TEXT in cells else ""
        mine = (one.items[0] for one in self.like.findings if one.kind == "text-column")
        others = {name: values for name, values in cells.items() if name not in self._passed()}
        found = next((name for name in mine if name in cells), texts_in(others))
        return found if found in cells else ""

    def _texts(self, texts: Sequence[str], name: str, first: int = 0) -> Dataset:
        for row, text in enumerate(texts, first):
            if not isinstance(text, str):
                raise BadInput(
                    f"Row {row} of the texts is {text!r}, which is no text. Leave it out, or give ''."
                )
        return _of([f"row {row}" for row in range(first, first + len(texts))], Texts(tuple(texts)), name)

    def _table(self, columns: Any, source: Any, name: str = "", first: int = 0) -> Dataset:
        called = self.name or name or "The target"
        if columns is None:
            raise BadInput(
                f"{type(source).__name__} is no table. Give a file, a data frame or rows of cells."
            )
        kinds = self._kinds(columns) or kinds_of(source)
        table = from_columns(columns, called, passed=sorted(self._passed()), kinds=kinds, first=first)
        return _of([f"row {row + first}" for row in range(len(table))], table, called)

    def _kinds(self, columns: Iterable[str]) -> dict[str, ColumnKind]:
        if self.like is not None and self.like.table is not None:
            return self.like.table.required_kinds
        return {str(name): "categorical" for name in columns if str(name) in self.columns.categorical}

    def _passed(self) -> set[str]:
        """Non-input columns: labels and the like, and those that the source leaves out."""
        if self.like is None or self.like.table is None:
            return {*self.columns.passed, ""}
        return {*self.columns.passed, *self.like.table.passed, ""} - set(self.like.table.names)

    def _names(self) -> tuple[str, ...]:
        return self.like.table.names if self.like is not None and self.like.table is not None else ()

    def _paths(self, data: Any) -> bool:
        files = self.like is not None and bool(self.like.modality.suffixes) and are_texts(data)
        return files or (isinstance(data, list) and bool(data) and isinstance(data[0], Path))

    def _takes(self, kind: str) -> bool:
        return self.like is not None and self.like.kind == kind

    def _called(self, otherwise: str) -> str:
        return self.name or otherwise


def _folder(folder: Path, name: str, encoding: str) -> Dataset:
    files = sample_files(folder)
    if not files and (texts := [path for path in files_below(folder) if is_sample(path, TEXT_SUFFIXES)]):
        return _of([path.relative_to(folder).as_posix() for path in texts], texts_of(texts, encoding), name)
    kind = kind_of_files(files)
    files = [path for path in files if suffix_of(path) in modalities()[kind].suffixes]
    if not files:
        raise BadData(f"There are no {file_formats()} in the folder {folder}, nor below it.")
    return _of([path.relative_to(folder).as_posix() for path in files], Files(files, kind), name)


def _numbers(x: Any, name: str) -> Dataset:
    """Validate arrays by the reader of labelled ones, with placeholder labels."""
    if not hasattr(x, "__len__"):
        raise BadInput(
            f"{type(x).__name__} holds no rows. Give a folder, a file, an array, texts or a table."
        )
    if len(x) < 2:
        many = "no rows" if len(x) == 0 else "one row"
        raise BadData(f"{name} has {many}. At least two are needed, and a few dozen to say much.")
    return from_arrays(x, np.arange(len(x)) % 2, None, name, "classes")


def _of(items: Iterable[str], samples: Samples, name: str) -> Dataset:
    return Dataset(name, (CLASS,), np.zeros(len(samples), np.int64), tuple(items), samples)
