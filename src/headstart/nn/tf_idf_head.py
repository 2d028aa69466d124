"""A linear model of TF-IDF features."""

import copy
from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

from headstart.core import Head


class TfIdfHead(Head):
    """An affine layer of word counts, weighted by how rare each word is, in rows of length 1.

    Args:
        width: words that are counted.
        classes: of the output; or tags, or numbers.
    """

    idf: Tensor  # (width,) inverse document frequency; 0 of a word that no row had

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("idf", torch.ones(width))
        self.weight = nn.Parameter(torch.zeros(classes, width))
        self.bias = nn.Parameter(torch.zeros(classes))

    @property
    def settings(self) -> Mapping[str, Any]:
        """Width and classes."""
        return {"width": self.weight.shape[1], "classes": self.weight.shape[0]}

    def weighted(self, counts: Tensor) -> Tensor:
        """TF-IDF features (n, width), rows of length 1, or 0 without known words, of counts (n, width)."""
        return nn.functional.normalize(counts * self.idf)

    def forward(self, z: Tensor) -> Tensor:
        """Logits (n, classes) of counts (n, width)."""
        return nn.functional.linear(self.weighted(z), self.weight, self.bias)

    def rescaled(self, mean: Tensor, deviation: Tensor) -> "TfIdfHead":
        """The same features with shift and scale folded into the weights."""
        head, mean, deviation = copy.deepcopy(self), mean.to(self.bias), deviation.to(self.bias)
        with torch.no_grad():
            head.weight.mul_(deviation[:, None])
            head.bias.mul_(deviation).add_(mean)
        return head

    @classmethod
    def fitted(cls, counts: Tensor, classes: int) -> Self:
        """With the document frequencies of rows (n, width), and weights of 0.

        A word that k of the n rows have gets 1 + log((1 + n) / (1 + k)).
        """
        head = cls(counts.shape[1], classes)
        rows = (counts != 0).sum(0).double()
        idf = 1 + torch.log((1 + len(counts)) / (1 + rows))
        head.idf.copy_(torch.where(rows > 0, idf, 0))
        return head.to(counts.device)
