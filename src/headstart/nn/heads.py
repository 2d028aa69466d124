"""What reads outputs off features; each can be written down as data and made anew."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

from headstart.core import Head, Unknown


class LinearHead(Head):
    """An affine layer: (n, width) -> (n, classes)."""

    def __init__(self, width: int, classes: int, deviation: float = 0.01) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(classes, width) * deviation)
        self.bias = nn.Parameter(torch.zeros(classes))

    @property
    def settings(self) -> Mapping[str, Any]:
        """Width and classes."""
        return {"width": self.weight.shape[1], "classes": self.weight.shape[0]}

    def forward(self, z: Tensor) -> Tensor:
        """Logits (n, classes) of features (n, width)."""
        return linear(z, self.weight, self.bias)

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor) -> "LinearHead":
        """With given weight (classes, width) and bias (classes,)."""
        head = cls(weight.shape[1], weight.shape[0])
        head.load_state_dict({"weight": weight.float(), "bias": bias.float()})
        return head


class CentroidHead(Head):
    """Cosine similarity to a centroid a class, times a scale: (n, width) -> (n, classes)."""

    centre: Tensor  # (width,) subtracted from features first
    centroids: Tensor  # (classes, width), unit length
    scale: Tensor  # ()
    bias: Tensor  # (classes,) 0, or far below for a class without a centroid

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("centroids", torch.zeros(classes, width))
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("bias", torch.zeros(classes))

    @property
    def settings(self) -> Mapping[str, Any]:
        """Width and classes."""
        return {"width": self.centroids.shape[1], "classes": self.centroids.shape[0]}

    def forward(self, z: Tensor) -> Tensor:
        """Logits (n, classes) of features (n, width)."""
        return self.scale * linear(normalize(z - self.centre, dim=1), self.centroids) + self.bias


class NeighbourHead(Head):
    """Votes of the k most similar rows, weighted by similarity: (n, width) -> log votes (n, classes)."""

    centre: Tensor  # (width,) subtracted from features first
    rows: Tensor  # (rows, width), unit length
    votes: Tensor  # (rows, classes), one-hot
    sharpness: Tensor  # () weight of a neighbour is exp(sharpness * cosine)

    def __init__(self, rows: int, width: int, classes: int, k: int) -> None:
        super().__init__()
        self.k = k
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("rows", torch.zeros(rows, width))
        self.register_buffer("votes", torch.zeros(rows, classes))
        self.register_buffer("sharpness", torch.ones(()))

    @property
    def settings(self) -> Mapping[str, Any]:
        """Rows, width, classes and k."""
        rows, width = self.rows.shape
        return {"rows": rows, "width": width, "classes": self.votes.shape[1], "k": self.k}

    def forward(self, z: Tensor) -> Tensor:
        """Log of the weighted share of votes (n, classes) of features (n, width)."""
        return self.tally(linear(normalize(z - self.centre, dim=1), self.rows))

    def tally(self, similar: Tensor) -> Tensor:
        """Log shares (n, classes) from cosines (n, rows); one vote is spread over all classes."""
        nearest, which = similar.topk(min(self.k, similar.shape[1]), dim=1)
        weights = (self.sharpness * nearest).softmax(1)
        shares = torch.einsum("nk,nkc->nc", weights, self.votes[which])
        return ((shares * self.k + 1 / shares.shape[1]) / (self.k + 1)).log()


HEADS: dict[str, type[Head]] = {kind.__name__: kind for kind in (LinearHead, CentroidHead, NeighbourHead)}


def make_head(name: str, settings: Mapping[str, Any]) -> Head:
    """A head from what `type(head).__name__` and `head.settings` said; its tensors are loaded after."""
    if name not in HEADS:
        raise Unknown("head", name, HEADS)
    return HEADS[name](**settings)
