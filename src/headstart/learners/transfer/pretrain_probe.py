"""Pre-training on the rows of all tasks, then a linear probe on the frozen features for each new task."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, one_hot

from headstart.core import Batch, Ctx, Labelled, Loss, Parts
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Learner, Problem, State
from headstart.learners.transfer._pooled import (
    pooled_loss,
    pooled_of,
    pooled_parts,
    pooled_recipe,
)
from headstart.run.recipe import Recipe
from headstart.solvers.logistic_tasks import logistic_tasks
from headstart.solvers.ridge import ridge_path

PENALTIES = tuple(10.0**power for power in range(-4, 4))  # of the ridge, that are compared
FEW = 3  # rows, below which leaving one out tells nothing


@final
@dataclass(frozen=True, kw_only=True)
class PretrainProbe(Learner):
    """Learn all tasks as one problem; of a new task learn a logistic regression, or a ridge, on the features.

    Attributes:
        penalty: of the squares of the probe's weights, > 0; None: 1 for classes, and for numbers the one of
            0.0001 to 1000 with the least leave-one-out error in the task.
        normalise: whether features are divided by their length first, for classes; for numbers they never
            are.
    """

    name: ClassVar[str] = "pretrain-probe"
    title: ClassVar[str] = "Pre-training and a probe"
    paper: ClassVar[str] = "arXiv:2003.11539"
    pooled: ClassVar[bool] = True

    penalty: float | None = None
    normalise: bool = True

    def __post_init__(self) -> None:
        fine = self.penalty is None or 0 < self.penalty < math.inf
        self.check("penalty", fine, "a number > 0 or None")

    def parts(self, encoder: Encoder, problem: Problem) -> Parts:
        """The encoder, and the head for all tasks."""
        return pooled_parts(encoder, problem)

    def adapt(self, parts: Parts, support: Labelled, state: State | None = None) -> State:
        """The probe's weight (t, outputs, width) and bias (t, outputs), and the rows that it fits."""
        features, y = self._features(parts, support.x), support.y
        if state is not None:
            features, y = torch.cat([state["features"], features], 1), torch.cat([state["y"], y], 1)
        network = pooled_of(parts)
        if network.kind == "classes":
            weight, bias, _ = logistic_tasks(features, y, network.outputs, self.penalty or 1.0)
            bias = bias.masked_fill(~one_hot(y, network.outputs).any(1), -torch.inf)
        else:
            each = [self._ridge(network.head, *task) for task in zip(features, y, strict=True)]
            weight, bias = (torch.stack(some) for some in zip(*each, strict=True))
        return {"weight": weight, "bias": bias, "features": features, "y": y}

    def predict(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """Logits, -inf for classes without a row, or numbers (t, q, outputs)."""
        return self._features(parts, x) @ state["weight"].mT + state["bias"][:, None]

    def loss(self, parts: Parts, batch: Batch, ctx: Ctx) -> Loss:
        """The supervised loss of all tasks' rows."""
        return pooled_loss(parts, batch)

    def recipe(self) -> Recipe:
        """That of the transfer baselines."""
        return pooled_recipe()

    def _features(self, parts: Parts, x: Tensor) -> Tensor:
        network = pooled_of(parts)
        features = network.encoder.each(x)
        return normalize(features, dim=-1) if self.normalise and network.kind == "classes" else features

    def _ridge(self, head: nn.Linear, features: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Weight (outputs, width) and bias (outputs,): the head's, and a ridge on what it leaves.

        Args:
            head: for all tasks.
            features: of the rows (s, width) of one task.
            y: their numbers (s, outputs).
        """
        if len(features) < FEW:
            return head.weight, head.bias
        left = y - head(features)
        path = ridge_path(features, left, PENALTIES if self.penalty is None else (self.penalty,))
        errors = (path.held_out - left).square().mean((1, 2))
        best = int(errors.argmin())
        if self.penalty is None and errors[best] > left.square().mean():  # the head alone is better
            return head.weight, head.bias
        return head.weight + path.weight[best], head.bias + path.bias[best]
