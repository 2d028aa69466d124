from dataclasses import dataclass, fields
from typing import Any, final

from headstart.core import About, Backbone, Ctx, Descend, Domains, Loss, Model, Parts, Task
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts

from ._alignment import source_loss


@final
@dataclass(frozen=True, kw_only=True)
class SourceOnly(TuningSettings[Domains]):
    """Train on the labelled source alone: the baseline of all domain adaptation.

    Unlabelled samples of the target are not used; labelled rows of the target are learned from.
    """

    about = About(
        "source-only",
        "mapping",
        "inputs",
        Domains,
        "doi:10.1007/s10994-009-5152-4",
        per_sample_loss=False,  # parts of a batch may hold other shares of the labelled target rows
        display_name="Source only",
    )

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and a linear head."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Domains]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label losses."""
        return source_loss(parts, batch, ctx, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)

    @classmethod
    def like(cls, settings: TuningSettings[Any]) -> "SourceOnly":
        """With the same settings as another method."""
        return cls(**{field.name: getattr(settings, field.name) for field in fields(cls)})
