"""Runs and batches of methods that compare views, for their tests."""

import copy

import torch
from tests.toy import TASK, Toy, stream
from torch import nn

from headstart.core import Ctx, Embedded, Parts, Seeded
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain

CTX = Ctx(0, 0.0, lambda rows: rows)
A = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 4.0]])
B = torch.tensor([[1.0, 0.0], [1.0, 0.0], [4.0, 3.0]])  # cosines with A: 1, 0, 0.96


def begin(method, steps=4, seed=0, **recipe):
    how = Recipe(**({"steps": steps, "lr": 0.05, "optimiser": "sgd", "weight_decay": 0.0} | recipe))
    return start(method, Toy(norm=False), TASK, how)


def steps_of(method, steps=4, rows=8, batches=None, **recipe):
    run = begin(method, steps, **recipe)
    before = copy.deepcopy(run.parts.state_dict())
    drain(train(run, batches or stream(type(method).about.needs, n=rows)))
    return run, before


def embedded(*z):
    rows = len(z[0])
    return Embedded(Seeded(torch.zeros(rows, 1), torch.arange(rows)), z)


def plain_parts(*names):
    """Parts that change nothing."""
    return Parts({name: nn.Identity() for name in names})
