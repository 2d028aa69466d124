"""ETA (efficient test-time adaptation, arXiv:2204.02610): low-entropy and non-redundant samples."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from headstart.core import Backbone, Ctx, Loss, Parts, Task, Unlabelled
from headstart.losses.alignment.entropy import entropies
from headstart.nn.running_mean import RunningMean

from ._norm_entropy import entropy_backbone, predict_stream, stream_parts
from ._sample_selection import SampleSelectionSettings, mean_of_kept, running_mean, zero_loss

EMA = "probability_ema"  # the part that holds the running mean of probabilities
RATE = 0.1  # of that mean, as published


@dataclass(frozen=True, kw_only=True)
class EtaSettings(SampleSelectionSettings):
    """Settings of methods that select samples as ETA does and weight them by their entropy.

    Attributes:
        d_margin: samples are learned from whose probabilities have a cosine with the running mean of those
            learned from below it, in (0, 1]; 1: all.
        reweigh: whether a sample of entropy H has the weight exp(e0 ln(classes) - H), or 1.
    """

    d_margin: float = 0.4
    reweigh: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("d_margin", 0 < self.d_margin <= 1, "in (0, 1]")
        self.check("reweigh", not self.reweigh or self.e0 < float("inf"), "False where e0 is infinite")


def eta_parts(settings: EtaSettings, backbone: Backbone, task: Task) -> Parts:
    """Backbone and head of the source, and the running mean of probabilities."""
    parts = stream_parts(entropy_backbone(settings, backbone), task)
    return Parts({**parts, EMA: RunningMean(task.outputs)})


def commit_mean(parts: Parts, batch: Unlabelled, ctx: Ctx) -> None:
    """Let the probabilities that the descent staged count."""
    running_mean(parts, EMA).commit(RATE)


def eta_loss(settings: EtaSettings, parts: Parts, batch: Unlabelled, ctx: Ctx) -> Loss:
    """The weighted mean entropy of the selected samples."""
    logits = predict_stream(parts, batch.x)
    entropy, p = entropies(logits), logits.detach().float().softmax(1)
    kept = select(settings, entropy.detach(), p, parts)
    weight = torch.exp(settings.margin(p.shape[1]) - entropy.detach()) if settings.reweigh else 1.0
    mean = mean_of_kept(weight * entropy, kept, ctx)
    seen = None if mean is None else ctx.gather(p)[ctx.gather(kept.float()) > 0].mean(0)
    running_mean(parts, EMA).stage(seen)
    if mean is None:
        return zero_loss(logits, entropy=torch.zeros_like(entropy[0]))
    return Loss.sum(logits, entropy=mean)


def select(settings: EtaSettings, entropy: Tensor, p: Tensor, parts: Parts) -> Tensor:
    """Which samples (n,) to learn from, by their entropy (n,) and probabilities (n, classes)."""
    kept = entropy < settings.margin(p.shape[1])
    ema = running_mean(parts, EMA)
    if settings.d_margin < 1 and ema.seen:
        kept &= cosine_similarity(p, ema.mean[None], dim=1) < settings.d_margin
    return kept
