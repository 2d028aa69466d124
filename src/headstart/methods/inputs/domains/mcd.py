from dataclasses import dataclass, replace
from typing import Any, final

from torch import Tensor

from headstart.core import About, Backbone, Ctx, Descend, Domains, Loss, Model, Parts, Task
from headstart.losses.alignment.mcd import classifier_discrepancy
from headstart.nn.heads import LinearHead
from headstart.nn.joined import joined

from ._aligning import OnSource


@final
@dataclass(frozen=True, kw_only=True)
class MCD(OnSource):
    """Learn features on which two heads agree about the target, however hard they try to differ.

    Each step has three moves: all descends the label loss of both heads; the heads also raise their
    discrepancy on the target, while the features rest; the features lower it, while the heads rest. What is
    shipped is the mean of the two heads.

    Attributes:
        weight: of the discrepancy, >= 0; 0 is training one head on the source alone.
        times: how often the features lower the discrepancy in a step, >= 1.
    """

    about = About(
        "mcd",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1712.02560",
        per_sample_loss=False,
        label_kinds=("classes",),
        display_name="Maximum classifier discrepancy (MCD)",
    )
    weight: float = 1.0
    times: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("weight", 0 <= self.weight < float("inf"), ">= 0")
        self.check("times", self.times >= 1, ">= 1")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """As for all tuning, and a second head that begins elsewhere."""
        parts = super().parts(backbone, task)
        if self.weight:
            parts["second head"] = LinearHead(backbone.width, task.outputs)
        return parts

    def moves(self) -> tuple[Any, ...]:
        """All on the labels; the heads apart; the features to where they agree."""
        if not self.weight:
            return super().moves()
        heads = (self.on_head(), replace(self.on_head(), part="second head"))
        features = (self.on_backbone(),)
        agree: Descend[Domains] = Descend(self.agree, on=features, name="features")
        return (
            Descend(self.fit, on=(*heads, *features), name="all"),
            Descend(self.differ, on=heads, name="heads"),
            *[agree] * self.times,
        )

    def fit(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label losses of both heads."""
        target_labelled = () if batch.target_labelled is None else (batch.target_labelled.x,)
        return Loss.sum(
            **self.of_both(parts, parts["backbone"](joined([batch.source.x, *target_labelled])), batch, ctx)
        )

    def differ(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label losses of both heads, less their discrepancy on the target."""
        target_labelled = () if batch.target_labelled is None else (batch.target_labelled.x,)
        features = parts["backbone"](joined([batch.target, batch.source.x, *target_labelled]))
        labels = self.of_both(parts, features[len(batch.target) :], batch, ctx)
        return Loss.sum(**labels, discrepancy=-self.apart(parts, features[: len(batch.target)], ctx))

    def agree(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The discrepancy on the target."""
        return Loss.sum(discrepancy=self.apart(parts, parts["backbone"](batch.target), ctx))

    def of_both(self, parts: Parts, features: Tensor, batch: Domains, ctx: Ctx) -> dict[str, Tensor]:
        """The label losses, each the sum over both heads."""
        one, other = (self.labels(parts[name](features), batch, ctx) for name in ("head", "second head"))
        return {name: one[name] + other[name] for name in one}

    def apart(self, parts: Parts, features: Tensor, ctx: Ctx) -> Tensor:
        """The weighted discrepancy () on features of the target."""
        one, other = (ctx.gather(parts[name](features)) for name in ("head", "second head"))
        return self.weight * classifier_discrepancy(one, other)

    def predictor(self, parts: Parts) -> Model:
        """The backbone and the mean of both heads, which is linear too."""
        model = super().predictor(parts)
        if not self.weight:
            return model
        one, other = parts["head"], parts["second head"]
        assert isinstance(one, LinearHead)
        assert isinstance(other, LinearHead)
        weight, bias = (one.weight + other.weight).detach() / 2, (one.bias + other.bias).detach() / 2
        return Model(model.backbone, LinearHead.of(weight, bias))
