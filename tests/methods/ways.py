"""How the tests of methods carry them out: on features given as they are, and stage after stage."""

from dataclasses import replace

import torch
from tests.toy import TASK, Toy, stream
from torch import nn

from headstart.core import Backbone, Labelled, Task
from headstart.nn.heads import LinearHead
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain

PLAIN = Recipe(steps=4, batch=8, lr=0.05, schedule="linear", warmup=0.0, optimiser="adamw", clip=None)


class Same(Backbone):
    """Features are the input, times a weight that is 1."""

    blocks = ("scale",)

    def __init__(self, width):
        super().__init__()
        self.width = width
        self.scale = nn.Linear(width, width, bias=False)
        nn.init.eye_(self.scale.weight)

    def forward(self, x):
        return self.scale(x)


def in_order(x, y, size):
    """Every row once, in order."""

    def begin(step):
        for at in range(step * size, len(x), size):
            yield Labelled(x[at : at + size], y[at : at + size])

    return begin


def probed(method, x, y, classes, size=8, engine=None):
    """The model that a probe makes of features x (n, d) and labels y (n,)."""
    task = Task(classes, tuple(x.shape[1:]), rows=len(x))
    recipe = Recipe(steps=-(-len(x) // size), batch=size)
    run = start(method, Same(x.shape[1]), task, recipe, engine)
    drain(train(run, in_order(x, y, size)))
    return method.predictor(run.parts).eval()


def tuned(method, body=None, head=None, recipe=PLAIN, seed=0, batches=None):
    """The run of a method on toy batches, from a given head if there is one."""
    task = replace(TASK, head=head, seed=seed)
    run = start(method, body or Toy(norm=False), task, recipe)
    drain(train(run, batches or stream(Labelled)))
    return run


def bytes_of(run):
    return {name: value.clone() for name, value in run.parts.state_dict().items()}


def equal(one, other):
    a, b = bytes_of(one), bytes_of(other)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def zero_head(width, classes):
    return LinearHead.of(torch.zeros(classes, width), torch.zeros(classes))


def points(rows, width, classes, seed=0, spread=1.0):
    """Features with a different scale in each direction, and labels that go with them."""
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(classes, (rows,), generator=g)
    y[:classes] = torch.arange(classes)
    centres = torch.randn(classes, width, generator=g)
    return centres[y] + spread * torch.randn(rows, width, generator=g) + 3, y
