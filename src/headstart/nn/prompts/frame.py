"""A frame of learned pixels at the edges of pictures, up to the whole of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from headstart.core import BadInput

from .pixels import PixelPrompt, size_within

MODES = {1: "linear", 2: "bilinear"}


class Frame(PixelPrompt):
    """Learned numbers at the edges of each input, the same for all (Bahng et al. 2022, arXiv:2203.17274).

    Attributes:
        values: (channels, places of the frame), 0 at the start; 2 size (height + width - 2 size) places.
    """

    index: Tensor  # (places,), which of the values a place gets; the last is 0

    def __init__(self, shape: Sequence[int], size: int | None = None, shrink: bool = False) -> None:
        """Make one for inputs of `shape`.

        Args:
            shape: of one input, such as (3, 224, 224).
            size: width in pixels, from 0 to half the shorter side; None: 30 for 224.
            shrink: resize the picture into the middle, so that the frame covers none of it (Elsayed et al.
                2019, arXiv:1806.11146); the first answer is then that for a smaller picture.

        Raises:
            BadInput: the frame is larger than the picture, or leaves no middle to shrink into.
        """
        super().__init__(shape)
        self.size, self.shrink = size_within(size, self.sides, 2, "a frame"), shrink
        if shrink and any(side <= 2 * self.size for side in self.sides):
            raise BadInput(
                f"size is {self.size}, which leaves no middle of {' x '.join(map(str, self.sides))} places "
                "to shrink the picture into. Give a smaller one."
            )
        inside = torch.ones([side - 2 * self.size for side in self.sides], dtype=torch.bool)
        edge = ~pad(inside, (self.size, self.size) * len(self.sides)).flatten()
        index = torch.where(edge, edge.cumsum(0) - 1, edge.sum())
        self.register_buffer("index", index, persistent=False)
        channels = self.shape[0] if len(self.shape) > 1 else 1
        self.values = nn.Parameter(torch.zeros(channels, int(edge.sum())))

    @property
    def settings(self) -> Mapping[str, Any]:
        """Shape, size and whether the picture shrinks."""
        return {"shape": list(self.shape), "size": self.size, "shrink": self.shrink}

    @property
    def pattern(self) -> Tensor:
        """What is added to each input, (*shape)."""
        padded = torch.cat([self.values, self.values.new_zeros(len(self.values), 1)], 1)
        return padded[:, self.index].view(self.shape)

    def edited(self, x: Tensor) -> Tensor:
        """The inputs, or those in a smaller middle, with the frame added."""
        if self.shrink and self.size:
            middle = [side - 2 * self.size for side in self.sides]
            flat = x.view(-1, 1, *self.shape) if len(self.shape) == 1 else x
            small = interpolate(flat, middle, mode=MODES[len(middle)], align_corners=False)
            x = pad(small, (self.size, self.size) * len(middle)).view(x.shape)
        return x + self.pattern


class Full(PixelPrompt):
    """A learned number for each channel of each place, added to all inputs (arXiv:1806.11146).

    Attributes:
        values: (*shape), 0 at the start.
    """

    def __init__(self, shape: Sequence[int]) -> None:
        """Make one for inputs of `shape`, such as (3, 224, 224)."""
        super().__init__(shape)
        self.values = nn.Parameter(torch.zeros(self.shape))

    @property
    def settings(self) -> Mapping[str, Any]:
        """The shape."""
        return {"shape": list(self.shape)}

    def edited(self, x: Tensor) -> Tensor:
        """The inputs plus the prompt."""
        return x + self.values
