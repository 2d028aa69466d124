"""Pictures that are rotated, each by an angle of its own."""

import math

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample


def all_quarters(x: Tensor) -> tuple[Tensor, Tensor]:
    """The four rotations of each picture by 90 degrees, anticlockwise, and how many quarters each has.

    Args:
        x: square pictures (n, channels, size, size).

    Returns:
        (4n, channels, size, size), first all as they are, then all by 90 degrees, ...; int64 (4n,).
    """
    quarters = torch.arange(4, device=x.device).repeat_interleave(len(x))
    return torch.cat([torch.rot90(x, number, (2, 3)) for number in range(4)]), quarters


def quarters_turned(x: Tensor, quarters: Tensor) -> Tensor:
    """Square pictures x (n, channels, size, size), rotated anticlockwise by so many quarters (n,)."""
    every = torch.stack([torch.rot90(x, number, (2, 3)) for number in range(4)])
    return every[quarters, torch.arange(len(x), device=x.device)]


def patches(x: Tensor, centre: Tensor, side: Tensor, angle: Tensor) -> Tensor:
    """Square patches of square pictures, rotated, in the size of the pictures, bilinear.

    Args:
        x: (n, channels, size, size).
        centre: of the patches (n, 2), right and down, where a picture goes from -1 to 1.
        side: (n,) of the patches, as a share of the picture's, in (0, 1].
        angle: (n,) in radians that the content is rotated by, anticlockwise.

    Returns:
        (n, channels, size, size); what lies outside the picture is its nearest pixel.
    """
    cos, sin = side * angle.cos(), side * angle.sin()
    first = torch.stack([cos, -sin, centre[:, 0]], 1)
    second = torch.stack([sin, cos, centre[:, 1]], 1)
    grid = affine_grid(torch.stack([first, second], 1).to(x), list(x.shape), align_corners=False)
    return grid_sample(x, grid, padding_mode="border", align_corners=False)


def in_disc(x: Tensor) -> Tensor:
    """Square pictures (n, channels, size, size) with zeros outside the largest disc, which has no corners."""
    size = x.shape[-1]
    place = (torch.arange(size, device=x.device, dtype=x.dtype) + 0.5) * (2 / size) - 1
    inside = place.square()[:, None] + place.square() <= 1
    return x * inside


def as_angle(step: Tensor, angles: int) -> Tensor:
    """Radians (n,) of so many steps (n,), of which `angles` make a full turn."""
    return step * (2 * math.pi / angles)
