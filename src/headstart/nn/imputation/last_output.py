"""What an encoder gives at its end, before it is averaged over places."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from headstart.core import Backbone
from headstart.core.inside import outputs_inside

PREFIX = 9  # most tokens beside those of places, such as a class token and registers


def last_output(backbone: Backbone, x: Tensor) -> Tensor:
    """A map (n, d, h, w), tokens (n, t, d) or features (n, d) of inputs x (n, ...).

    The output of the network, if it has places; else that of its last block.
    """
    if not backbone.blocks:
        features: Tensor = backbone(x)
        return features
    block, read = backbone.blocks[-1], getattr(backbone, "features", None)
    if callable(read):
        found: dict[str, Tensor] = read(x, (block, ""), _in_order)
        return found[""] if found[""].ndim > 2 else found[block]
    with outputs_inside(backbone, [block]) as seen:
        backbone(x)
    return seen[block]


def as_map(output: Tensor, size: Sequence[int]) -> Tensor:
    """An output as a map (n, d, h, w): tokens as the grid of a picture of a size (height, width).

    Tokens that are no such grid are averaged, as features are one place.
    """
    if output.ndim == 4:
        return output
    if output.ndim == 2:
        return output[:, :, None, None]
    sides = _grid(output.shape[1], size)
    if sides is None:
        return output.mean(1)[:, :, None, None]
    places = output[:, output.shape[1] - math.prod(sides) :]
    return places.mT.reshape(len(places), -1, *sides)


def probed(backbone: Backbone, shape: Sequence[int]) -> Tensor:
    """`last_output` of an example, or of zeros (2, *shape); the backbone's flags are restored."""
    flags = [(module, module.training) for module in backbone.modules()]
    try:
        with torch.no_grad():
            return last_output(backbone.eval(), example_of(backbone, shape))
    finally:
        for module, flag in flags:
            module.training = flag


def example_of(backbone: Backbone, shape: Sequence[int]) -> Tensor:
    """Inputs (2, *shape): zeros on the backbone's device, or its example if that has the shape."""
    device = next((tensor.device for tensor in backbone.parameters()), torch.device("cpu"))
    known = backbone.example
    fits = known is not None and (known.shape[1:] == tuple(shape) or known.dtype == torch.int64)
    return known.to(device) if fits and known is not None else torch.zeros(2, *shape, device=device)


def _grid(tokens: int, size: Sequence[int]) -> tuple[int, int] | None:
    """Height and width of a grid with the proportions of `size` and as many places, but a few, as tokens."""
    height, width = size
    for places in range(tokens, max(0, tokens - PREFIX), -1):
        rows = round(math.sqrt(places * height / width))
        if rows and places % rows == 0 and rows * width == places // rows * height:
            return rows, places // rows
    return None


def _in_order(output: Tensor, layout: Any, there: Tensor | None) -> Tensor:
    """An output with its rows first, and its features last or, of a map, second."""
    if output.ndim < 3:
        return output.reshape(len(output), -1)
    moved = output.movedim((layout.rows, layout.features), (0, -1))
    return moved.movedim(-1, 1) if moved.ndim == 4 else moved
