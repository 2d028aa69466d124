"""Data sets below each other as one, in which each is a group."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad as padded

from headstart.core import BadInput
from headstart.face import spell
from headstart.tasks.examples import Examples


def joined(parts: Sequence[Examples], pad: bool = False) -> Examples:
    """Data sets below each other, whose number is the group; their classes stay apart.

    Args:
        parts: one or more, with labels of one kind.
        pad: whether rows of fewer columns get zeros for those that they lack.

    Raises:
        BadInput: their inputs differ in shape.
    """
    first = parts[0]
    counts = torch.tensor([len(part) for part in parts])
    classes = first.classes
    y = torch.cat([part.y for part in parts])
    if first.kind == "classes":
        before = torch.tensor([0, *[len(part.classes) for part in parts[:-1]]]).cumsum(0)
        y = y + before.repeat_interleave(counts)
        classes = tuple(f"{part.name}: {name}" for part in parts for name in part.classes)
    return Examples(
        " + ".join(part.name for part in parts),
        torch.cat(_inputs(parts, pad)),
        y,
        classes,
        torch.arange(len(parts)).repeat_interleave(counts),
        tuple(part.name for part in parts),
    )


def _inputs(parts: Sequence[Examples], pad: bool) -> list[Tensor]:
    """The inputs of all in one shape and type."""
    every = [part.x for part in parts]
    if len({x.dtype for x in every}) > 1:
        every = [part.inputs(torch.arange(len(part))) for part in parts]
    if all(x.ndim == 4 for x in every) and len({x.shape[2:] for x in every}) == 1:
        channels = max(x.shape[1] for x in every)
        every = [x.expand(-1, channels, -1, -1) if x.shape[1] == 1 else x for x in every]
    if pad and all(x.ndim == 2 for x in every):
        width = max(x.shape[1] for x in every)
        every = [padded(x, (0, width - x.shape[1])) for x in every]
    for part, x in zip(parts, every, strict=True):
        if x.shape[1:] != every[0].shape[1:]:
            ways = {4: f"bring pictures to one size: {spell('size', 32)}"}
            ways |= {2: f"fill columns up with zeros: {spell('pad', True)}"}
            way = f", or {ways[x.ndim]}" if x.ndim == every[0].ndim and x.ndim in ways else ""
            raise BadInput(
                f"Inputs of {parts[0].name} have the shape {tuple(every[0].shape[1:])} and those of "
                f"{part.name} {tuple(x.shape[1:])}, and a learner takes one. Leave one of them out{way}."
            )
    return every
