"""Guides: how far each weight may move, from how far it moved in scouts (arXiv:2303.16154)."""

from collections.abc import Iterable, Mapping
from typing import Literal

import torch
from torch import Tensor

from headstart.core import BadInput

Weights = Mapping[str, Tensor]
Scope = Literal["tensor", "global"]


def mean_square_movement(base: Weights, scouts: Iterable[Weights]) -> dict[str, Tensor]:
    """The mean over scouts of the squared movement of each weight: m = mean_i (w_i - w_base)^2.

    Args:
        base: weights before, by name.
        scouts: weights after, one mapping a scout with the names of `base`; read one after the other.

    Raises:
        BadInput: there is no scout.
    """
    sums = {name: torch.zeros_like(one, dtype=torch.float64) for name, one in base.items()}
    count = 0
    for count, scout in enumerate(scouts, 1):  # noqa: B007  # the last number is how many there are
        for name, one in base.items():
            sums[name] += (scout[name].detach().double() - one.detach().double()).square()
    if not count:
        raise BadInput("Guides need one scout or more.")
    return {name: one.div_(count) for name, one in sums.items()}


def min_max(movement: Weights, scope: Scope = "tensor") -> dict[str, Tensor]:
    """Bring movements into [0, 1]: g = (m - min) / (max - min), float32.

    Where all movements are alike there is no order among the weights: they are all 1 if they moved, and all
    0 if they did not.

    Args:
        movement: >= 0, by name.
        scope: whether least and largest are those of each tensor, as in the authors' code, or of all
            together, as in their text.
    """
    if scope == "global":
        ends = torch.stack([torch.stack(one.aminmax()) for one in movement.values()])
        least, most = ends[:, 0].min(), ends[:, 1].max()
        return {name: _scaled(one, least, most) for name, one in movement.items()}
    return {name: _scaled(one, *one.aminmax()) for name, one in movement.items()}


def _scaled(movement: Tensor, least: Tensor, most: Tensor) -> Tensor:
    if most <= least:
        return torch.full_like(movement, float(most > 0), dtype=torch.float32)
    return ((movement - least) / (most - least)).float()


def tempered(guides: Weights, temperature: float = 1.0, floor: float = 0.0) -> dict[str, Tensor]:
    """Sharpen or soften guides: floor + (1 - floor) * g ** temperature.

    Args:
        guides: in [0, 1], by name.
        temperature: >= 0: above 1 fewer weights are free, below 1 more; at 0 all are.
        floor: the least guide, in [0, 1].

    Raises:
        BadInput: a number is out of its range.
    """
    if temperature < 0:
        raise BadInput(f"temperature is {temperature}; it must be >= 0.")
    if not 0 <= floor <= 1:
        raise BadInput(f"floor is {floor}; it must be in [0, 1].")
    return {name: floor + (1 - floor) * one**temperature for name, one in guides.items()}
