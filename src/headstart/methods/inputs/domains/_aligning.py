"""What all ways to bring two domains together in training share: one forward of both."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from headstart.core import Backbone, Ctx, Domains, Loss, On, Parts, Task
from headstart.losses.alignment.reversal import ramp
from headstart.losses.label import label_loss
from headstart.methods.mapping._tuning import Tuning
from headstart.nn.joined import joined


@dataclass(frozen=True)
class Seen:
    """What one forward gave for both domains, of the rows of all processes.

    Attributes:
        source: features (n, width).
        target: features (m, width); m need not be n. Labelled rows of the target are among them.
        source_logits: (n, outputs).
        target_logits: (m, outputs).
        labels: of the source, (n, ...).
        weights: of the source's rows, (n,) >= 0, if they have any.
    """

    source: Tensor
    target: Tensor
    source_logits: Tensor
    target_logits: Tensor
    labels: Tensor
    weights: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class OnSource(Tuning):
    """Descends the label loss on the source, and on rows of the target that are labelled."""

    def moves(self) -> tuple[Any, ...]:
        """One descent on everything."""
        (plain,) = super().moves()
        return (replace(plain, loss=self.labelled),)

    def labelled(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label losses of one forward of what is labelled; the target's samples are left out."""
        target_labelled = () if batch.target_labelled is None else (batch.target_labelled.x,)
        logits = parts["head"](parts["backbone"](joined([batch.source.x, *target_labelled])))
        return Loss.sum(**self.labels(logits, batch, ctx))

    def labels(self, logits: Tensor, batch: Domains, ctx: Ctx) -> dict[str, Tensor]:
        """The label losses, each (), of logits whose first rows are the source's, and the last the few."""
        n = len(batch.source)
        found = label_loss(logits[:n], batch.source.y, self.smoothing, batch.source.weight)
        return {"label": found, **self.target_label_loss(logits, batch, ctx)}

    def target_label_loss(self, logits: Tensor, batch: Domains, ctx: Ctx) -> dict[str, Tensor]:
        """The loss of logits whose last rows are the few, over all processes: one may have none of them."""
        target_labelled = batch.target_labelled
        if target_labelled is None:
            return {}
        mine, y = ctx.gather(logits[len(logits) - len(target_labelled) :]), ctx.gather(target_labelled.y)
        weight = None if target_labelled.weight is None else ctx.gather(target_labelled.weight)
        return {"target_labelled": label_loss(mine, y, self.smoothing, weight)} if len(y) else {}


@dataclass(frozen=True, kw_only=True)
class Aligning(OnSource):
    """Descends the label loss on the source, and with it what brings the target near.

    Attributes:
        weight: of what brings the domains together, >= 0; 0 is training on the source alone.
        steepness: how fast the weight is let in over the progress p, as 2 / (1 + exp(-steepness p)) - 1;
            0 has all of it from the start.
    """

    weight: float = 1.0
    steepness: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("weight", 0 <= self.weight < float("inf"), ">= 0")
        self.check("steepness", 0 <= self.steepness < float("inf"), ">= 0")

    @abstractmethod
    def align(self, parts: Parts, seen: Seen, ctx: Ctx) -> Mapping[str, Tensor]:
        """Terms of the loss, each (), that bring the domains together, times `strength`."""

    def strength(self, ctx: Ctx) -> float:
        """The weight as it is let in by now."""
        return self.weight * (ramp(ctx.progress, self.steepness) if self.steepness else 1.0)

    def extra(self, backbone: Backbone, task: Task) -> Parts:
        """Parts besides backbone and head, such as a critic; without a weight they are not made."""
        return Parts()

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """As for all tuning, and what the method has besides."""
        parts = super().parts(backbone, task)
        return Parts({**parts, **(self.extra(backbone, task) if self.weight else {})})

    def moves(self) -> tuple[Any, ...]:
        """One descent on everything."""
        (plain,) = super().moves()
        return (replace(plain, loss=self.both, on=(*plain.on, *(self.on_extra() if self.weight else ()))),)

    def on_extra(self) -> tuple[On, ...]:
        """What learns of the extra parts."""
        return ()

    def both(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label loss on what is labelled, and the terms of `align`."""
        if not self.weight:
            return self.labelled(parts, batch, ctx)
        seen, label = self.see(parts, batch, ctx)
        return Loss.sum(**label, **self.align(parts, seen, ctx))

    def see(self, parts: Parts, batch: Domains, ctx: Ctx) -> tuple[Seen, dict[str, Tensor]]:
        """Both domains in one forward, and the label losses."""
        target_labelled = () if batch.target_labelled is None else (batch.target_labelled.x,)
        features = parts["backbone"](joined([batch.source.x, batch.target, *target_labelled]))
        logits, n = parts["head"](features), len(batch.source)
        rows = (features[:n], features[n:], logits[:n], logits[n:])
        source, target, source_logits, target_logits = (ctx.gather(each) for each in rows)
        weights = None if batch.source.weight is None else ctx.gather(batch.source.weight)
        labels = ctx.gather(batch.source.y)
        seen = Seen(source, target, source_logits, target_logits, labels, weights)
        return seen, self.labels(logits, batch, ctx)


def probabilities(logits: Tensor) -> Tensor:
    """Softmax (n, c) in float32 of logits (n, c)."""
    return torch.softmax(logits.float(), 1)
