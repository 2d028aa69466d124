"""Conditional encoders and decoders of small variational autoencoders."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, one_hot, silu

from .maps import halvings


class RowCoder(nn.Module):
    """A perceptron on rows (n, inputs) and their classes."""

    def __init__(self, inputs: int, outputs: int, classes: int, width: int) -> None:
        super().__init__()
        self.classes = classes
        self.layers = nn.Sequential(
            nn.Linear(inputs + classes, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU()
        )
        self.last = nn.Linear(width, outputs)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """(n, outputs) of x (n, inputs) and classes (n,)."""
        told = one_hot(y, self.classes).to(x.dtype)
        found: Tensor = self.last(self.layers(torch.cat([x.flatten(1), told], 1)))
        return found


class MapEncoder(nn.Module):
    """Convolutions of pictures, then a `RowCoder`."""

    def __init__(self, shape: tuple[int, int, int], outputs: int, classes: int, width: int) -> None:
        super().__init__()
        channels, height, wide = shape
        self.halve = nn.ModuleList([nn.Conv2d(channels, width, 3, padding=1)])
        for _ in range(halvings(height, wide)):
            self.halve.append(nn.Conv2d(width, width, 3, stride=2, padding=1))
        self.rows = RowCoder(width * math.prod(smallest(shape)), outputs, classes, 4 * width)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """(n, outputs) of pictures (n, channels, h, w) and classes (n,)."""
        for conv in self.halve:
            x = silu(conv(x))
        found: Tensor = self.rows(x, y)
        return found


class MapDecoder(nn.Module):
    """A `RowCoder`, then convolutions of maps that grow to pictures of `shape`."""

    def __init__(self, shape: tuple[int, int, int], inputs: int, classes: int, width: int) -> None:
        super().__init__()
        channels, height, wide = shape
        self.width = width
        self.sides = [shape[1:]]
        for _ in range(halvings(height, wide)):
            self.sides.append((-(-self.sides[-1][0] // 2), -(-self.sides[-1][1] // 2)))
        self.rows = RowCoder(inputs, width * math.prod(self.sides[-1]), classes, 4 * width)
        self.grow = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in self.sides)
        self.last = nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Pictures (n, channels, h, w) of z (n, inputs) and classes (n,)."""
        h = self.rows(z, y).view(len(z), self.width, *self.sides[-1])
        for conv, side in zip(self.grow, reversed(self.sides), strict=True):
            h = interpolate(h, size=side, mode="nearest") if tuple(h.shape[2:]) != tuple(side) else h
            h = silu(conv(h))
        found: Tensor = self.last(h)
        return found


def smallest(shape: tuple[int, int, int]) -> tuple[int, int]:
    """Height and width of the smallest maps of pictures of a shape.

    >>> smallest((1, 8, 8)), smallest((3, 30, 64))
    ((4, 4), (8, 16))
    """
    height, width = shape[1:]
    for _ in range(halvings(height, width)):
        height, width = -(-height // 2), -(-width // 2)
    return height, width
