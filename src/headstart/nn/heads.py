"""What reads outputs off features; each can be written down as data and made anew."""

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize, one_hot

from headstart.core import Head, LabelKind, Unknown


class LinearHead(Head):
    """An affine layer: (n, width) -> (n, classes), or as many tags or numbers."""

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

    def rescaled(self, mean: Tensor, deviation: Tensor) -> "LinearHead":
        """The same with both worked in."""
        mean, deviation = mean.to(self.bias), deviation.to(self.bias)
        return self.of(self.weight.detach() * deviation[:, None], self.bias.detach() * deviation + mean)

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor) -> "LinearHead":
        """With given weight (classes, width) and bias (classes,)."""
        head = cls(weight.shape[1], weight.shape[0])
        head.load_state_dict({"weight": weight.float(), "bias": bias.float()})
        return head.to(weight.device)


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
    """What the k most similar rows say, weighted by similarity: (n, width) -> (n, classes).

    Logs of the shares of votes for classes, logits of the share that has each tag, or means of numbers.
    """

    centre: Tensor  # (width,) subtracted from features first
    rows: Tensor  # (rows, width), unit length
    votes: Tensor  # (rows, classes): one-hot, 0 and 1 for tags, or numbers
    sharpness: Tensor  # () weight of a neighbour is exp(sharpness * cosine), times what it counts
    counts: Tensor | None  # (rows,) > 0 what each row counts; None: all the same

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
        self.register_buffer("counts", torch.ones(rows) if weighted else None)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Rows, width, classes, k and the kind of target, and whether rows have weights."""
        (rows, width), classes = self.rows.shape, self.votes.shape[1]
        plain = {"rows": rows, "width": width, "classes": classes, "k": self.k, "kind": self.kind}
        return plain if self.counts is None else plain | {"weighted": True}

    def forward(self, z: Tensor) -> Tensor:
        """What the neighbours of features (n, width) say, (n, classes)."""
        return self.tally(linear(normalize(z - self.centre, dim=1), self.rows))

    def tally(self, similar: Tensor) -> Tensor:
        """Answers (n, classes) from cosines (n, rows)."""
        nearest, which = similar.topk(min(self.k, similar.shape[1]), dim=1)
        return self.count(nearest, self.votes[which], None if self.counts is None else self.counts[which])

    def count(self, nearest: Tensor, votes: Tensor, counts: Tensor | None = None) -> Tensor:
        """Answers (n, classes) from the cosines (n, k) of the neighbours and their votes (n, k, classes).

        `counts` (n, k) > 0 is what each neighbour counts; None: all the same.
        One vote is spread over all classes, or over a tag and its absence.
        """
        sizes = self.sharpness * nearest
        weights = (sizes if counts is None else sizes + counts.log()).softmax(1)
        shares = torch.einsum("nk,nkc->nc", weights, votes)
        if self.kind == "numbers":
            return shares
        ways = 2 if self.kind == "tags" else shares.shape[1]
        smooth = (shares * self.k + 1 / ways) / (self.k + 1)
        return smooth.logit() if self.kind == "tags" else smooth.log()

    def rescaled(self, mean: Tensor, deviation: Tensor) -> "NeighbourHead":
        """The same neighbours, whose numbers are in other units."""
        twin = copy.deepcopy(self)
        twin.votes.mul_(deviation.to(self.votes)).add_(mean.to(self.votes))
        return twin


class VotingHead(Head):
    """What linear classifiers vote for: (n, width) -> (n, classes), logs of the shares of votes."""

    weight: Tensor  # (learners, classes, width)
    bias: Tensor  # (learners, classes)
    votes: Tensor  # (learners,) > 0, what the vote of each counts

    def __init__(self, learners: int, width: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(learners, classes, width))
        self.register_buffer("bias", torch.zeros(learners, classes))
        self.register_buffer("votes", torch.ones(learners))

    @property
    def settings(self) -> Mapping[str, Any]:
        """Learners, width and classes."""
        learners, classes, width = self.weight.shape
        return {"learners": learners, "width": width, "classes": classes}

    def forward(self, z: Tensor) -> Tensor:
        """Logs (n, classes) of the shares of votes for features (n, width); one vote goes to all alike."""
        learners, classes, _ = self.weight.shape
        chosen = (torch.einsum("nw,lcw->nlc", z, self.weight) + self.bias).argmax(2)
        shares = torch.einsum("nlc,l->nc", one_hot(chosen, classes).to(z), self.votes / self.votes.sum())
        return ((shares * learners + 1 / classes) / (learners + 1)).log()

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor, votes: Tensor) -> "VotingHead":
        """With given weight (learners, classes, width), bias (learners, classes) and votes (learners,)."""
        learners, classes, width = weight.shape
        head = cls(learners, width, classes)
        head.load_state_dict({"weight": weight.float(), "bias": bias.float(), "votes": votes.float()})
        return head.to(weight.device)


HEADS: dict[str, type[Head]] = {
    kind.__name__: kind for kind in (LinearHead, CentroidHead, NeighbourHead, VotingHead)
}


def make_head(name: str, settings: Mapping[str, Any]) -> Head:
    """A head from what `type(head).__name__` and `head.settings` said; its tensors are loaded after."""
    if name not in HEADS:
        raise Unknown("head", name, HEADS)
    return HEADS[name](**settings)
