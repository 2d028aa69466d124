"""Tiles of pictures: squares cut out at places that are drawn, in the size of the pictures."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate


def cut(x: Tensor, top: Tensor, left: Tensor, side: int) -> Tensor:
    """Squares (n, channels, side, side) of pictures x (n, channels, h, w), pixel by pixel.

    Args:
        x: pictures.
        top: the first row of each, int64 (n,).
        left: the first column of each, int64 (n,).
        side: in pixels.
    """
    along = torch.arange(side, device=x.device)
    rows, columns = top[:, None] + along, left[:, None] + along
    number = torch.arange(len(x), device=x.device)[:, None, None]
    return x[number, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def enlarged(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Pictures (n, channels, side, side) in another size, bilinear."""
    return interpolate(x, size=size, mode="bilinear", align_corners=False)


def standardised(x: Tensor) -> Tensor:
    """Each channel of each picture (n, channels, h, w) with mean 0 and deviation 1; all equal: 0.

    So neither the brightness nor the contrast of a tile tells which place it is from (arXiv:1603.09246).
    """
    centred = x - x.mean((2, 3), keepdim=True)
    return centred / (centred.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()


def jittered(draws: Tensor, cell: int, side: int) -> Tensor:
    """The first pixel of a square of `side` in a cell of so many pixels, int64, by numbers in [0, 1)."""
    return (draws * (cell - side + 1)).long()
