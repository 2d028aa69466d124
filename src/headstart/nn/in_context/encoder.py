"""The part of an in-context network that reads rows: cells as tokens, in layers over columns and rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .cells import INPUTS, Cells
from .layers import Kept, Layer

TAGS = 8  # random numbers that tell columns apart


@dataclass(frozen=True)
class Sizes:
    """The size of an in-context network.

    Attributes:
        width: of tokens.
        heads: of attention.
        hidden: units of a layer's network.
        layers: number of them.
        codes: categories of a column that are told apart.
    """

    width: int = 96
    heads: int = 3
    hidden: int = 192
    layers: int = 4
    codes: int = 16

    @property
    def settings(self) -> Mapping[str, Any]:
        """As plain data."""
        return dict(vars(self))


class RowEncoder(nn.Module):
    """Rows of a table as features: a token for each cell, and one for the label, or for that none is known.

    Rows of the support see each other, other rows see the support alone.

    Args:
        sizes: of the network.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        width = sizes.width
        self.cell = nn.Linear(INPUTS, width)
        self.code = nn.Embedding(sizes.codes + 1, width)
        self.tag = nn.Linear(TAGS, width, bias=False)
        self.unknown = nn.Parameter(0.5 * torch.randn(width))  # in place of the token of a label
        self.layers = nn.ModuleList(Layer(width, sizes.heads, sizes.hidden) for _ in range(sizes.layers))
        self.norm = nn.LayerNorm(width)
        nn.init.normal_(self.code.weight, std=0.5)
        nn.init.normal_(self.tag.weight, std=0.1)

    def forward(
        self,
        cells: Cells,
        tags: Tensor,
        labels: Tensor | None = None,
        support: int = 0,
        kept: tuple[Kept, ...] | None = None,
    ) -> tuple[Tensor, tuple[Kept, ...]]:
        """Features of rows, and what is kept of the support by each layer.

        Args:
            cells: of all rows, those of the support first.
            tags: (tasks, columns, TAGS) random numbers that tell the columns apart.
            labels: tokens (tasks, rows, width) of the labels, or of what is asked for; None: not known.
            support: how many rows are the support; all are asked for where it was read before.
            kept: of a support that was read before.

        Returns:
            (tasks, rows, width), and keys and values of each layer.
        """
        tasks, rows = cells.codes.shape[:2]
        labels = self.unknown.expand(tasks, rows, -1) if labels is None else labels
        x = self.cell(cells.values) + self.code(cells.codes) + self.tag(tags)[:, None]
        x = torch.cat([x, labels[:, :, None].to(x.dtype)], 2)
        made = []
        for place, layer in enumerate(self.layers):
            last = place == len(self.layers) - 1
            x, keys = layer(x, support, None if kept is None else kept[place], last)
            made.append(keys)
        found: Tensor = self.norm(x[:, :, -1])
        return found, tuple(made)
