"""The nearest centroid on frozen features: nothing is learned but the means of a task's classes."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

from torch import Tensor
from torch.nn.functional import normalize

from headstart.core import Labelled, Parts
from headstart.core.label_kind import LabelKind
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Learner, Problem, State
from headstart.learners.metric._features import (
    class_means,
    class_sums,
    features_of,
    metric_parts,
    only_known,
    squared_distances,
)


@final
@dataclass(frozen=True, kw_only=True)
class NearestCentroid(Learner):
    """Logits are the negative squared distances to the means of the classes' features, which are frozen.

    Attributes:
        normalise: "length" divides the features of a row by their length, as SimpleShot's L2N does;
            "none" leaves them.
    """

    name: ClassVar[str] = "nearest-centroid"
    title: ClassVar[str] = "Nearest centroid"
    paper: ClassVar[str] = "arXiv:1911.04623"
    kinds: ClassVar[tuple[LabelKind, ...]] = ("classes",)
    learned: ClassVar[tuple[str, ...]] = ()

    normalise: Literal["length", "none"] = "length"

    def __post_init__(self) -> None:
        self.check("normalise", self.normalise in ("length", "none"), "'length' or 'none'")

    def parts(self, encoder: Encoder, problem: Problem) -> Parts:
        """The encoder, which stays as it is."""
        return metric_parts(encoder, problem)

    def adapt(self, parts: Parts, support: Labelled, state: State | None = None) -> State:
        """Sums (t, classes, width) of the features of each class, and its rows (t, classes)."""
        features = self._features(parts, support.x)
        return class_sums(features, support.y, features_of(parts).classes, state)

    def predict(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """The negative squared distances (t, q, classes); -inf for classes without a row."""
        return only_known(-squared_distances(self._features(parts, x), class_means(state)), state)

    def _features(self, parts: Parts, x: Tensor) -> Tensor:
        features: Tensor = features_of(parts)(x)
        return normalize(features, dim=-1) if self.normalise == "length" else features
