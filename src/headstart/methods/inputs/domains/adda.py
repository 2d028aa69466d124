import copy
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch.nn.functional import softplus

from headstart.core import (
    About,
    Backbone,
    Ctx,
    Descend,
    Domains,
    LabelKind,
    Loss,
    Method,
    Model,
    On,
    Parts,
    Task,
)
from headstart.losses.alignment.domain_confusion import domain_loss
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts
from headstart.nn.critic import Critic

from ._alignment import source_loss, target_label_loss, with_target_labelled
from .source_only import SourceOnly


@final
@dataclass(frozen=True, kw_only=True)
class ADDA(TuningSettings[Domains]):
    """Train on the source, then learn a backbone for the target whose features look like the source's.

    The second stage freezes the head and the source's backbone. A domain classifier, the critic, and the
    target's backbone learn in turn: the critic distinguishes the domains, the backbone makes it say "source".

    Attributes:
        weight: of what makes the critic say "source", >= 0; 0 leaves the second stage out.
        hidden: width of the critic's hidden layers, >= 1.
        adapt_lr: factor on the learning rate of the second stage, > 0. At the rate of the first stage the
            target's features leave the classes behind.
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
    adapt_lr: float = 0.03

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("weight", 0 <= self.weight < float("inf"), ">= 0")
        self.check("hidden", self.hidden >= 1, ">= 1")
        self.check("adapt_lr", 0 < self.adapt_lr < float("inf"), "> 0")

    def stages(self, kind: LabelKind = "classes") -> tuple[Method[Any], ...]:
        """The training on the source with the same settings, then the target's features."""
        return (self.before(), self) if self.weight else (self,)

    def before(self) -> SourceOnly:
        """The training on the source."""
        return SourceOnly.like(self)

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The target's backbone and the head, the source's backbone as it was trained, and the critic."""
        parts = tuned_parts(self, backbone, task)
        if self.weight:
            parts["source"] = copy.deepcopy(backbone)
            parts["critic"] = Critic(backbone.width, self.hidden)
        return parts

    def moves(self) -> tuple[Descend[Domains], ...]:
        """The critic, then the features of the target; the head has learned in the first stage."""
        head, backbone = tuned_on(self)
        if not self.weight:
            return (Descend(self.loss, on=(head, backbone)),)
        critic = On("critic", lr=self.adapt_lr, weight_decay=self.weight_decay)
        slower = replace(backbone, lr=self.adapt_lr * backbone.lr)
        return (
            Descend(self.critic_loss, on=(critic,), name="critic"),
            Descend(self.feature_loss, on=(slower,), name="features"),
        )

    def loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label losses, of training on the source alone."""
        return source_loss(parts, batch, ctx, self.smoothing)

    def critic_loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The critic's cross-entropy."""
        with torch.no_grad():
            source, target = parts["source"](batch.source.x), parts["backbone"](batch.target)
        critic = parts["critic"]
        return Loss.sum(domain=domain_loss(critic(ctx.gather(source)), critic(ctx.gather(target))))

    def feature_loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """Minus the critic's log P(source) of target rows, and the loss of labelled target rows."""
        features = parts["backbone"](with_target_labelled(batch, batch.target))
        logits = parts["critic"](ctx.gather(features)).float()
        labels = {}
        if batch.target_labelled is not None:
            labels = target_label_loss(parts["head"](features), batch, ctx, self.smoothing)
        return Loss.sum(fooled=self.weight * softplus(-logits).mean(), **labels)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
