from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Loss, Model, Parts, Task, Unlabelled
from headstart.losses.alignment.entropy import entropies

from ._norm_entropy import NormEntropySettings, entropy_backbone, norms_on, predict_stream, stream_parts


@final
@dataclass(frozen=True, kw_only=True)
class Tent(NormEntropySettings):
    """After each batch, train the scales and shifts of the normalisations to lower its entropy."""

    about = About(
        "tent",
        "mapping",
        "inputs",
        Unlabelled,
        "arXiv:2006.10726",
        batch_statistics=True,
        label_kinds=("classes",),
        display_name="TENT: entropy minimisation",
    )

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """Backbone and head of the source."""
        return stream_parts(entropy_backbone(self, backbone), task)

    def moves(self) -> tuple[Descend[Unlabelled]]:
        """One descent on the normalisations."""
        return (Descend(self.loss, on=(norms_on(),)),)

    def loss(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> Loss:
        """The mean entropy."""
        logits = predict_stream(parts, batch.x)
        return Loss.sum(logits, entropy=entropies(logits).mean())

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head as they are now."""
        return Model.of(parts)
