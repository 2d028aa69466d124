"""A square of learned pixels at one place of pictures."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from headstart.core import BadInput

from .pixels import PixelPrompt, size_within

PLACES = ("corner", "middle", "random")


class Patch(PixelPrompt):
    """A square of learned numbers that is added to each input (arXiv:2203.17274).

    Attributes:
        values: (channels, size, size), 0 at the start.
    """

    def __init__(
        self,
        shape: Sequence[int],
        size: int | None = None,
        place: Literal["corner", "middle", "random"] = "corner",
    ) -> None:
        """Make one for inputs of `shape`.

        Args:
            shape: of one input, such as (3, 224, 224).
            size: of a side in pixels, from 0 to the shorter side; None: 30 for 224.
            place: "corner", the first row and column; "middle"; "random": anywhere in training, drawn for
                each batch from torch's generator, and in the middle in evaluation, so that answers do not
                depend on chance.

        Raises:
            BadInput: the patch is larger than the picture, or there is no such place.
        """
        super().__init__(shape)
        if place not in PLACES:
            raise BadInput(f"place is {place!r}; it must be 'corner', 'middle' or 'random'.")
        self.size, self.place = size_within(size, self.sides, 1, "a patch"), place
        self.values = nn.Parameter(
            torch.zeros(*self.shape[: -len(self.sides)], *[self.size] * len(self.sides))
        )

    @property
    def settings(self) -> Mapping[str, Any]:
        """Shape, size and place."""
        return {"shape": list(self.shape), "size": self.size, "place": self.place}

    def edited(self, x: Tensor) -> Tensor:
        """The inputs with the patch added."""
        room = [side - self.size for side in self.sides]
        if self.place == "random" and self.training:
            before = [int(torch.randint(most + 1, ())) for most in room]
        else:
            before = [0 if self.place == "corner" else most // 2 for most in room]
        around = [(first, most - first) for first, most in zip(before, room, strict=True)]
        return x + pad(self.values, [side for pair in reversed(around) for side in pair])
