import copy
from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import About, Backbone, Ctx, Do, Method, Model, Parts, Task, Unlabelled
from headstart.solvers.laplacian import laplacian_adjusted, neighbours

from ._norm_entropy import stream_parts


@final
@dataclass(frozen=True, kw_only=True)
class Lame(Method[Unlabelled]):
    """Correct the predictions of each batch so that near neighbours in it agree; no weight changes.

    Attributes:
        weight: of the agreement, >= 0; 0: the answers of the source.
        k: neighbours of a row, >= 1.
    """

    about = About(
        "lame",
        "mapping",
        "inputs",
        Unlabelled,
        "arXiv:2201.05718",
        per_sample_loss=False,
        label_kinds=("classes",),
        display_name="LAME: answers that agree with neighbours",
    )
    weight: float = 1.0
    k: int = 5

    def __post_init__(self) -> None:
        self.check("weight", 0 <= self.weight < float("inf"), "a number >= 0")
        self.check("k", self.k >= 1, ">= 1")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """Backbone and head of the source."""
        return stream_parts(copy.deepcopy(backbone), task)

    def moves(self) -> tuple[Do[Unlabelled]]:
        """Predict."""
        return (Do(self.predict),)

    def predict(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> Tensor:
        """Logs of the adjusted probabilities (n, classes)."""
        features = parts["backbone"](batch.x)
        logits: Tensor = parts["head"](features).float()
        if not self.weight or len(logits) < 2:
            return logits
        affinity = self.weight * neighbours(features, self.k)
        return laplacian_adjusted(logits, affinity).clamp_min(1e-38).log()

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head as they are now."""
        return Model.of(parts)
