"""Rows of a table as features, by an encoder that sees them beside rows without labels."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core.draws import normals

from .cells import Scale
from .encoder import TAGS, RowEncoder, Sizes
from .layers import Kept
from .once import Once

Read = tuple[Scale, tuple[Kept, ...]]


class ContextRows(nn.Module):
    """Features (n, width) of rows (n, columns), beside rows of the training table, whose labels are not seen.

    Args:
        rows: of the training table, >= 1.
        columns: of each.
        named: places of columns that hold codes of categories.
        sizes: of the encoder; None: the usual ones.

    Attributes:
        encoder: is trained where the backbone is.
        rows: (rows, columns), NaN: missing.
    """

    rows: Tensor
    tags: Tensor
    named: Tensor

    def __init__(
        self, rows: int, columns: int, named: Sequence[int] = (), sizes: Mapping[str, int] | None = None
    ) -> None:
        super().__init__()
        self.encoder = RowEncoder(Sizes(**(sizes or {})))
        self.width = self.encoder.sizes.width
        self.register_buffer("rows", torch.zeros(rows, columns))
        tags = normals(torch.zeros(1, dtype=torch.int64), columns * TAGS).view(1, columns, TAGS)
        self.register_buffer("tags", tags, persistent=False)
        places = torch.zeros(columns, dtype=torch.bool)
        places[list(named)] = True
        self.register_buffer("named", places, persistent=False)
        self._once: Once[Read] = Once()

    @property
    def settings(self) -> Mapping[str, Any]:
        """The number of rows and the sizes of the encoder, as JSON values."""
        return {"rows": len(self.rows), "sizes": dict(self.encoder.sizes.settings)}

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width) of rows (n, columns)."""
        scale, kept = self._once(self, self._read)
        found: Tensor = self.encoder(scale.cells(x[None]), self.tags, kept=kept)[0]
        return found[0]

    def _read(self) -> Read:
        rows = self.rows[None]
        scale = Scale.of(rows, self.named, self.encoder.sizes.codes)
        return scale, self.encoder(scale.cells(rows), self.tags, support=rows.shape[1])[1]
