"""A conditional network from rows of numbers to rows of numbers."""

import torch
from torch import Tensor, nn

from .conditions import Conditions, Modulation


class ResidualRows(nn.Module):
    """Residual layers on rows (n, inputs), modulated by time and class, to (n, outputs); at first zeros."""

    def __init__(self, inputs: int, outputs: int, classes: int, width: int, depth: int) -> None:
        """Of `depth` layers of `width` units."""
        super().__init__()
        self.conditions = Conditions(classes, width)
        self.first = nn.Linear(inputs, width)
        self.layers = nn.ModuleList(_Layer(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.last = nn.Linear(width, outputs)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor, time: Tensor, y: Tensor) -> Tensor:
        """(n, outputs) of x (n, inputs), times (n,) in [0, 1] and classes (n,)."""
        condition = self.conditions(time, y)
        h = self.first(x)
        for layer in self.layers:
            h = layer(h, condition)
        found: Tensor = self.last(self.norm(h))
        return found


class _Layer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.modulation = Modulation(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        found: Tensor = x + self.down(
            torch.nn.functional.silu(self.up(self.modulation(self.norm(x), condition)))
        )
        return found
