"""Matching networks: a query has the labels of the support's rows, weighted by attention."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from headstart.core import Labelled, Parts
from headstart.core.label_kind import LabelKind
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Learner, Problem, State
from headstart.learners.metric._features import ClassFeatures, cosines, features_of


@final
@dataclass(frozen=True, kw_only=True)
class MatchingNet(Learner):
    """The probability of a class is the attention, a softmax of cosines, on its rows in the support.

    One encoder serves the support and the queries; the paper's embeddings in full context, by recurrent
    networks over the support, are not here.

    Attributes:
        scale: of the cosines, > 0; the paper has 1.
        learn_scale: whether it is learned, from there on.
    """

    name: ClassVar[str] = "matching-net"
    title: ClassVar[str] = "Matching networks"
    paper: ClassVar[str] = "arXiv:1606.04080"
    kinds: ClassVar[tuple[LabelKind, ...]] = ("classes",)

    scale: float = 1.0
    learn_scale: bool = False

    def __post_init__(self) -> None:
        self.check("scale", self.scale > 0, "> 0")

    def parts(self, encoder: Encoder, problem: Problem) -> Parts:
        """The encoder and the scale."""
        return Parts({"network": ClassFeatures(encoder, problem.outputs, self.scale, self.learn_scale)})

    def adapt(self, parts: Parts, support: Labelled, state: State | None = None) -> State:
        """The features (t, s, width) of the rows, and their classes (t, s)."""
        features, y = features_of(parts)(support.x), support.y
        if state is not None:
            features, y = torch.cat([state["features"], features], 1), torch.cat([state["y"], y], 1)
        return {"features": features, "y": y}

    def predict(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """The logarithms of the probabilities (t, q, classes); -inf for classes without a row."""
        network = features_of(parts)
        attention = (network.scale * cosines(network(x), state["features"])).log_softmax(-1)  # (t, q, s)
        of_class = one_hot(state["y"], network.classes).bool().mT[:, None]  # (t, 1, classes, s)
        return torch.where(of_class, attention[:, :, None], -torch.inf).logsumexp(-1)
