"""Prediction by k nearest neighbours."""

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear, normalize

from headstart.core import Head, LabelKind


class NeighbourHead(Head):
    """The similarity-weighted vote of the k most similar rows: (n, width) -> (n, classes).

    Outputs are scaled log vote shares of classes, logits of the vote share of each tag, or means of numbers.
    """

    centre: Tensor  # (width,) subtracted from features first
    rows: Tensor  # (rows, width), unit length
    votes: Tensor  # (rows, classes): one-hot, 0 and 1 for tags, or numbers
    sharpness: Tensor  # () weight of a neighbour is exp(sharpness * cosine), times its row weight
    scale: Tensor  # () > 0 of the log vote shares of classes, an inverse temperature
    counts: Tensor | None  # (rows,) > 0 weights of the rows; None: all equal

    def __init__(
        self,
        rows: int,
        width: int,
        classes: int,
        k: int,
        kind: LabelKind = "classes",
        weighted: bool = False,
    ) -> None:
        super().__init__()
        self.k, self.kind = k, kind
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("rows", torch.zeros(rows, width))
        self.register_buffer("votes", torch.zeros(rows, classes))
        self.register_buffer("sharpness", torch.ones(()))
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("counts", torch.ones(rows) if weighted else None)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Rows, width, classes, k and the kind of label, and whether rows have weights."""
        (rows, width), classes = self.rows.shape, self.votes.shape[1]
        plain = {"rows": rows, "width": width, "classes": classes, "k": self.k, "kind": self.kind}
        return plain if self.counts is None else plain | {"weighted": True}

    def forward(self, z: Tensor) -> Tensor:
        """Predictions (n, classes) from the neighbours of features (n, width)."""
        return self.tally(linear(normalize(z - self.centre, dim=1), self.rows))

    def tally(self, similar: Tensor) -> Tensor:
        """Predictions (n, classes) from cosines (n, rows)."""
        nearest, which = similar.topk(min(self.k, similar.shape[1]), dim=1)
        return self.count(nearest, self.votes[which], None if self.counts is None else self.counts[which])

    def count(self, nearest: Tensor, votes: Tensor, counts: Tensor | None = None) -> Tensor:
        """Predictions (n, classes) from the cosines (n, k) of the neighbours and their votes (n, k, classes).

        `counts` (n, k) > 0 are weights of the neighbours; None: all equal.
        One extra vote is spread over all classes, or over a tag and its absence.
        """
        sizes = self.sharpness * nearest
        weights = (sizes if counts is None else sizes + counts.log()).softmax(1)
        shares = torch.einsum("nk,nkc->nc", weights, votes)
        if self.kind == "numbers":
            return shares
        ways = 2 if self.kind == "tags" else shares.shape[1]
        smooth = (shares * self.k + 1 / ways) / (self.k + 1)
        return smooth.logit() if self.kind == "tags" else self.scale * smooth.log()

    def rescaled(self, mean: Tensor, deviation: Tensor) -> "NeighbourHead":
        """The same neighbours with rescaled labels, for regression."""
        twin = copy.deepcopy(self)
        twin.votes.mul_(deviation.to(self.votes)).add_(mean.to(self.votes))
        return twin
