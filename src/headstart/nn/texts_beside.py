"""The features of a column of texts beside those of the other columns of a table."""

import torch
from torch import Tensor, nn

from headstart.core.schema import Schema

from .columns import Encode


class EncodeBeside(nn.Module):
    """Encode rows (n, columns) as features: those of `Encode`, and those that a backbone gives of the texts.

    Of a row without a text the latter are 0.

    Attributes:
        width: features of a row.
    """

    places: Tensor

    def __init__(self, schema: Schema, texts: nn.Module, width: int) -> None:
        """Of a schema with ids of tokens, and a backbone of ids (n, length) with so many features."""
        super().__init__()
        self.columns = Encode(schema)
        self.texts = texts
        self.width = self.columns.width + width
        places = [place for place, column in enumerate(schema.columns) if column.token]
        self.register_buffer("places", torch.tensor(places, dtype=torch.int64), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width) of x (n, columns)."""
        ids = x[:, self.places].long()
        there = ids >= 0
        if not _traced():
            ids = ids[:, : max(1, int(there.sum(1).max()))]
        some = there.any(1, keepdim=True)
        ids = torch.cat([ids[:, :1].clamp(min=0), ids[:, 1:]], dim=1)  # a mean of no token is not a number
        return torch.cat([self.columns(x), self._read(ids) * some], dim=1)

    def _read(self, ids: Tensor) -> Tensor:
        """Features (n, width) of ids (n, length); each text is read once, unless something is learned."""
        if torch.is_grad_enabled() or self.texts.training or _traced():
            return self.texts(ids)  # type: ignore[no-any-return]
        texts, which = torch.unique(ids, dim=0, return_inverse=True)
        return self.texts(ids) if len(texts) == len(ids) else self.texts(texts)[which]  # type: ignore[no-any-return]


def _traced() -> bool:
    return torch.jit.is_tracing() or torch.compiler.is_compiling()  # type: ignore[attr-defined, no-untyped-call]
