from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import log_softmax, softplus

from headstart.core import About, Ctx, Domains, Parts, label_kind_of
from headstart.solvers.transport import sinkhorn

from ._aligning import Aligning, Seen

TOLERANCE = 1e-3  # share of the mass that a plan may misplace: batches are samples only


@final
@dataclass(frozen=True, kw_only=True)
class DeepJDOT(Aligning):
    """Learn features and answers that cost little to carry from the source to the target.

    Each step finds the cheapest plan that carries the source's rows to the target's; a pair costs the
    distance of its features and the loss of the target's answer at the source's label. Then both descend
    the plan's cost, the plan as it is.

    Attributes:
        distance: of a pair's features, squared, what it costs beside the loss of the answer, >= 0.
        epsilon: how far the plan is smoothed, > 0, as a share of the mean cost; the smaller, the nearer to
            the cheapest plan and the slower.
    """

    about = About(
        "deepjdot",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1803.10081",
        per_sample_loss=False,
        display_name="Joint distribution optimal transport (DeepJDOT)",
    )
    distance: float = 0.1
    epsilon: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("distance", 0 <= self.distance < float("inf"), ">= 0")
        self.check("epsilon", 0 < self.epsilon < float("inf"), "> 0")

    def align(self, parts: Parts, seen: Seen, ctx: Ctx) -> Mapping[str, Tensor]:
        """The cost of the cheapest plan."""
        gaps = squared_distances(seen.source.float(), seen.target.float())
        cost = self.distance * gaps + losses_of_pairs(seen.labels, seen.target_logits.float())
        return {"transport": self.strength(ctx) * (self.plan(cost.detach(), seen.weights) * cost).sum()}

    def plan(self, cost: Tensor, weights: Tensor | None = None) -> Tensor:
        """How much of each source row goes to each target row, (n, m) with a sum of 1, of a cost (n, m).

        Source rows send as much as their weights (n,) say.
        """
        if weights is not None and not float(weights.sum()) > 0:
            return torch.zeros_like(cost)
        smooth = self.epsilon * max(cost.mean().item(), torch.finfo(torch.float32).tiny)
        return sinkhorn(cost, smooth, weights, tolerance=TOLERANCE).plan.to(cost)


def squared_distances(source: Tensor, target: Tensor) -> Tensor:
    """(n, m), of features (n, width) and (m, width)."""
    found: Tensor = torch.cdist(source, target, compute_mode="donot_use_mm_for_euclid_dist").square()
    return found


def losses_of_pairs(labels: Tensor, outputs: Tensor) -> Tensor:
    """The loss (n, m) of each of m outputs at each of n labels, of the kind that the labels are."""
    kind = label_kind_of(labels)
    if kind == "classes":
        return -log_softmax(outputs, 1)[:, labels].T
    if kind == "tags":
        return torch.where(labels[:, None], softplus(-outputs), softplus(outputs)).mean(2)
    return (labels[:, None].to(outputs) - outputs).square().mean(2)
