"""Adapting on the low-entropy samples of a batch only."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from headstart.core import Ctx, Loss, Parts
from headstart.nn.running_mean import RunningMean

from ._norm_entropy import NormEntropySettings


@dataclass(frozen=True, kw_only=True)
class SampleSelectionSettings(NormEntropySettings):
    """Settings of methods that adapt on low-entropy samples: gradients of the others are unreliable.

    Attributes:
        e0: samples are learned from whose entropy is below e0 ln(classes), > 0; above 1: all samples.
    """

    e0: float = 0.4

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("e0", self.e0 > 0, "> 0")

    def margin(self, classes: int) -> float:
        """The entropy in nats below which a sample is learned from."""
        return self.e0 * math.log(classes)


def running_mean(parts: Parts, name: str) -> RunningMean:
    """The part of that name, which is a running mean."""
    part = parts[name]
    assert isinstance(part, RunningMean)
    return part


def mean_of_kept(values: Tensor, kept: Tensor, ctx: Ctx) -> Tensor | None:
    """The mean of values (n,) over kept (n,) rows of all processes, as a mean over rows of this one's share.

    None if no process keeps a row.
    """
    everywhere = ctx.gather(kept.float())
    count = everywhere.sum()
    if not count:
        return None
    return torch.where(kept, values, 0).sum() / count * (len(everywhere) / len(kept))


def zero_loss(outputs: Tensor, **terms: Tensor) -> Loss:
    """The loss of a step in which nothing is to be learned: no parameter gets a gradient, so none moves."""
    nothing = torch.zeros((), device=outputs.device, requires_grad=True)
    return Loss(nothing, {name: term.detach() for name, term in terms.items()}, outputs)
