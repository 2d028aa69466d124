"""Reptile: the start moves towards the weights that tasks adapt to."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from headstart.core import Episodes, Labelled, Parts
from headstart.learners.inner.descent import task_losses
from headstart.learners.optimisation._settings import InnerLoop, start_of


@final
@dataclass(frozen=True, kw_only=True)
class Reptile(InnerLoop):
    """The gradient of the start is its mean difference to the weights after the inner steps.

    The inner steps of meta-training learn from all rows of a task, support and queries. What does not adapt
    does not learn.
    """

    name: ClassVar[str] = "reptile"
    title: ClassVar[str] = "Reptile"
    paper: ClassVar[str] = "arXiv:1803.02999"

    steps: int = 5

    def meta_loss(self, parts: Parts, batch: Episodes) -> Tensor:
        """The loss after the steps, with the gradient of half the squared distance to where they lead."""
        start = start_of(parts)
        both = [
            torch.cat(some, 1)
            for some in zip(*((s.x, s.y) for s in (batch.support, batch.query)), strict=True)
        ]
        rows = Labelled(*both)
        with torch.no_grad():
            state = self.adapt(parts, rows)
            value = task_losses(self.predict(parts, state, rows.x), rows.y, start.kind).mean()
        weights = {name: start.network.get_parameter(name) for name in start.fast}
        pull = (
            torch.stack([(one - state[name].mean(0)).square().sum() for name, one in weights.items()]).sum()
            / 2
        )
        return value + pull - pull.detach()
