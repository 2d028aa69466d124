from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from headstart.core import (
    About,
    Backbone,
    Ctx,
    Descend,
    LabelKind,
    Labelled,
    Loss,
    Method,
    Model,
    Parts,
    Task,
    make,
)
from headstart.losses.pairs import pair_cosine_loss
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts


@final
@dataclass(frozen=True, kw_only=True)
class SetFit(TuningSettings[Labelled]):
    """Tune an encoder on pairs of labelled rows, then read the classes off it with a logistic probe.

    Cosines of features are brought to 1 within a class and to 0 between classes, over all pairs of a batch,
    so that n rows give n (n - 1) / 2 pairs for the cost of n.

    Attributes:
        steps: of the tuning, >= 0; None takes the recipe's; 0 leaves it out: a logistic probe.
        penalty: of the probe; see `LogisticProbe`.
    """

    about = About(
        "setfit",
        "start",
        "mapping",
        Labelled,
        "arXiv:2209.11055",
        per_sample_loss=False,
        label_kinds=("classes",),
        display_name="SetFit",
    )
    steps: int | None = None
    penalty: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("steps", self.steps is None or self.steps >= 0, ">= 0, or None for the recipe's")
        self.check("penalty", self.penalty is None or self.penalty > 0, "> 0")

    def recipe_overrides(self) -> Mapping[str, Any]:
        """The steps, where they are given; batches are computed whole, as all their rows are compared."""
        return {"accumulate": 1} | ({"steps": self.steps} if self.steps else {})

    def stages(self, kind: LabelKind = "classes") -> tuple[Method[Any], ...]:
        """The tuning, then the probe of what was tuned."""
        probe = make(f"logistic-probe:penalty={self.penalty}")
        return (probe,) if self.steps == 0 else (self, probe)

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone, and a head that does not learn here: the probe's takes its place."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on the backbone."""
        _, backbone = tuned_on(self)
        return (Descend(self.loss, on=(backbone,)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """Cosines of all pairs, those of rows in different processes too."""
        weight = None if batch.weight is None else ctx.gather(batch.weight)
        features = ctx.gather(parts["backbone"](batch.x))
        return Loss.sum(pairs=pair_cosine_loss(features, ctx.gather(batch.y), weight))

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
