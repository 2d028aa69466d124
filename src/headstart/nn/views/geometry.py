"""Crops, resizing, flips and blurs as products with two matrices a picture; turns by sampling."""

import math

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def resize_weights(start: Tensor, length: Tensor, flipped: Tensor, sizes: tuple[int, int]) -> Tensor:
    """Matrices (n, out, in) that resize a part of an axis: bilinear, antialiased where it shrinks.

    Row i has the weights of output pixel i, which add up to 1: those of `torch.nn.functional.interpolate`
    with `antialias=True` on the part cut out.

    Args:
        start: (n,) first pixel of the part.
        length: (n,) pixels of the part.
        flipped: bool (n,), whether the part is mirrored.
        sizes: pixels of the axis before and after.
    """
    before, after = sizes
    start, length = start.float()[:, None], length.float()[:, None]
    step = length / after
    steps = torch.arange(after, device=start.device) + 0.5
    steps = torch.where(flipped[:, None], after - steps, steps)
    centre, reach = start + step * steps, step.clamp_min(1)
    taps = math.ceil(2 * max(1.0, before / after)) + 1
    first = (centre - reach - 0.5).ceil()
    place = first[:, :, None] + torch.arange(taps, device=start.device)
    weight = 1 - (place + 0.5 - centre[:, :, None]).abs() / reach[:, :, None]
    inside = (place >= start[:, :, None]) & (place < (start + length)[:, :, None])
    weight = torch.where(inside, weight.clamp_min(0), 0.0)
    weight = weight / weight.sum(2, keepdim=True)
    index = place.long().clamp(0, before - 1)
    return weight.new_zeros(len(start), after, before).scatter_add_(2, index, weight)


def blur_weights(sigma: Tensor, size: int, taps: int) -> Tensor:
    """Matrices (n, size, size) of a Gaussian blur along an axis, mirrored at its ends.

    Args:
        sigma: (n,) standard deviation in pixels, > 0.
        size: pixels of the axis, > taps // 2.
        taps: pixels of the kernel, odd.
    """
    offsets = torch.arange(taps, device=sigma.device) - taps // 2
    kernel = (-0.5 * (offsets / sigma.float()[:, None]) ** 2).exp()
    kernel = kernel / kernel.sum(1, keepdim=True)
    place = (torch.arange(size, device=sigma.device)[:, None] + offsets).abs()
    place = torch.where(place >= size, 2 * (size - 1) - place, place).clamp(0, size - 1)
    shape = (len(sigma), size, taps)
    zeros = kernel.new_zeros(len(sigma), size, size)
    return zeros.scatter_add_(2, place.expand(shape), kernel[:, None].expand(shape))


def kernel_taps(side: int) -> int:
    """Pixels of the blur's kernel, odd: a tenth of the shorter side, at least 3 (arXiv:2002.05709)."""
    tenth = int(0.1 * side)
    return max(3, tenth - 1 + tenth % 2)


def along_both(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Products (n, c, h', w') of pictures x (n, c, h, w) with matrices (n, h', h) and (n, w', w)."""
    n, c, h, w = x.shape
    tall, wide = rows.shape[1], columns.shape[1]
    x = rows @ x.permute(0, 2, 1, 3).to(rows.dtype).reshape(n, h, c * w)
    x = x.view(n, tall, c, w).transpose(1, 2).reshape(n, c * tall, w)
    return (x @ columns.transpose(1, 2)).view(n, c, tall, wide)


def turned(x: Tensor, angle: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Pictures (n, c, h, w) turned about their centre, scaled and shifted: bilinear, edges go on outside.

    Args:
        x: floats.
        angle: (n,) degrees, clockwise.
        shift: (n, 2) to the right and down, as shares of the width and the height.
        scale: (n,) > 0.
    """
    h, w = x.shape[2:]
    radians = angle.to(x.dtype) * (math.pi / 180)
    cos, sin = radians.cos() / scale.to(x.dtype), radians.sin() / scale.to(x.dtype)
    right = ((torch.arange(w, device=x.device) + 0.5) * 2 - w) / 2
    down = ((torch.arange(h, device=x.device) + 0.5) * 2 - h) / 2
    move = shift.to(x.dtype) * torch.tensor([w, h], device=x.device)
    right = (right - move[:, :1])[:, None, :]
    down = (down - move[:, 1:])[:, :, None]
    across = (cos[:, None, None] * right + sin[:, None, None] * down) * (2 / w)
    along = (cos[:, None, None] * down - sin[:, None, None] * right) * (2 / h)
    grid = torch.stack([across, along], 3)
    return grid_sample(x, grid, padding_mode="border", align_corners=False)
