"""Training on a labelled source and an unlabelled target: one forward of both, and the label losses."""

from dataclasses import dataclass

import torch
from torch import Tensor

from headstart.core import Ctx, Domains, Loss, Parts
from headstart.core.batches import join_samples
from headstart.losses.alignment.reversal import ramp
from headstart.losses.label import label_loss
from headstart.methods.tuning import TuningSettings


@dataclass(frozen=True)
class DomainOutputs:
    """Features and logits of both domains, of the rows of all processes."""

    source: Tensor  # features (n, width)
    target: Tensor  # features (m, width); m need not be n. Labelled rows of the target are among them
    source_logits: Tensor  # (n, outputs)
    target_logits: Tensor  # (m, outputs)
    labels: Tensor  # of the source, (n, ...)
    weights: Tensor | None = None  # of the source's rows, (n,) >= 0, if they have any


@dataclass(frozen=True, kw_only=True)
class AlignmentSettings(TuningSettings[Domains]):
    """Settings of methods that add an alignment loss to the label loss on the source.

    Attributes:
        weight: of the alignment loss, >= 0; 0 is training on the source alone.
        steepness: of the ramp of the weight over the progress p, 2 / (1 + exp(-steepness p)) - 1;
            0 has all of it from the start.
    """

    weight: float = 1.0
    steepness: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("weight", 0 <= self.weight < float("inf"), ">= 0")
        self.check("steepness", 0 <= self.steepness < float("inf"), ">= 0")

    def strength(self, ctx: Ctx) -> float:
        """The weight at this point of the ramp."""
        return self.weight * (ramp(ctx.progress, self.steepness) if self.steepness else 1.0)


def forward_domains(
    parts: Parts, batch: Domains, ctx: Ctx, smoothing: float
) -> tuple[DomainOutputs, dict[str, Tensor]]:
    """One forward of both domains: their features and logits, and the label losses."""
    features = parts["backbone"](with_target_labelled(batch, batch.source.x, batch.target))
    logits, n = parts["head"](features), len(batch.source)
    rows = (features[:n], features[n:], logits[:n], logits[n:])
    source, target, source_logits, target_logits = (ctx.gather(each) for each in rows)
    weights = None if batch.source.weight is None else ctx.gather(batch.source.weight)
    labels = ctx.gather(batch.source.y)
    outputs = DomainOutputs(source, target, source_logits, target_logits, labels, weights)
    return outputs, label_losses(logits, batch, ctx, smoothing)


def source_loss(parts: Parts, batch: Domains, ctx: Ctx, smoothing: float) -> Loss:
    """The label losses alone, of one forward of the labelled rows; the target's samples are left out."""
    logits = parts["head"](parts["backbone"](with_target_labelled(batch, batch.source.x)))
    return Loss.sum(**label_losses(logits, batch, ctx, smoothing))


def with_target_labelled(batch: Domains, *samples: Tensor) -> Tensor:
    """Samples (n_i, ...) as one batch, the labelled rows of the target last."""
    last = () if batch.target_labelled is None else (batch.target_labelled.x,)
    return join_samples([*samples, *last])


def label_losses(logits: Tensor, batch: Domains, ctx: Ctx, smoothing: float) -> dict[str, Tensor]:
    """The label losses, each (), of logits: the first rows the source's, the last the labelled target's."""
    n = len(batch.source)
    source = label_loss(logits[:n], batch.source.y, smoothing, batch.source.weight)
    return {"label": source, **target_label_loss(logits, batch, ctx, smoothing)}


def target_label_loss(logits: Tensor, batch: Domains, ctx: Ctx, smoothing: float) -> dict[str, Tensor]:
    """The loss of labelled target rows, the last of the logits, over all processes: one may have none."""
    labelled = batch.target_labelled
    if labelled is None:
        return {}
    outputs, y = ctx.gather(logits[len(logits) - len(labelled) :]), ctx.gather(labelled.y)
    weight = None if labelled.weight is None else ctx.gather(labelled.weight)
    return {"target_labelled": label_loss(outputs, y, smoothing, weight)} if len(y) else {}


def probabilities(logits: Tensor) -> Tensor:
    """Softmax (n, c) in float32 of logits (n, c)."""
    return torch.softmax(logits.float(), 1)
