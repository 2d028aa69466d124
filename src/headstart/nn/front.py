"""A module in front of a backbone, which edits what it reads."""

from functools import singledispatch
from typing import Any

from torch import Tensor, nn

from headstart.core import Backbone, BadInput


class Fronted(Backbone):
    """A backbone with a module in front of it that edits its normalised inputs: x -> backbone(front(x))."""

    def __init__(self, backbone: Backbone, front: nn.Module) -> None:
        super().__init__()
        self.front, self.inner = front, backbone
        self.width = backbone.width
        self.blocks = tuple(f"inner.{block}" for block in backbone.blocks)
        self.members = {
            f"inner.{block}": tuple(f"inner.{member}" for member in members)
            for block, members in backbone.members.items()
        }

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width) of x (n, ...)."""
        found: Tensor = self.inner(self.front(normalised(self.inner, x)))
        return found

    def untrained(self, seed: int) -> "Fronted":
        """The same with random weights in the backbone."""
        return Fronted(self.inner.untrained(seed), self.front)


@singledispatch
def in_front(backbone: Backbone, front: nn.Module) -> Backbone:
    """Prepend a module that edits the normalised inputs of a backbone, such as a translation or a prompt.

    Backbone classes with their own implementation, such as serialisable ones, register it
    (`in_front.register`).
    """
    return Fronted(backbone, front)


def normalised(backbone: nn.Module, x: Tensor) -> Tensor:
    """Convert samples to floats in the units of the backbone's inputs.

    Raises:
        BadInput: they are byte pictures and the backbone has no normalisation, or they are texts.
    """
    how: Any = getattr(backbone, "normalised", None)
    found: Tensor = x if how is None else how(x)
    if not found.is_floating_point():
        raise BadInput(
            f"Samples of {x.dtype} can't be edited or translated: pictures for a backbone that normalises "
            "them, series and arrays of numbers can."
        )
    return found
