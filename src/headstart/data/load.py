"""One verb for data: folders, manifests, arrays and built-in names become a `Dataset`."""

import difflib
import os
from pathlib import Path
from typing import Any

from headstart.core import BadInput

from .arrays import from_arrays
from .dataset import Dataset
from .folder import from_folder
from .manifest import SUFFIXES, Columns, from_manifest
from .shipped import BUILT_IN


def load(  # noqa: PLR0913  # the columns of a manifest are one choice
    source: Any,
    *,
    labels: Any = None,
    groups: Any = None,
    label_column: str = "label",
    path_column: str = "path",
    group_column: str | None = None,
    split_column: str | None = None,
    name: str | None = None,
) -> Dataset:
    """Data to learn from.

    Args:
        source: one of

            - a folder of class folders. If its only folders are train/ and test/ (or val/, valid/)
              with the same class folders in both, that split is kept;
            - a CSV or Parquet file with a row for each picture; paths are relative to the file;
            - x, or a pair (x, y), of NumPy arrays or torch tensors. uint8 of shape (n, h, w),
              (n, h, w, 1 | 3 | 4) or (n, 1 | 3, h, w) is pictures, all else (n, ...) is features;
            - "clipart" or "digits", which come with headstart.
        labels: (n,) class names or whole numbers, if `source` is x alone.
        groups: (n,) names or numbers; rows of one group stay on one side of every split.
        label_column: of a manifest.
        path_column: of a manifest.
        group_column: of a manifest; None if there is none.
        split_column: of a manifest, with "train", "test" or "val"; None if there is none.
        name: of the data, for titles; None takes that of the source.

    Raises:
        BadInput: there is no such source, or it does not fit the other arguments.
        BadData: nothing can be learned from it: empty, one class, no labels, not numbers.
        MissingPackage: a Parquet file without pyarrow.

    >>> load("digits").classes
    ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')
    """
    if isinstance(source, str | os.PathLike):
        if labels is not None:
            raise BadInput("labels= goes with arrays; folders and manifests bring their labels.")
        columns = Columns(path_column, label_column, group_column, split_column)
        return _from_path(Path(source), str(source), columns, groups, name)
    if isinstance(source, tuple) and len(source) == 2 and labels is None:
        source, labels = source
    return from_arrays(source, labels, groups, name or "arrays")


def _from_path(path: Path, text: str, columns: Columns, groups: Any, name: str | None) -> Dataset:
    if groups is not None:
        raise BadInput("groups= goes with arrays; a manifest names its groups with group_column=.")
    if text in BUILT_IN and not path.exists():
        return BUILT_IN[text](name or text)
    path = path.expanduser()
    if path.is_dir():
        return from_folder(path, name or path.resolve().name)
    if not path.is_file():
        raise BadInput(_nothing_called(text, path))
    if path.suffix.lower() not in SUFFIXES:
        raise BadInput(
            f"{path} is neither a folder nor one of {', '.join(SUFFIXES)}. Give a folder of class "
            "folders, or a table with a path and a label for each picture."
        )
    return from_manifest(path, columns, name or path.stem)


def _nothing_called(text: str, path: Path) -> str:
    built_in = ", ".join(sorted(BUILT_IN))
    beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    names = [*BUILT_IN, *(str(path.parent / name) for name in beside)]
    near = difflib.get_close_matches(str(path), names, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"There is no file or folder {text!r}. Built-in data: {built_in}.{hint}"
