from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import normalize, one_hot

from headstart.core import About, Head, Labelled
from headstart.nn.centroid_head import CentroidHead
from headstart.solvers.means import mean_of
from headstart.solvers.temperature import best_scale

from .probe import Probe

ROUNDING = 1e-6  # of float32
ABSENT = -1e4  # logit of a class without rows: its probability is 0


@final
@dataclass(frozen=True, kw_only=True)
class NearestCentroid(Probe):
    """Take the class whose mean feature points the same way.

    Features are centred and brought to unit length; the centroid of a class is the direction of
    their mean. The scale of the cosines is the one that gives left-out rows the least log loss.

    Attributes:
        scale: of the cosines, > 0; None finds it.
    """

    about = About(
        "nearest-centroid",
        "mapping",
        "outputs",
        Labelled,
        "arXiv:1703.05175",
        closed_form=True,
        label_kinds=("classes",),
    )
    scale: float | None = None

    def __post_init__(self) -> None:
        self.check("scale", self.scale is None or self.scale > 0, "> 0")

    def solve(self, features: Tensor, labels: Tensor, outputs: int, weights: Tensor | None = None) -> Head:
        """Centroids of the classes that have rows; the others are never predicted."""
        head = CentroidHead(features.shape[1], outputs).to(features.device)
        head.centre.copy_(mean_of(features, weights))
        z = normalize(features - head.centre, dim=1)
        member = one_hot(labels, outputs).to(z)
        if weights is not None:
            member *= weights[:, None]
        sums = member.T @ z  # (classes, width)
        head.centroids.copy_(normalize(sums, dim=1))
        head.bias.masked_fill_(member.sum(0) == 0, ABSENT)
        seen = _left_out(z, labels, sums, weights) + head.bias
        scale = best_scale(seen, labels, weights=weights) if self.scale is None else self.scale
        head.scale.fill_(scale)
        return head


def _left_out(z: Tensor, labels: Tensor, sums: Tensor, weights: Tensor | None) -> Tensor:
    """Cosines (n, classes) to centroids in which the row itself has no part."""
    others = z @ normalize(sums, dim=1).T
    mine = z if weights is None else z * weights[:, None]
    rest = sums[labels] - mine
    if weights is not None:  # the only row of its class leaves rounding, which normalize would blow up
        alone = rest.norm(dim=1, keepdim=True) <= ROUNDING * mine.norm(dim=1, keepdim=True)
        rest = rest.masked_fill(alone, 0)
    own = normalize(rest, dim=1)  # zero for a class of one: no similarity
    return torch.scatter(others, 1, labels[:, None], (own * z).sum(1, keepdim=True))
