"""Compatibility checks of a target with a source: kind, columns and shapes."""

import difflib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from headstart.core import BadData
from headstart.data.dataset import Dataset
from headstart.data.naming import some
from headstart.data.schemas import KINDS, silent_columns
from headstart.data.tables import Table

AXES = {3: ("channels", "length"), 4: ("channels", "height", "width")}  # by the axes of a batch


def require_same_kind(target: Dataset, source: Dataset) -> Dataset:
    """Check that the target is compatible with the source, and order its columns like the source's.

    Pictures may have any size and colours, as they are converted when read. Columns that are
    uninformative in the source may be absent.

    Raises:
        BadData: another kind of rows, other columns, channels or sizes; the text names them.
    """
    if target.kind != source.kind:
        raise BadData(
            f"{source.name} holds {source.modality.description} and {target.name} "
            f"{target.modality.description}. Give two domains of one kind."
        )
    return source.modality.matched(target, source)


def check_shape(target: Dataset, source: Dataset) -> None:
    """Raise `BadData` with the axes if the arrays of two domains differ in shape."""
    assert target.array is not None
    assert source.array is not None
    mine, theirs = target.array.shape, source.array.shape
    if mine[1:] == theirs[1:]:
        return
    if len(mine) != len(theirs):
        what = f"{theirs[1:]} and {mine[1:]}"
    elif len(mine) == 2:
        what = f"{theirs[1]} and {mine[1]} columns"
    else:
        names = AXES.get(len(mine), tuple(f"axis {axis}" for axis in range(1, len(mine))))
        pairs = zip(names, theirs[1:], mine[1:], strict=True)
        what = " and ".join(f"{name} {one} and {other}" for name, one, other in pairs if one != other)
    raise BadData(
        f"Samples of {source.name} and {target.name} differ in shape: {what}. Bring both into one shape."
    )


def columns_in_order(target: Table, source: Table) -> Table:
    """The target with its columns in the source's order; uninformative ones may be absent.

    Raises:
        BadData: other columns, or other kinds of columns; the text names them.
    """
    where = {name: place for place, name in enumerate(target.names)}
    spare = silent_columns(source)
    absent = [name for name in source.names if name not in where and name not in spare]
    extra = [name for name in target.names if name not in source.names]
    if absent or extra:
        raise BadData(_other_columns(target, source, absent, extra))
    kinds = dict(zip(source.names, source.kinds, strict=True))
    for name, kind in zip(target.names, target.kinds, strict=True):
        if kind != kinds[name]:
            raise BadData(
                f"{target.name}: the column {name!r} holds {KINDS[kind]}, in {source.name} it holds "
                f"{KINDS[kinds[name]]}."
            )
    if target.counts != source.counts:
        raw = [one.name for one in (target, source) if one.counts]
        raise BadData(f"Only {raw[0]} holds raw counts. Give both in the same form.")
    names = tuple(name for name in source.names if name in where)
    places = np.array([where[name] for name in names])
    return replace(
        target,
        names=names,
        kinds=tuple(kinds[name] for name in names),
        values=target.values[:, places],
        ids=source.ids,
    )


def _other_columns(target: Table, source: Table, absent: list[str], extra: list[str]) -> str:
    parts = []
    if absent:
        parts.append(f"has no column {some(absent)}{_near(absent, extra)}")
    if extra:
        parts.append(f"has the column {some(extra)}, which {source.name} does not have{_near(extra, absent)}")
    return (
        f"{target.name} {' and '.join(parts)}. Name the columns of both alike, and leave out what one lacks."
    )


def _near(names: Sequence[str], known: Sequence[str]) -> str:
    near = [hit for name in names[:3] for hit in difflib.get_close_matches(name, known, 1, 0.5)]
    return f" (near: {some(list(dict.fromkeys(near)))})" if near else ""
