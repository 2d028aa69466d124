"""Runs of every method on a toy, each carried out once for all promises that only look at it."""

from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from tests.toy import Toy, stream_for, suited, task_for
from torch import Tensor, nn

from headstart.core import Descend, Do, find, walk
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.state import Run, Tick
from headstart.run.watch import drain

METHODS = sorted(walk(), key=lambda m: m.about.name)


class Droppable(Toy):
    """With a place where stochastic depth may leave something out."""

    def __init__(self, norm=True):
        super().__init__(norm=norm)
        self.drop_path = nn.Identity()

    def forward(self, x):
        return self.drop_path(super().forward(x))


def fresh(kind, steps=6, norm=True, **recipe):
    how = Recipe(**({"steps": steps, "lr": 1e-2, "schedule": "linear", "seed": 3} | recipe))
    return start(kind(), suited(kind, Droppable(norm=norm)), task_for(kind), how)


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def learning(run):
    """The identities of the parameters that some descent names."""
    return {id(p) for m in run.moves if isinstance(m, Descend) for p in m.parameters(run.parts)}


def changed_parts(run):
    return {name for m in run.moves if isinstance(m, Do) for name in m.changes}


def finish(run, batches=None):
    """The run, carried to its end on the batches that its method declares."""
    drain(train(run, batches or stream_for(find(run.name))))
    return run


@dataclass(frozen=True)
class Done:
    """A run that has ended, which nobody may change, and what was to be seen on the way."""

    run: Run
    before: dict[str, Tensor]  # its parts
    halfway: dict[str, Any]  # its whole state
    ticks: list[Tick]
    random: tuple[Tensor, Tensor]  # the state of the global generator before and after


@cache
def done(kind):
    """6 steps at full rate, with a running average, from parts that were set to training."""
    run = fresh(kind, ema=0.9, warmup=0.0, schedule="constant")
    run.parts.train()
    before, halfway, ticks = deepcopy(run.parts.state_dict()), {}, []
    random = torch.get_rng_state()
    for tick in train(run, stream_for(kind)):
        ticks.append(tick)
        if tick.step == 3:
            halfway = deepcopy(run.state_dict())
    return Done(run, before, halfway, ticks, (random, torch.get_rng_state()))
