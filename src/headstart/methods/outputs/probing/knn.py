from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import normalize, one_hot

from headstart.core import About, Head, LabelKind, Labelled, label_kind_of
from headstart.losses.label import label_loss
from headstart.nn.neighbour_head import NeighbourHead
from headstart.solvers.means import mean_of
from headstart.solvers.temperature import best_scale

from .probe import Probe

AT_ONCE = 2**24  # cosines that are held in memory
SHARPNESS = (3.0, 10.0, 30.0)
SIZES: dict[LabelKind, tuple[int, ...]] = {  # one or three votes of classes are too few for a probability
    "classes": (5, 10, 20),
    "tags": (5, 10, 20),
    "numbers": (1, 3, 5, 10, 20),
}


@final
@dataclass(frozen=True, kw_only=True)
class KNN(Probe):
    """Let the most similar labelled rows vote, or take the mean of their numbers.

    Features are centred and brought to unit length, similarity is the cosine, and a neighbour's vote weighs
    exp(sharpness * cosine), times the row's own weight if it has one. What is not given is chosen by the loss
    on left-out rows.

    Attributes:
        k: neighbours, >= 1; None finds it among 5, 10 and 20, of numbers also among 1 and 3.
        sharpness: of the weights, >= 0; None finds it among 3, 10 and 30.
        scale: of the log vote shares of classes, > 0; None finds it by temperature scaling on left-out rows.
    """

    about = About(
        "knn",
        "mapping",
        "outputs",
        Labelled,
        "arXiv:1805.01978",
        closed_form=True,
        growth=2.0,
        display_name="kNN",
    )
    k: int | None = None
    sharpness: float | None = None
    scale: float | None = None

    def __post_init__(self) -> None:
        self.check("k", self.k is None or self.k >= 1, "a whole number >= 1")
        self.check("sharpness", self.sharpness is None or self.sharpness >= 0, ">= 0")
        self.check("scale", self.scale is None or 0 < self.scale < float("inf"), "a number > 0")

    def solve(self, features: Tensor, labels: Tensor, outputs: int, weights: Tensor | None = None) -> Head:
        """All rows, and the k and sharpness that serve rows best that don't see themselves."""
        centre = mean_of(features, weights)
        rows = normalize(features - centre, dim=1)
        kind = label_kind_of(labels)
        votes = one_hot(labels, outputs) if kind == "classes" else labels
        sizes = (self.k,) if self.k else sizes_for(kind, len(rows))
        nearest, which = _neighbours(rows, max(sizes))
        best: tuple[float, NeighbourHead] | None = None
        for k in sizes:
            for sharpness in SHARPNESS if self.sharpness is None else (self.sharpness,):
                head = NeighbourHead(len(rows), rows.shape[1], outputs, k, kind).to(rows.device)
                head.votes.copy_(votes)
                head.sharpness.fill_(sharpness)
                head.counts = weights
                counts = None if weights is None else weights[which[:, :k]]
                held_out = head.count(nearest[:, :k], head.votes[which[:, :k]], counts)
                if kind == "classes":
                    head.scale.fill_(self.scale or best_scale(held_out, labels, weights=weights))
                loss = float(label_loss(held_out * head.scale, labels, weight=weights))
                if best is None or loss < best[0]:
                    best = (loss, head)
        assert best is not None
        best[1].centre.copy_(centre)
        best[1].rows.copy_(rows)
        return best[1]


def _neighbours(rows: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Cosines and numbers (n, k) of the most similar other rows to each of (n, d), of unit length."""
    found = []
    some = max(1, AT_ONCE // len(rows))
    for start in range(0, len(rows), some):
        similar = rows[start : start + some] @ rows.T
        similar.diagonal(start).fill_(-torch.inf)
        found.append(similar.topk(min(k, len(rows)), dim=1))
    return torch.cat([each.values for each in found]), torch.cat([each.indices for each in found])


def sizes_for(kind: LabelKind, rows: int) -> list[int]:
    """Numbers of neighbours to choose from: fewer than there are rows."""
    return [k for k in SIZES[kind] if k < rows] or [max(1, rows - 1)]
