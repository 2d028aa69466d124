"""Data with labels, or without where there are none, for what learns from samples alone."""

import inspect
from collections.abc import Mapping
from typing import Any

from headstart.core import BadData, BadInput
from headstart.face import spell

from .dataset import Dataset
from .load import load
from .unlabelled import CLASS, load_unlabelled

NAMED = ("label_column", "task", "attribute_column", "labels")  # options by which labels are asked for
USUAL = "label"  # the default of `label_column`
WITHOUT = tuple(inspect.signature(load_unlabelled).parameters)[2:]


def load_maybe_labelled(data: Any, columns: Mapping[str, Any] | None = None) -> tuple[Dataset, list[str]]:
    """Labelled data, or the rows alone where there are no labels, with a note that says so.

    Args:
        data: what `load` or `load_unlabelled` takes.
        columns: options of both.

    Raises:
        HeadstartError: nothing can be read, or labels were asked for by name and are not there.
    """
    columns = columns or {}
    if isinstance(data, Dataset):
        return data, []
    try:
        return load(data, **columns), []
    except (BadData, BadInput):
        if any(columns.get(name) not in (None, USUAL) for name in NAMED):
            raise
        found = load_unlabelled(data, **{name: each for name, each in columns.items() if name in WITHOUT})
    every = f" All columns are learned from: name one that is a label by {spell('label_column')}."
    return found, [f"No labels were found in {found.name}.{every if found.table is not None else ''}"]


def is_labelled(data: Dataset) -> bool:
    """Whether rows have labels of their own, not the placeholder of rows without."""
    return data.classes != (CLASS,)
