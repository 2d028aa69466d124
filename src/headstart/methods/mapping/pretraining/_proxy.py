"""What proxy tasks on pictures share: their errors, their pixels, and the encoding of pairs."""

import torch
from torch import Tensor

from headstart.core import Backbone, BadData, BadInput, Parts, Task
from headstart.core.draws import uniforms
from headstart.nn.pixels import Pixels, grey

LEAST = 2  # pixels of a side of a tile


def pixels_of(name: str, backbone: Backbone, task: Task, square: bool = True) -> Pixels:
    """What normalises the pictures of a task.

    Args:
        name: of the method.
        backbone: whose mean and deviation are taken, if it has those of as many channels.
        task: whose samples are looked at.
        square: whether only square pictures will do.

    Raises:
        BadInput: the samples are no pictures.
        BadData: they have to be square, and are not.
    """
    if len(task.shape) != 3 or getattr(backbone, "tokens", None) is not None:
        raise BadInput(
            f"{name} learns from pictures (n, channels, height, width), and a sample here has the shape "
            f"{tuple(task.shape)}. For texts take simcse or masked-imputation, for tables scarf or "
            "masked-imputation."
        )
    channels, height, width = task.shape
    if square and height != width:
        raise BadData(
            f"{name} needs square pictures, and these have {height} x {width} pixels. Cut or scale them "
            "to one size in both directions."
        )
    mean, std = getattr(backbone, "mean", None), getattr(backbone, "std", None)
    if not (isinstance(mean, Tensor) and isinstance(std, Tensor) and len(mean) == channels):
        mean, std = torch.zeros(channels), torch.ones(channels)
    return Pixels(mean, std)


def tile_side(name: str, size: int, grid: int, gap: float) -> tuple[int, int]:
    """Pixels of a side of a cell, of which `grid` lie side by side in a picture, and of a tile in it.

    Raises:
        BadData: the pictures are too small for it.
    """
    cell = size // grid
    if cell < LEAST:
        raise BadData(
            f"{name} cuts {grid} x {grid} tiles of at least {LEAST} pixels out of a picture, and these have "
            f"{size} x {size} pixels. Give larger pictures, or take rotation."
        )
    return cell, max(LEAST, round(cell * (1 - gap)))


def read(parts: Parts, x: Tensor) -> Tensor:
    """Normalised floats of pictures x (n, channels, h, w)."""
    found: Tensor = parts["pixels"](x)
    return found


def pixels_in(parts: Parts) -> Pixels:
    """What normalises the pictures of a run."""
    found = parts["pixels"]
    assert isinstance(found, Pixels)
    return found


def some_grey(parts: Parts, x: Tensor, seed: Tensor, share: float) -> Tensor:
    """Normalised floats of pictures, of which each is grey with probability `share`."""
    if share == 0 or x.shape[1] != 3:
        return read(parts, x)
    levels = pixels_in(parts).levels(x)
    chosen = (uniforms(seed, 1) < share).to(levels.device)[:, :, None, None]
    return pixels_in(parts).normalised(torch.where(chosen, grey(levels), levels))


def encode_two(parts: Parts, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """The embeddings (n, d) of two pictures of each row, in one forward of one encoder."""
    first, second = parts["backbone"](torch.cat([a, b])).chunk(2)
    return first, second
