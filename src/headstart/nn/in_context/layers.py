"""A layer that attends over the columns of each row, and over the rows of each column (arXiv:2511.03634)."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, linear, scaled_dot_product_attention

Kept = tuple[Tensor, Tensor]  # keys and values of the support's rows, (tasks, columns, heads, support, width)


class Attend(nn.Module):
    """Multi-head attention with a normalisation before it, (..., tokens, width) to the same.

    Args:
        width: of tokens.
        heads: that divide the width.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.all = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def keys(self, x: Tensor) -> Kept:
        """Keys and values (..., heads, tokens, width / heads) of normalised tokens."""
        width = x.shape[-1]
        both = linear(x, self.all.weight[width:], self.all.bias[width:])
        key, value = self._split(both, 2)
        return key, value

    def queries(self, x: Tensor) -> Tensor:
        """Queries (..., heads, tokens, width / heads) of normalised tokens."""
        width = x.shape[-1]
        return self._split(linear(x, self.all.weight[:width], self.all.bias[:width]), 1)[0]

    def read(self, x: Tensor) -> tuple[Tensor, Kept]:
        """Queries, and keys and values, of normalised tokens."""
        query, key, value = self._split(self.all(x), 3)
        return query, (key, value)

    def _split(self, x: Tensor, parts: int) -> tuple[Tensor, ...]:
        *outer, tokens, _ = x.shape
        split = x.view(*outer, tokens, parts, self.heads, -1).unbind(-3)
        return tuple(part.transpose(-3, -2) for part in split)

    def mixed(self, query: Tensor, kept: Kept) -> Tensor:
        """What is added to the tokens of the queries."""
        *outer, heads, tokens, width = query.shape
        found: Tensor = self.out(
            attend(query, *kept).transpose(-3, -2).reshape(*outer, tokens, heads * width)
        )
        return found


def sharpness(rows: int) -> float:
    """Factor on likeness to so many rows, so that attention is no flatter among many (arXiv:2501.19399)."""
    return math.log(rows + 1) / math.log(101)


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention (..., tokens, width) to keys and values, in the precision that these have.

    Written out where gradients are computed: on CPUs the fused one takes several times as long for so few
    tokens in bfloat16, backwards. Forwards the fused one takes a third of the time.
    """
    if not (torch.is_grad_enabled() or torch.compiler.is_exporting()):
        # fused in four dimensions alone
        q, k, v = (part.flatten(0, -4) for part in (query, key, value))
        return scaled_dot_product_attention(q, k, v).view_as(query)
    with torch.autocast(query.device.type, enabled=False):
        likeness = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
        found: Tensor = likeness.softmax(-1) @ value
    return found


class Layer(nn.Module):
    """Attention over columns, attention over rows, and two linear layers; (tasks, rows, columns, width).

    Args:
        width: of tokens.
        heads: that divide the width.
        hidden: units of the network.
    """

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.across = Attend(width, heads)
        self.along = Attend(width, heads)
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)
        for out in (self.across.out, self.along.out, self.down):  # at first a layer changes little
            nn.init.zeros_(out.bias)
            nn.init.normal_(out.weight, std=0.02)

    def columns(self, x: Tensor, last: bool = False) -> Tensor:
        """After attention over the columns of each row; with `last` the label's column alone."""
        z = self.across.norm(x)
        if last:
            x, (query, kept) = x[..., -1:, :], (self.across.queries(z[..., -1:, :]), self.across.keys(z))
        else:
            query, kept = self.across.read(z)
        return x + self.across.mixed(query, kept)

    def rows(self, x: Tensor, support: int, kept: Kept | None = None) -> tuple[Tensor, Kept]:
        """After attention of all rows of x to the support, its first rows or those `kept`; and their keys."""
        z = self.along.norm(x).transpose(1, 2)  # (tasks, columns, rows, width)
        kept = self.along.keys(z[:, :, :support]) if kept is None else kept
        query = self.along.queries(z) * sharpness(kept[0].shape[-2])
        return x + self.along.mixed(query, kept).transpose(1, 2), kept

    def forward(
        self, x: Tensor, support: int, kept: Kept | None = None, last: bool = False
    ) -> tuple[Tensor, Kept]:
        """All three; with `last` tokens of the label's column alone."""
        x, kept = self.rows(self.columns(x, last), support, kept)
        return x + self.down(gelu(self.up(self.norm(x)))), kept
