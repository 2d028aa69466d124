"""Prototypical networks: classes are the means of their support's features."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

from torch import Tensor

from headstart.core import Labelled, Parts
from headstart.core.label_kind import LabelKind
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Learner, Problem, State
from headstart.learners.metric._features import (
    class_means,
    class_sums,
    cosines,
    features_of,
    metric_parts,
    only_known,
    squared_distances,
)

COSINE_SCALE = 10.0  # at the start: cosines alone give at most e^2 times the odds
TINY = 1e-12  # squared distance; the root has no slope at 0


@final
@dataclass(frozen=True, kw_only=True)
class ProtoNet(Learner):
    """Logits are the negative squared Euclidean distances to the means of the classes.

    Attributes:
        distance: "squared-euclidean", as in the paper; "euclidean", its root; or "cosine", whose negative is
            the cosine times a learned scale.
        learn_scale: whether distances are multiplied with a learned scale, 1 at the start
            (arXiv:1805.10123); with cosines there is always one, 10 at the start.
    """

    name: ClassVar[str] = "protonet"
    title: ClassVar[str] = "Prototypical networks"
    paper: ClassVar[str] = "arXiv:1703.05175"
    kinds: ClassVar[tuple[LabelKind, ...]] = ("classes",)

    distance: Literal["squared-euclidean", "euclidean", "cosine"] = "squared-euclidean"
    learn_scale: bool = False

    def __post_init__(self) -> None:
        known = ("squared-euclidean", "euclidean", "cosine")
        self.check("distance", self.distance in known, " or ".join(map(repr, known)))

    def parts(self, encoder: Encoder, problem: Problem) -> Parts:
        """The encoder, and a scale where there is one."""
        if self.distance == "cosine":
            return metric_parts(encoder, problem, COSINE_SCALE)
        return metric_parts(encoder, problem, 1.0 if self.learn_scale else None)

    def adapt(self, parts: Parts, support: Labelled, state: State | None = None) -> State:
        """Sums (t, classes, width) of the features of each class, and its rows (t, classes)."""
        network = features_of(parts)
        return class_sums(network(support.x), support.y, network.classes, state)

    def predict(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """The negative distances (t, q, classes); -inf for classes without a row."""
        network = features_of(parts)
        features, prototypes = network(x), class_means(state)
        if self.distance == "cosine":
            return only_known(network.scale * cosines(features, prototypes), state)
        distances = squared_distances(features, prototypes)
        if self.distance == "euclidean":
            distances = distances.clamp_min(TINY).sqrt()
        return only_known(-network.scale * distances, state)
