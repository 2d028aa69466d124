from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import log_softmax, softplus

from headstart.core import About, Backbone, Ctx, Descend, Domains, Loss, Model, Parts, Task, label_kind_of
from headstart.methods.tuning import tuned_on, tuned_parts
from headstart.solvers.transport import sinkhorn

from ._alignment import AlignmentSettings, forward_domains, source_loss

TOLERANCE = 1e-3  # share of the mass that a plan may misplace: batches are samples only


@final
@dataclass(frozen=True, kw_only=True)
class DeepJDOT(AlignmentSettings):
    """Learn features and predictions that minimise the optimal transport cost between the domains.

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

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and a linear head."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Domains]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label loss, and the cost of the cheapest plan."""
        if not self.weight:
            return source_loss(parts, batch, ctx, self.smoothing)
        outputs, labels = forward_domains(parts, batch, ctx, self.smoothing)
        features = outputs.source.float(), outputs.target.float()
        gaps = torch.cdist(*features, compute_mode="donot_use_mm_for_euclid_dist").square()
        cost = self.distance * gaps + losses_of_pairs(outputs.labels, outputs.target_logits.float())
        transport = (self.plan(cost.detach(), outputs.weights) * cost).sum()
        return Loss.sum(**labels, transport=self.strength(ctx) * transport)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)

    def plan(self, cost: Tensor, weights: Tensor | None = None) -> Tensor:
        """How much each source row sends, as its weight says, to each target row: (n, m) with a sum of 1."""
        if weights is not None and not float(weights.sum()) > 0:
            return torch.zeros_like(cost)
        mean = max(cost.mean().item(), torch.finfo(torch.float32).tiny)
        return sinkhorn(cost, self.epsilon * mean, weights, tolerance=TOLERANCE).plan.to(cost)


def losses_of_pairs(labels: Tensor, outputs: Tensor) -> Tensor:
    """The loss (n, m) of each of m outputs at each of n labels, of the kind that the labels are."""
    kind = label_kind_of(labels)
    if kind == "classes":
        return -log_softmax(outputs, 1)[:, labels].T
    if kind == "tags":
        return torch.where(labels[:, None], softplus(-outputs), softplus(outputs)).mean(2)
    return (labels[:, None].to(outputs) - outputs).square().mean(2)
