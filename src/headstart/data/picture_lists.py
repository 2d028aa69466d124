"""Lists of files, of encoded files, of Pillow pictures, or of pixels of different sizes."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from headstart.core import BadInput
from headstart.core.label_kind import LabelKind

from .arrays import PIXELS, group_numbers
from .columns import brief
from .dataset import Dataset
from .decode import read_picture
from .modality import file_suffixes, kind_of_files
from .opening import levels_in
from .samples import Files, InMemory, Samples
from .suffixes import suffix_of
from .targets import of_values


def are_files(values: Any) -> bool:
    """Whether `values` is a list of paths, or of texts all of which end like a picture or sound."""
    if not isinstance(values, list | tuple | np.ndarray) or len(values) == 0:
        return False
    if isinstance(values, np.ndarray) and values.dtype.kind not in "OU":
        return False
    if any(isinstance(value, os.PathLike) for value in values):
        return True
    suffixes = file_suffixes()
    return all(isinstance(one, str) and suffix_of(one) in suffixes for one in values)


def are_pictures(values: Any) -> bool:
    """Whether `values` is a list of Pillow pictures, of encoded files, or of pixels that differ in size."""
    if not isinstance(values, list | tuple) or len(values) == 0:
        return False
    if isinstance(values[0], Image.Image | bytes):
        return True
    return all(_is_pixels(value) for value in values) and len({value.shape for value in values}) > 1


def from_list(
    values: Sequence[Any], y: Any, groups: Any, name: str, label_kind: LabelKind | None = None
) -> Dataset:
    """Build a dataset of a list of files or pictures with labels `y`.

    Raises:
        BadInput: labels are missing, lengths differ, a value is of another kind, or a file does not exist.
        BadData: labels are unusable.
    """
    if y is None:
        raise BadInput("A list of pictures or paths needs labels: load((paths, y)) or load(paths, labels=y).")
    items, samples = samples_of(values)
    target = of_values(y, label_kind, name)
    if len(samples) != len(target):
        raise BadInput(f"There are {len(samples)} pictures or paths and {len(target)} labels.")
    numbers = group_numbers(groups, len(samples))
    return Dataset(name, target.names, target.labels, items, samples, numbers, findings=target.findings)


def samples_of(values: Sequence[Any]) -> tuple[tuple[str, ...], Samples]:
    """Display names and samples of a list; see `from_list`."""
    if not are_files(values):
        contents = [_content(value, row) for row, value in enumerate(values)]
        return tuple(f"row {row}" for row in range(len(contents))), InMemory(contents)
    for row, value in enumerate(values):
        if not isinstance(value, str | os.PathLike):
            raise BadInput(f"Row {row} of the paths is {brief(value)}, which is no path. Leave it out.")
        if not Path(value).expanduser().is_file():
            raise BadInput(f"Row {row} of the paths: there is no file {str(value)!r}. Correct the path.")
    paths = [Path(value).expanduser() for value in values]
    return tuple(map(str, values)), Files(paths, kind_of_files(paths))


def _content(value: Any, row: int) -> Any:
    if isinstance(value, Image.Image):
        levels = levels_in(value)
        return np.array(read_picture(value, f"row {row}") if levels is None else levels)
    if isinstance(value, bytes) or _is_pixels(value):
        return value
    raise BadInput(f"Row {row} of the pictures is {brief(value)}, which is no picture. Leave it out.")


def _is_pixels(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype in PIXELS and value.ndim in (2, 3)
