"""Streams of labelled data under shifts, to evaluate test-time adaptation.

Every stream is a list of segments, a function of the data, the shifts and the seed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadData, BadInput, derive_seed

from .dataset import Dataset
from .samples import Joined, Samples
from .shifts import Shift, shifted
from .shifts.apply import shift_of, shift_pictures
from .tables import Table

Data = Dataset | tuple[Any, Any]
Change = str | Shift | Callable[[Tensor], Tensor] | None
Rows = NDArray[np.int64]
Labels = NDArray[Any]  # (n,) whole numbers or names
UP_AND_DOWN = (1, 2, 3, 4, 5, 4, 3, 2, 1)


@dataclass(frozen=True, eq=False)
class Segment:
    """A segment of a stream, with one shift.

    Attributes:
        name: such as "fog 3".
        x: samples: a tensor (n, ...), or a sequence of n raw samples of a dataset, read when needed.
        y: (n,) labels: indices into `classes`; None if unknown.
        classes: names of the classes. None: the labels are the names, whole numbers too.
        groups: (n,) rows of a group depend on each other, also across segments; None: independent rows.
    """

    name: str
    x: Any
    y: Labels | None
    classes: tuple[str, ...] | None = None
    groups: Rows | None = None


class Raw(Sequence[Any]):
    """Raw samples of a dataset, read lazily."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self._row(row) for row in range(*at.indices(len(self)))]
        return self._row(range(len(self))[at])

    def _row(self, row: int) -> Any:
        """Of a table the cells by column, which a schema reads."""
        return self.samples.row(row) if isinstance(self.samples, Table) else self.samples.raw(row)


def recurring(
    data: Data, shifts: Sequence[Change], *, repeats: int = 3, rows: int | None = None, seed: int = 0
) -> list[Segment]:
    """Stream of shifts in sequence, repeated.

    Args:
        data: a dataset of `hs.data.load`, or (x, y): samples (n, ...), pictures as uint8 (n, 1 | 3, h, w),
            and the names of their classes (n,), or whole numbers, which are names too. It is not changed.
        shifts: names such as "fog", shifts of `headstart.data.shifts`, functions of a tensor (n, ...), or
            None for the data as they are. Functions need tensors.
        repeats: number of passes over the shifts, >= 1.
        rows: of each segment, drawn anew for each; None takes all, in an order of its own.
        seed: of all that is random.

    Raises:
        Unknown: no shift has that name.
        BadInput: a number out of range, or a shift that does not suit the data.
        BadData: labels that don't fit the samples.

    >>> x, y = torch.zeros(6, 1, 8, 8, dtype=torch.uint8), torch.tensor([0, 1, 0, 1, 0, 1])
    >>> " / ".join(one.name for one in recurring((x, y), [None, "fog"], repeats=2))
    'as it is / fog 3 / as it is, again / fog 3, again'
    """
    if repeats < 1 or not shifts:
        raise BadInput(f"repeats is {repeats}, of {len(shifts)} shifts; both must be at least 1.")
    found = []
    for turn in range(repeats):
        for number, change in enumerate(shifts):
            draw = _draws(seed, "recurring", turn, number)
            again = "" if not turn else ", again" if turn == 1 else f", time {turn + 1}"
            found.append(_segment(data, change, _some(data, rows, draw), seed, again))
    return found


def gradual(
    data: Data,
    corruption: str,
    severities: Sequence[int] = UP_AND_DOWN,
    *,
    rows: int | None = None,
    seed: int = 0,
) -> list[Segment]:
    """Stream of one corruption of rising, then falling severity.

    Args:
        data: as for `recurring`; pictures.
        corruption: its name, of `headstart.data.shifts.CORRUPTIONS`.
        severities: 0 (none) to 5, a segment each.
        rows: as for `recurring`.
        seed: of all that is random.

    Raises:
        Unknown, BadInput, BadData: as for `recurring`.
    """
    if not severities:
        raise BadInput("There are no severities. Give some, such as (1, 2, 3, 2, 1).")
    changes = [shift_of(corruption, severity) for severity in severities]
    return [
        _segment(data, change, _some(data, rows, _draws(seed, "gradual", number)), seed)
        for number, change in enumerate(changes)
    ]


