import copy
from dataclasses import dataclass, fields
from typing import Any, final

import torch
from torch.nn.functional import softplus

from headstart.core import About, Backbone, Ctx, Descend, Domains, LabelKind, Loss, Method, On, Parts, Task
from headstart.losses.alignment.domain_confusion import domain_loss
from headstart.nn.critic import Critic
from headstart.nn.joined import joined

from ._aligning import OnSource
from .source_only import SourceOnly


@final
@dataclass(frozen=True, kw_only=True)
class ADDA(OnSource):
    """Train on the source, then move the target's features to where the source's have come to lie.

    The second stage keeps the head and the source's features as they are. A critic and the features of the
    target learn in turn: the critic tells them from the source's, the features make it say "source".

    Attributes:
        weight: of what makes the critic say "source", >= 0; 0 leaves the second stage out.
        hidden: width of the critic's hidden layers, >= 1.
    """

    about = About(
        "adda",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1702.05464",
        per_sample_loss=False,
        opposing_losses=True,
        display_name="Adversarial discriminative adaptation (ADDA)",
    )
    weight: float = 1.0
    hidden: int = 128

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("weight", 0 <= self.weight < float("inf"), ">= 0")
        self.check("hidden", self.hidden >= 1, ">= 1")

    def stages(self, kind: LabelKind = "classes") -> tuple[Method[Any], ...]:
        """The training on the source with the same settings, then the target's features."""
        return (self.before(), self) if self.weight else (self,)

    def before(self) -> SourceOnly:
        """The training on the source."""
        return SourceOnly(**{field.name: getattr(self, field.name) for field in fields(SourceOnly)})

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """As for all tuning, the source's features as they were learned, and the critic."""
        parts = super().parts(backbone, task)
        if self.weight:
            parts["source"] = copy.deepcopy(backbone)
            parts["critic"] = Critic(backbone.width, self.hidden)
        return parts

    def moves(self) -> tuple[Any, ...]:
        """The critic, then the features of the target; the head has learned in the first stage."""
        if not self.weight:
            return super().moves()
        critic = On("critic", weight_decay=self.weight_decay)
        return (
            Descend(self.tell, on=(critic,), name="critic"),
            Descend(self.fool, on=(self.on_backbone(),), name="features"),
        )

    def tell(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The critic's cross-entropy."""
        with torch.no_grad():
            source, target = parts["source"](batch.source.x), parts["backbone"](batch.target)
        critic = parts["critic"]
        return Loss.sum(domain=domain_loss(critic(ctx.gather(source)), critic(ctx.gather(target))))

    def fool(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """Minus the log of what the critic gives for "source", and the loss of labelled target rows."""
        target_labelled = () if batch.target_labelled is None else (batch.target_labelled.x,)
        features = parts["backbone"](joined([batch.target, *target_labelled]))
        says = parts["critic"](ctx.gather(features)).float()
        labels = self.target_label_loss(parts["head"](features), batch, ctx) if target_labelled else {}
        return Loss.sum(fooled=self.weight * softplus(-says).mean(), **labels)
