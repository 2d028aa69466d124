from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import About, Backbone, Ctx, Do, Model, Parts, Task, Unlabelled

from ._norm_entropy import NormSettings, adaptive_backbone, predict_stream, stream_parts


@final
@dataclass(frozen=True, kw_only=True)
class Norm(NormSettings):
    """Give batch normalisations the statistics of the stream, and change nothing else.

    Other kinds of normalisation depend on each row alone: with them the predictions are the source's.
    """

    about = About(
        "norm",
        "mapping",
        "inputs",
        Unlabelled,
        "arXiv:2006.16971",
        batch_statistics=True,
        display_name="Norm: statistics of the stream (AdaBN)",
    )

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """Backbone and head of the source."""
        return stream_parts(adaptive_backbone(self, backbone), task)

    def moves(self) -> tuple[Do[Unlabelled]]:
        """Predict; running statistics are written to."""
        return (Do(self.predict, changes=("backbone",)),)

    def predict(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> Tensor:
        """Logits (n, outputs)."""
        return predict_stream(parts, batch.x)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head as they are now."""
        return Model.of(parts)