def mixed(data: Data, shifts: Sequence[Change], *, rows: int | None = None, seed: int = 0) -> list[Segment]:
    """One segment in which each row has one of the shifts, drawn at random; arguments as for `recurring`."""
    if not shifts:
        raise BadInput("There are no shifts. Give some, such as ['fog', 'contrast'].")
    draw = _draws(seed, "mixed")
    chosen = _some(data, rows, draw)
    which = draw.integers(len(shifts), size=len(chosen))
    parts = [_segment(data, change, chosen[which == n], seed) for n, change in enumerate(shifts)]
    back = np.argsort(np.concatenate([np.flatnonzero(which == n) for n in range(len(shifts))]))
    x: Any
    if all(isinstance(part.x, Tensor) for part in parts):
        x = torch.cat([part.x for part in parts])[torch.from_numpy(back)]
    else:
        x = Raw(Joined([part.x.samples for part in parts], back))
    order = np.concatenate([chosen[which == n] for n in range(len(shifts))])[back]
    return [_labelled("mixed", x, data, order)]


def label_sorted(
    data: Data, shift: Change = None, *, rows: int | None = None, seed: int = 0
) -> list[Segment]:
    """Stream sorted by class, which breaks methods that assume mixed batches.

    Arguments as for `recurring`, with one shift for all rows. One segment per class, with its name.
    """
    chosen = _some(data, rows, _draws(seed, "label-sorted"))
    labels = _labels(data)[chosen]
    names = data.classes if isinstance(data, Dataset) else None
    found = []
    for label in np.unique(labels):
        part = _segment(data, shift, chosen[labels == label], seed)
        found.append(replace(part, name=str(label) if names is None else names[label]))
    return found


def _segment(data: Data, change: Change, rows: Rows, seed: int, more: str = "") -> Segment:
    """A segment of rows with a shift; randomness depends on a row's number in the data, not the stream."""
    if change is None or isinstance(change, str | Shift):
        known = None if change is None else shift_of(change)
        name = "as it is" if known is None else known.label
    else:
        known, name = None, getattr(change, "__name__", "changed").strip("<>")
    return _labelled(name + more, _changed(data, change, known, rows, seed), data, rows)


def _labelled(name: str, x: Any, data: Data, rows: Rows) -> Segment:
    """Samples `x` of the rows (n,) with their labels; a row that returns in another segment is one group."""
    if isinstance(data, Dataset):
        groups = rows if data.groups is None else data.groups[rows]
        return Segment(name, x, _labels(data)[rows], data.classes, groups)
    return Segment(name, x, _labels(data)[rows], None, rows)


def _changed(data: Data, change: Change, known: Shift | None, rows: Rows, seed: int) -> Any:
    if isinstance(data, Dataset):
        if change is not None and known is None:
            raise BadInput("A function changes tensors. Give (x, y) with a tensor x, or a shift by its name.")
        whole = data if known is None else shifted(data, known, seed=seed)
        return Raw(whole.samples.take(rows))
    x = torch.as_tensor(data[0])[torch.from_numpy(rows)]
    if known is not None:
        return shift_pictures(x, known, seed=seed, rows=rows)
    return x if change is None or isinstance(change, str | Shift) else change(x)


def _labels(data: Data) -> Labels:
    if isinstance(data, Dataset):
        if data.label_kind != "classes":
            raise BadInput(f"{data.name} tells {data.label_kind}; streams are made of data with classes.")
        return np.asarray(data.labels, dtype=np.int64)
    y = np.asarray(data[1])
    if y.ndim != 1 or y.dtype.kind not in "iuUO" or len(y) != len(data[0]):
        raise BadData(
            f"Labels are names or whole numbers, one for each of {len(data[0])} samples, not {y.dtype} of "
            f"{y.shape}."
        )
    return y


def _draws(seed: int, *where: Any) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(derive_seed(seed, "stream", *where)))


def _some(data: Data, rows: int | None, draw: np.random.Generator) -> Rows:
    many = len(_labels(data))
    if rows is not None and not 1 <= rows <= many:
        raise BadInput(f"rows is {rows}; it must be between 1 and {many}, the rows of the data.")
    return draw.permutation(many)[:rows].astype(np.int64)
