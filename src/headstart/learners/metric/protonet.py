"""Prototypical networks: classes are the means of their support's features."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from headstart.core import Labelled, Parts
from headstart.core.label_kind import LabelKind
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Learner, Problem, State
from headstart.learners.metric._features import features_of, metric_parts


@final
@dataclass(frozen=True, kw_only=True)
class ProtoNet(Learner):
    """Logits are the negative squared Euclidean distances to the means of the classes."""

    name: ClassVar[str] = "protonet"
    title: ClassVar[str] = "Prototypical networks"
    paper: ClassVar[str] = "arXiv:1703.05175"
    kinds: ClassVar[tuple[LabelKind, ...]] = ("classes",)

    def parts(self, encoder: Encoder, problem: Problem) -> Parts:
        """The encoder."""
        return metric_parts(encoder, problem)

    def adapt(self, parts: Parts, support: Labelled, state: State | None = None) -> State:
        """Sums (t, classes, width) of the features of each class, and its rows (t, classes)."""
        network = features_of(parts)
        features = network(support.x)
        of_class = one_hot(support.y, network.classes).to(features)  # (t, s, classes)
        sums, rows = of_class.mT @ features, of_class.sum(1)
        if state is not None:
            sums, rows = sums + state["sums"], rows + state["rows"]
        return {"sums": sums, "rows": rows}

    def predict(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """The negative squared distances (t, q, classes); -inf for classes without a row."""
        features, rows = features_of(parts)(x), state["rows"]
        prototypes = state["sums"] / rows.clamp_min(1)[..., None]
        distances = (features[:, :, None] - prototypes[:, None]).square().sum(-1)
        return torch.where(rows[:, None] > 0, -distances, -torch.inf)
