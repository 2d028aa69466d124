"""Colours as CIE L*a*b*: the brightness L in [0, 100], and how green or red (a) and blue or yellow (b)."""

from functools import lru_cache

import torch
from torch import Tensor

_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)  # of daylight, D65
_EDGE = (6 / 29) ** 3


def lab(levels: Tensor) -> Tensor:
    """L*a*b* (n, 3, h, w) of sRGB levels (n, 3, h, w) in [0, 1]; what lies outside is clipped."""
    levels = levels.float().clamp(0, 1)
    linear = torch.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    white = levels.new_tensor(_WHITE).view(3, 1, 1)
    xyz = torch.einsum("ij,njhw->nihw", levels.new_tensor(_XYZ), linear) / white
    root = torch.where(xyz > _EDGE, xyz.clamp_min(_EDGE) ** (1 / 3), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = root.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


@lru_cache(maxsize=8)
def shown_bins(step: float) -> Tensor:
    """Centres (bins, 2) of the squares of the a-b plane, `step` wide, in which a colour of sRGB lies.

    Args:
        step: in units of a and b, > 0.
    """
    along = torch.linspace(0, 1, 33)
    every = torch.cartesian_prod(along, along, along).view(-1, 3, 1, 1)
    places = (lab(every)[:, 1:, 0, 0] / step).round()
    found: Tensor = torch.unique(places, dim=0) * step
    return found


def nearest_bin(ab: Tensor, bins: Tensor) -> Tensor:
    """Numbers (n, h, w) of the bins (bins, 2) that are nearest to a and b (n, 2, h, w)."""
    flat = ab.movedim(1, -1).reshape(-1, 2)
    return torch.cdist(flat, bins).argmin(1).view(len(ab), *ab.shape[2:])
