from dataclasses import dataclass
from typing import Any, final

from headstart.core import About, Backbone, Ctx, Descend, Do, Loss, Model, Parts, Task, Unlabelled

from ._eta import EMA, EtaSettings, commit_mean, eta_loss, eta_parts
from ._norm_entropy import norms_on


@final
@dataclass(frozen=True, kw_only=True)
class RDumb(EtaSettings):
    """ETA that goes back to the source at fixed times, whatever happens.

    Attributes:
        resets: batches after which all starts anew, >= 1; None: never.
    """

    about = About(
        "rdumb",
        "mapping",
        "inputs",
        Unlabelled,
        "arXiv:2306.05401",
        per_sample_loss=False,
        batch_statistics=True,
        selects_parameters=True,
        label_kinds=("classes",),
        display_name="RDumb: start anew at fixed times",
    )
    resets: int | None = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("resets", self.resets is None or self.resets >= 1, ">= 1, or None for never")

    def reset_interval(self) -> int | None:
        """The setting `resets`."""
        return self.resets

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """Backbone and head of the source, and the running mean of probabilities."""
        return eta_parts(self, backbone, task)

    def moves(self) -> tuple[Any, ...]:
        """One descent on the normalisations; then the running mean follows."""
        return (Descend(self.loss, on=(norms_on(),)), Do(commit_mean, changes=(EMA,)))

    def loss(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> Loss:
        """That of ETA."""
        return eta_loss(self, parts, batch, ctx)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head as they are now."""
        return Model.of(parts)
