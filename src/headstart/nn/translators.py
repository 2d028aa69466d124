"""Networks that translate samples of one domain to another, of the same shape."""

import math
from typing import Literal

import torch
from torch import Tensor, nn

from headstart.core import BadInput

Ending = Literal["add", "tanh", "plain"]  # x + net(x), tanh(net(x)) or net(x)


class PictureTranslator(nn.Module):
    """A light residual net for pictures (n, channels, h, w) of any size from 2 pixels on.

    An input convolution, `blocks` residual blocks of two convolutions and an output convolution, all
    `kernel` x `kernel` with reflected borders and without normalisation, which would remove the brightness.
    With the ending "add" the last convolution starts at zero, so that the whole starts as the exact identity.
    Values are expected in about [-1, 1]; only "tanh" bounds the outputs to it.
    """

    def __init__(
        self, channels: int, width: int = 16, blocks: int = 2, ending: Ending = "add", kernel: int = 3
    ) -> None:
        super().__init__()
        self.ending, self.kernel = ending, kernel
        self.enter = _conv(channels, width, kernel)
        self.body = nn.Sequential(*(Residual(width, kernel) for _ in range(blocks)))
        self.leave = nn.Sequential(nn.ReLU(), _conv(width, channels, kernel))
        if ending == "add":
            _silence(self.leave[1])

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (n, channels, h, w) of the other domain."""
        return _ended(self.ending, x, self.leave(self.body(self.enter(x))))


class Residual(nn.Module):
    """A residual block, x + 0.5 * two convolutions: (n, width, h, w) -> the same shape."""

    def __init__(self, width: int, kernel: int = 3) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.ReLU(), _conv(width, width, kernel), nn.ReLU(), _conv(width, width, kernel)
        )

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        found: Tensor = x + 0.5 * self.inner(x)
        return found


class VectorTranslator(nn.Module):
    """A residual perceptron for rows of numbers (n, ...), each flattened to a vector.

    `blocks` hidden layers; with the ending "add" the last layer starts at zero, so the whole starts as the
    identity. Columns are expected to be standardised.
    """

    def __init__(
        self, shape: tuple[int, ...], width: int = 64, blocks: int = 2, ending: Ending = "add"
    ) -> None:
        super().__init__()
        self.ending = ending
        size = math.prod(shape)
        layers: list[nn.Module] = []
        for number in range(blocks):
            layers += [nn.Linear(width if number else size, width), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(width, size))
        if ending == "add":
            _silence(self.layers[-1])

    def forward(self, x: Tensor) -> Tensor:
        """Rows (n, ...) of the other domain."""
        return _ended(self.ending, x, self.layers(x.flatten(1)).view_as(x))


def translator(
    shape: tuple[int, ...], width: int, blocks: int, ending: Ending = "add", kernel: int = 3
) -> nn.Module:
    """Build a translator for samples of a shape: (channels, h, w) is a picture, anything else numbers.

    Raises:
        BadInput: samples are empty.
    """
    if not shape or 0 in shape:
        raise BadInput(f"Samples of shape {shape} can't be translated: there is nothing in them.")
    if is_picture(shape):
        return PictureTranslator(shape[0], width, blocks, ending, kernel)
    return VectorTranslator(shape, width, blocks, ending)


def is_picture(shape: tuple[int, ...]) -> bool:
    """Whether samples of a shape are treated as pictures (channels, h, w)."""
    return len(shape) == 3 and min(shape[1:]) >= 2


def _ended(ending: Ending, x: Tensor, found: Tensor) -> Tensor:
    if ending == "add":
        return x + found
    return torch.tanh(found) if ending == "tanh" else found


def _conv(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, padding_mode="reflect")


def _silence(layer: nn.Module) -> None:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
