from dataclasses import dataclass, replace
from typing import final

from torch import Tensor

from headstart.core import About, Backbone, Ctx, Descend, Domains, Loss, Model, Parts, Task
from headstart.core.linear_head import LinearHead
from headstart.losses.alignment.mcd import classifier_discrepancy
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts

from ._alignment import label_losses, source_loss, with_target_labelled


@final
@dataclass(frozen=True, kw_only=True)
class MCD(TuningSettings[Domains]):
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
        """The backbone, a linear head, and a second one with another start."""
        parts = tuned_parts(self, backbone, task)
        if self.weight:
            parts["second head"] = LinearHead(backbone.width, task.outputs, self.head_std)
        return parts

    def moves(self) -> tuple[Descend[Domains], ...]:
        """All on the labels; the heads apart; the features to where they agree."""
        head, backbone = tuned_on(self)
        if not self.weight:
            return (Descend(self.loss, on=(head, backbone)),)
        heads = (head, replace(head, part="second head"))
        agree: Descend[Domains] = Descend(self.agree, on=(backbone,), name="features", optimiser="shared")
        return (
            Descend(self.loss, on=(*heads, backbone), name="all", optimiser="shared"),
            Descend(self.differ, on=heads, name="heads", optimiser="shared"),
            *[agree] * self.times,
        )

    def loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label losses, of both heads if there are two."""
        if not self.weight:
            return source_loss(parts, batch, ctx, self.smoothing)
        features = parts["backbone"](with_target_labelled(batch, batch.source.x))
        return Loss.sum(**self.of_both(parts, features, batch, ctx))

    def differ(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label losses of both heads, less their discrepancy on the target."""
        features = parts["backbone"](with_target_labelled(batch, batch.target, batch.source.x))
        labels = self.of_both(parts, features[len(batch.target) :], batch, ctx)
        return Loss.sum(**labels, discrepancy=-self.discrepancy(parts, features[: len(batch.target)], ctx))

    def agree(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The discrepancy on the target."""
        return Loss.sum(discrepancy=self.discrepancy(parts, parts["backbone"](batch.target), ctx))

    def of_both(self, parts: Parts, features: Tensor, batch: Domains, ctx: Ctx) -> dict[str, Tensor]:
        """The label losses, each the sum over both heads."""
        logits = [parts[name](features) for name in ("head", "second head")]
        one, other = (label_losses(each, batch, ctx, self.smoothing) for each in logits)
        return {name: one[name] + other[name] for name in one}

    def discrepancy(self, parts: Parts, features: Tensor, ctx: Ctx) -> Tensor:
        """The weighted discrepancy () on features of the target."""
        one, other = (ctx.gather(parts[name](features)) for name in ("head", "second head"))
        return self.weight * classifier_discrepancy(one, other)

    def predictor(self, parts: Parts) -> Model:
        """The backbone and the mean of both heads, which is linear too."""
        model = Model.of(parts)
        if not self.weight:
            return model
        one, other = parts["head"], parts["second head"]
        assert isinstance(one, LinearHead)
        assert isinstance(other, LinearHead)
        weight, bias = (one.weight + other.weight).detach() / 2, (one.bias + other.bias).detach() / 2
        return Model(model.backbone, LinearHead.of(weight, bias))
