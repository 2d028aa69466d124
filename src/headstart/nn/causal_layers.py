"""Layers over sequences that see the past alone, and keep what later rows will need of it.

Both are of SNAIL (Mishra, Rohaninejad, Chen and Abbeel 2018, arXiv:1707.03141): what they read stands beside
the row, so that rows grow wider from layer to layer.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

Past = Mapping[str, Tensor]
"""What a layer keeps of the rows before, by name: (t, rows, width) each."""


class CausalConvolution(nn.Module):
    """A gated convolution over each row and an earlier one: a "dense block".

    Args:
        width: of a row.
        units: that are added to it.
        dilation: how many rows back the earlier one is, >= 1.
    """

    def __init__(self, width: int, units: int, dilation: int) -> None:
        super().__init__()
        self.dilation, self.width = dilation, width + units
        self.now = nn.Linear(width, 2 * units)
        self.before = nn.Linear(width, 2 * units, bias=False)

    def forward(self, rows: Tensor, past: Past | None) -> tuple[Tensor, Past]:
        """Wider rows (t, s, width + units) of rows (t, s, width), and the last inputs, as "rows".

        Before the first row there are zeros.
        """
        empty = rows.new_zeros(len(rows), self.dilation, rows.shape[2])
        all_rows = torch.cat([empty if past is None else past["rows"], rows], 1)
        kept = all_rows[:, -self.dilation :].contiguous()
        return self._gated(rows, all_rows[:, : rows.shape[1]]), {"rows": kept}

    def peek(self, rows: Tensor, past: Past) -> Tensor:
        """Wider rows (t, q, width + units), each read as if it alone were the next one."""
        return self._gated(rows, past["rows"][:, :1])

    def _gated(self, rows: Tensor, earlier: Tensor) -> Tensor:
        value, gate = (self.now(rows) + self.before(earlier)).chunk(2, 2)
        return torch.cat([rows, value.tanh() * gate.sigmoid()], 2)


class CausalAttention(nn.Module):
    """Attention of each row to itself and all rows before.

    Args:
        width: of a row.
        units: of a key and of a value, which is added to the row.
    """

    def __init__(self, width: int, units: int) -> None:
        super().__init__()
        self.width, self.scale = width + units, units**-0.5
        self.query, self.key, self.value = (nn.Linear(width, units) for _ in range(3))

    def forward(self, rows: Tensor, past: Past | None) -> tuple[Tensor, Past]:
        """Wider rows (t, s, width + units) of rows (t, s, width), and all "keys" and "values" so far."""
        kept = {"keys": self.key(rows), "values": self.value(rows)}
        if past is not None:
            kept = {name: torch.cat([past[name], value], 1) for name, value in kept.items()}
        many, so_far = rows.shape[1], kept["keys"].shape[1]
        seen = rows.new_ones(many, so_far, dtype=torch.bool).tril(so_far - many)
        read = scaled_dot_product_attention(self.query(rows), kept["keys"], kept["values"], attn_mask=seen)
        return torch.cat([rows, read], 2), kept

    def peek(self, rows: Tensor, past: Past) -> Tensor:
        """Wider rows (t, q, width + units), each read as if it alone were the next one."""
        queries = self.query(rows) * self.scale
        itself = (queries * self.key(rows)).sum(2, keepdim=True)
        shares = torch.cat([queries @ past["keys"].mT, itself], 2).softmax(2)
        read = shares[..., :-1] @ past["values"] + shares[..., -1:] * self.value(rows)
        return torch.cat([rows, read], 2)
