import copy
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor

from headstart.core import About, Backbone, Ctx, Do, Parts, Unlabelled
from headstart.solvers.laplacian import laplacian_adjusted, neighbours

from ._streaming import Streaming


@final
@dataclass(frozen=True, kw_only=True)
class Lame(Streaming):
    """Let the answers of each batch agree with those of near neighbours in it; no weight changes.

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

    def copied(self, backbone: Backbone) -> Backbone:
        """As it is."""
        return copy.deepcopy(backbone)

    def moves(self) -> tuple[Any, ...]:
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
