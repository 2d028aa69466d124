"""Datasets of pictures with a shift applied; labels, groups and splits stay."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from headstart.core import BadInput
from headstart.data.dataset import Dataset
from headstart.data.decode import read_picture
from headstart.data.parallel import parallel_map
from headstart.data.samples import Array, Kind, Raw, Rows, Samples

from .apply import shift_of, shift_one
from .corruption import Corruption
from .shift import REFERENCE, Pixels, Shift


def shifted(
    data: Dataset, shift: str | Shift, *, severity: int | None = None, seed: int = 0, side: int = REFERENCE
) -> Dataset:
    """Apply a shift to the pictures of a dataset.

    The result of a row depends on its picture, the shift, `seed` and its number in `data` only, with the
    same random numbers at all severities. Pictures in an array are transformed at once; those of files
    whenever they are read, and never written.

    Args:
        data: of pictures, in an array, in files or in memory; it is not changed.
        shift: a corruption ("gaussian-noise", "fog", ...), a domain ("invert", "rotate", ...), or one of
            `headstart.data.shifts` with settings, such as `Rotate(degrees=45)`.
        severity: of a corruption, 0 (`data` itself) to 5; None takes 3.
        seed: of all random draws.
        side: a picture whose shorter side has more pixels is first downscaled to that: noise on
            the pixels of a large photo would vanish when a model shrinks it.

    Returns:
        A dataset with the same labels, classes, items, groups and split.

    Raises:
        Unknown: no shift has that name.
        BadInput: the data are not pictures, or a setting is wrong.

    >>> from headstart.data import load
    >>> pictures, labels = np.zeros((2, 8, 8), np.uint8), ["cat", "dog"]
    >>> shifted(load((pictures, labels)), "fog", severity=2).name
    'arrays, fog 2'
    """
    found = shift_of(shift, severity)
    if not data.is_images:
        raise BadInput(f"{data.name} holds {data.kind}; {found.label!r} can be worked into pictures alone.")
    if side < 1:
        raise BadInput(f"side={side}: it must be at least 1 pixel.")
    if isinstance(found, Corruption) and found.severity == 0:
        return data
    numbers = np.arange(len(data), dtype=np.int64)
    view: Samples = _Shifted(data, numbers, found, seed, side)
    if data.array is not None and len(data):
        view = Array(np.stack(parallel_map(view.raw, range(len(data)))), are_images=True)
    return replace(data, name=f"{data.name}, {found.label}", samples=view)


@dataclass(frozen=True, eq=False)
class _Shifted:
    """Samples that are transformed when read; rows keep their numbers in subsets."""

    base: Dataset
    numbers: Rows
    shift: Shift
    seed: int
    side: int
    kind: Kind = "pictures"

    def __len__(self) -> int:
        return len(self.base)

    def raw(self, row: int) -> Raw:
        """uint8 (h, w) or (h, w, 3)."""
        pixels = _pixels(self.base.shown(row), self.base.items[row], self.shift.in_colour)
        small = shrink(pixels, self.side)
        new = shift_one(np.atleast_3d(small), self.shift, self.seed, int(self.numbers[row]))
        return new.reshape(small.shape)

    def take(self, rows: Rows) -> "_Shifted":
        return replace(self, base=self.base.subset(rows), numbers=self.numbers[rows])


def _pixels(raw: Raw, item: str, in_colour: bool) -> Pixels:
    """uint8 (h, w) if it is stored in grey and may stay so, else (h, w, 3)."""
    if isinstance(raw, np.ndarray) and not in_colour and (raw.ndim == 2 or raw.shape[2] == 1):
        return raw.reshape(raw.shape[:2])
    return np.asarray(read_picture(raw, item))


def shrink(pixels: Pixels, side: int) -> Pixels:
    """A picture (h, w) or (h, w, 3) whose shorter side is at most `side` pixels."""
    shorter = min(pixels.shape[:2])
    if shorter <= side:
        return pixels
    high, wide = (max(side, round(length * side / shorter)) for length in pixels.shape[:2])
    return np.asarray(Image.fromarray(pixels).resize((wide, high), Image.Resampling.BILINEAR))
