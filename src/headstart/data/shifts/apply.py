"""Apply shifts to pictures, with reproducible randomness for each row."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadInput, Unknown, derive_seed
from headstart.data.parallel import parallel_map

from .corruption import CORRUPTIONS, Corruption
from .domains import DOMAINS
from .shift import Pixels, Shift, levels


def shift_of(shift: str | Shift, severity: int | None = None) -> Shift:
    """Look up a shift by name, or return the given one.

    Raises:
        Unknown: no shift has that name; the text lists similar ones.
        BadInput: a severity that the shift does not support.
    """
    if isinstance(shift, str):
        if shift in CORRUPTIONS:
            return Corruption(shift) if severity is None else Corruption(shift, severity)
        if shift not in DOMAINS:
            raise Unknown("shift", shift, [*CORRUPTIONS, *DOMAINS])
        shift = DOMAINS[shift]()
    if severity is not None:
        raise BadInput(
            f"severity={severity}: only corruptions by name have one. {shift.label!r} is set by its own "
            "fields, such as headstart.data.shifts.Rotate(degrees=30)."
        )
    return shift


def shift_pictures(
    x: Tensor,
    shift: str | Shift,
    *,
    severity: int | None = None,
    seed: int = 0,
    rows: Sequence[int] | NDArray[np.int64] | None = None,
) -> Tensor:
    """Apply a shift to pictures.

    The result of a row is a function of its picture, the shift, `seed` and its number in `rows` only:
    each picture is computed separately.

    Args:
        x: uint8 (n, 1 | 3, h, w), of any size; it is not changed.
        shift: a name of `CORRUPTIONS` or `DOMAINS`, or a shift.
        severity: of a corruption, 0 (nothing) to 5; None takes 3.
        seed: of all random draws.
        rows: (n,) numbers of the rows, None counts them from 0.

    Returns:
        uint8 (n, 1 | 3, h, w).

    Raises:
        Unknown: no shift has that name.
        BadInput: x are not such pictures, lengths differ, or the severity is wrong.

    >>> x = torch.full((1, 1, 4, 4), 100, dtype=torch.uint8)
    >>> shift_pictures(x, "brightness", severity=2).unique().item()
    151
    """
    found = shift_of(shift, severity)
    if x.dtype != torch.uint8 or x.ndim != 4 or x.shape[1] not in (1, 3) or 0 in x.shape[2:]:
        raise BadInput(f"x should be uint8 of shape (n, 1 | 3, h, w), not {x.dtype} of {tuple(x.shape)}.")
    numbers = range(len(x)) if rows is None else [int(row) for row in rows]
    if len(numbers) != len(x):
        raise BadInput(f"x has {len(x)} rows and there are {len(numbers)} numbers of rows.")
    pixels = x.detach().cpu().permute(0, 2, 3, 1).contiguous().numpy()

    def one(place: int) -> Pixels:
        return shift_one(pixels[place], found, seed, numbers[place])

    new = np.empty_like(pixels)
    for place, picture in enumerate(parallel_map(one, range(len(pixels)))):
        new[place] = picture
    return torch.from_numpy(new).permute(0, 3, 1, 2).to(x.device)


def shift_one(pixels: Pixels, shift: Shift, seed: int, row: int) -> Pixels:
    """Apply the shift to one picture (h, w, 1 | 3); `pixels` is not modified.

    Raises:
        BadInput: the shift needs colours and the picture is grey.
    """
    if shift.in_colour and pixels.shape[2] != 3:
        raise BadInput(
            f"{shift.label!r} needs pictures with 3 channels, not {pixels.shape[2]}. Repeat the grey one."
        )
    draw = np.random.default_rng(derive_seed(seed, "shift", shift.stream, row))
    return levels(shift(pixels / 255, draw))
