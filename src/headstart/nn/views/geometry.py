"""Crops, resizing, flips and blurs as products with two matrices a picture; turns by sampling."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


class Taps(NamedTuple):
    """Which pixels of an axis each output pixel is the weighted mean of; those beyond the part weigh 0."""

    pixel: Tensor  # int64 (n, out, taps)
    weight: Tensor  # (n, out, taps), adds up to 1

    def rows(self, some: Tensor) -> "Taps":
        """Those of some pictures."""
        return Taps(self.pixel[some], self.weight[some])

    def matrices(self, size: int) -> Tensor:
        """The same as (n, out, size), for an axis of `size` pixels."""
        zeros = self.weight.new_zeros(*self.weight.shape[:2], size)
        return zeros.scatter_add_(2, self.pixel, self.weight)


def resize_taps(start: Tensor, length: Tensor, flipped: Tensor, sizes: tuple[int, int]) -> Taps:
    """Resize a part of an axis: bilinear, antialiased where it shrinks.

    The weights are those of `torch.nn.functional.interpolate` with `antialias=True` on the part cut out.

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
    taps = math.ceil(2 * max(1.0, before / after))
    first = (centre - reach - 0.5).ceil()
    place = first[:, :, None] + torch.arange(taps, device=start.device)
    weight = 1 - (place + 0.5 - centre[:, :, None]).abs() / reach[:, :, None]
    inside = (place >= start[:, :, None]) & (place < (start + length)[:, :, None])
    weight = torch.where(inside, weight.clamp_min(0), 0.0)
    return Taps(place.long().clamp(0, before - 1), weight / weight.sum(2, keepdim=True))


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


def resized(x: Tensor, rows: Taps, columns: Taps, blurs: tuple[Tensor, Tensor] | None = None) -> Tensor:
    """Pictures (n, c, h', w') of pictures x (n, c, h, w), by the taps of their rows and of their columns.

    Args:
        x: uint8 or floats.
        rows: of h' output rows.
        columns: of w' output columns.
        blurs: matrices (n, h', h') and (n, w', w') that are applied afterwards; None: none.
    """
    n, c, h, w = x.shape
    wide, high = columns.matrices(w), rows.pixel.shape[1]
    if blurs is None and rows.pixel.shape[2] == 2:
        x = _mixed_rows(x, rows)
    else:
        tall = rows.matrices(h) if blurs is None else blurs[0] @ rows.matrices(h)
        x = tall @ x.permute(0, 2, 1, 3).to(tall.dtype).reshape(n, h, c * w)
        x = x.view(n, high, c, w).transpose(1, 2)
    wide = wide if blurs is None else blurs[1] @ wide
    x = x.reshape(n, c * high, w).to(wide.dtype) @ wide.transpose(1, 2)
    return x.view(n, c, high, wide.shape[1])


def _mixed_rows(x: Tensor, rows: Taps) -> Tensor:
    """Means (n, c, h', w) of two rows each of x (n, c, h, w): a third of the time of a product, on a CPU."""
    n, c, h, w = x.shape
    first = torch.arange(n * c, device=x.device).view(n, c, 1) * h
    flat, shape = x.reshape(n * c * h, w), (n, c, rows.pixel.shape[1], w)
    one, other = (
        flat.index_select(0, (first + rows.pixel[:, None, :, tap]).flatten())
        .view(shape)
        .to(rows.weight.dtype)
        for tap in (0, 1)
    )
    return one.lerp_(other, rows.weight[:, None, :, 1, None])


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
