"""Attention of rows to a context whose keys and values are kept."""

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


class ContextLayer(nn.Module):
    """A layer of a transformer whose rows attend to given keys and values: normalised first, with residuals.

    Args:
        width: of a row, a multiple of `heads`.
        heads: of the attention.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.perceptron = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def context(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values (t, heads, s, width / heads) of the rows (t, s, width) that are attended to."""
        keys, values = self.key_value(self.norm(rows)).chunk(2, 2)
        return self._split(keys), self._split(values)

    def forward(self, rows: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Rows (t, q, width) after attending to the context, each by itself."""
        queries = self._split(self.query(self.norm(rows)))
        read = scaled_dot_product_attention(queries, keys, values)  # (t, heads, q, width / heads)
        rows = rows + self.out(read.transpose(1, 2).flatten(2))
        changed: Tensor = rows + self.perceptron(rows)
        return changed

    def _split(self, rows: Tensor) -> Tensor:
        return rows.view(*rows.shape[:2], self.heads, rows.shape[2] // self.heads).transpose(1, 2)
