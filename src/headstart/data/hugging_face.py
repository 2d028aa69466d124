"""Data sets of the package `datasets` of Hugging Face, known by what they offer; it is not imported."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from headstart.core import BadData, BadInput
from headstart.face import spell

from .columns import Columns, Origin
from .dataset import Dataset
from .finding import Finding, finding
from .frames import frame_columns, named_class, objects
from .manifest import from_rows_with_labels
from .naming import part_of

SPLIT = "split"  # name of the column that is made of the names of the parts


def is_hugging_face(value: Any) -> bool:
    """Whether `value` is a Dataset of the package `datasets`, or a mapping of such by split."""
    if isinstance(value, Mapping):
        return bool(value) and all(_is_one(part) for part in value.values())
    return _is_one(value)


def from_hugging_face(source: Any, labels: Any, groups: Any, columns: Columns, name: str) -> Dataset:
    """Build a dataset of a Hugging Face data set, or of its parts as a split.

    Class numbers become the names in its features. Pictures and sounds stay as they are stored.

    Raises:
        BadInput: a column is absent, or it is a stream.
        BadData: its labels are unusable.
    """
    if not isinstance(source, Mapping):
        return from_rows_with_labels(_cells(source), columns, Origin(name), name, labels, groups)
    parts, findings = _labelled(source)
    if len(parts) == 1:
        (only,) = parts.values()
        data = from_rows_with_labels(_cells(only), columns, Origin(name), name, labels, groups)
        return replace(data, findings=(*data.findings, *findings))
    if columns.split is not None:
        raise BadInput(
            f"{spell('split_column', columns.split)} can't be used: the parts {', '.join(parts)} are the "
            "split. "
            "Leave it out, or give one part."
        )
    cells = {part: _cells(rows) for part, rows in parts.items()}
    names = list(dict.fromkeys(column for part in cells.values() for column in part))
    lengths = {part: len(rows) for part, rows in parts.items()}
    table: dict[str, Any] = {
        column: objects(
            cell
            for part, known in cells.items()
            for cell in (known[column].tolist() if column in known else [None] * lengths[part])
        )
        for column in names
    }
    column = SPLIT if SPLIT not in table else "split of the data set"
    table[column] = objects(part for part, length in lengths.items() for _ in range(length))
    data = from_rows_with_labels(table, replace(columns, split=column), Origin(name), name, labels, groups)
    return replace(data, findings=(*data.findings, *findings))


def _is_one(value: Any) -> bool:
    return hasattr(value, "column_names") and hasattr(value, "features")


def _labelled(parts: Mapping[Any, Any]) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """The parts that train and test, and a finding that names the others."""
    roles = {str(name): part_of(str(name)) for name in parts}
    kept = {str(name): rows for name, rows in parts.items() if roles[str(name)] in ("train", "val", "test")}
    if not kept and len(parts) == 1:
        kept = {str(name): rows for name, rows in parts.items()}
    if not kept or (len(kept) > 1 and "train" not in {roles[name] for name in kept}):
        raise BadData(
            f"The parts {', '.join(map(repr, roles))} are no split: one should be called train. "
            "Give one of them."
        )
    others = [name for name in roles if name not in kept]
    if not others:
        return kept, ()
    text = (
        f"The parts {', '.join(map(repr, others))} of the data set are neither train, val nor test: left out."
    )
    return kept, (finding("left-out", "warning", text, others),)


def _cells(rows: Any) -> dict[str, Any]:
    """Columns of a data set as they are stored; numbers of classes become their names."""
    if not hasattr(rows, "__len__") or not hasattr(rows, "with_format"):
        raise BadInput(f"The {type(rows).__name__} is a stream. Load it without streaming=True.")
    cells: dict[str, Any] = dict(frame_columns(rows.with_format("arrow")[:]))
    for column, feature in (rows.features or {}).items():
        names = getattr(feature, "names", None) or getattr(getattr(feature, "feature", None), "names", None)
        if names and column in cells:
            cells[column] = objects(_named(cell, names) for cell in cells[column].tolist())
    return cells


def _named(cell: Any, names: Any) -> Any:
    if isinstance(cell, list | np.ndarray):
        return [_named(one, names) for one in cell]
    return cell if isinstance(cell, str) else named_class(cell, names)
