"""Learning from some rows of a batch only."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from headstart.core import Ctx, Loss, Parts
from headstart.nn.recent import Recent

from ._streaming import Sharpening


@dataclass(frozen=True, kw_only=True)
class Filtering(Sharpening):
    """Learns from sure answers only: the others push anywhere.

    Attributes:
        e0: rows learn whose entropy is below e0 ln(classes), > 0; above 1: all rows.
    """

    e0: float = 0.4

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("e0", self.e0 > 0, "> 0")

    def lately(self, parts: Parts) -> Recent:
        """What has been learned from, on average."""
        lately = parts["lately"]
        assert isinstance(lately, Recent)
        return lately

    def margin(self, classes: int) -> float:
        """The entropy in nats below which a row is sure."""
        return self.e0 * math.log(classes)


def mean_of(values: Tensor, kept: Tensor, ctx: Ctx) -> Tensor | None:
    """The mean of values (n,) over kept (n,) rows of all processes, as a mean over rows of this one's share.

    None if no process keeps a row.
    """
    everywhere = ctx.gather(kept.float())
    count = everywhere.sum()
    if not count:
        return None
    return torch.where(kept, values, 0).sum() / count * (len(everywhere) / len(kept))


def idle(outputs: Tensor, **terms: Tensor) -> Loss:
    """The loss of a step in which nothing is to be learned: no parameter gets a gradient, so none moves."""
    nothing = torch.zeros((), device=outputs.device, requires_grad=True)
    return Loss(nothing, {name: term.detach() for name, term in terms.items()}, outputs)
