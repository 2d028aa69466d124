"""How the tests of methods carry them out: on features given as they are, and stage after stage."""

from dataclasses import replace

import torch
from tests.toy import TASK, Columns, Toy, stream
from torch import nn

from headstart.core import Backbone, Labelled, Task, label_kind_of
from headstart.core.linear_head import LinearHead
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

    def raw_columns(self):
        return Columns(self.width)

    def word_counts(self, method):
        return self.raw_columns()


def in_order(x, y, size):
    """Every row once, in order."""

    def begin(step):
        for at in range(step * size, len(x), size):
            yield Labelled(x[at : at + size], y[at : at + size])

    return begin


def probed(method, x, y, classes, size=8, engine=None):
    """The model that a probe makes of features x (n, d) and labels y of n rows."""
    task = Task(classes, tuple(x.shape[1:]), rows=len(x), kind=label_kind_of(y))
    recipe = Recipe(steps=-(-len(x) // size), batch=size)
    run = start(method, Same(x.shape[1]), task, recipe, engine)
    drain(train(run, in_order(x, y, size)))
    return method.predictor(run.parts).eval()


def tuned(method, body=None, head=None, recipe=PLAIN, seed=0, batches=None, task=None):
    """The run of a method on toy batches, from a given head if there is one."""
    task = replace(task or TASK, head=head, seed=seed)
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


class Chain(Backbone):
    """Three equal-valued blocks, a token before them and a norm after them that are in none."""

    width, blocks = 3, ("a", "b", "c")

    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.full((3,), 0.5))
        self.a, self.b, self.c = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3)
        for layer in (self.a, self.b, self.c):
            nn.init.eye_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.norm = nn.LayerNorm(3)

    def forward(self, x):
        return self.norm(self.c(self.b(self.a(x + self.token))))


CHAIN_BATCH = Labelled(torch.tensor([[1.0, 2.0, 0.0], [3.0, -1.0, 1.0]]), torch.tensor([0, 1]))


def chain_head():
    return LinearHead.of(torch.tensor([[1.0, 0.5, 0.0], [-0.5, 0.25, 1.0]]), torch.zeros(2))


def chained(method, recipe=PLAIN, steps=None):
    """The run of a method on a chain, from a head that is neither 0 nor 1."""
    run = start(method, Chain(), Task(2, (3,), head=chain_head()), recipe)
    drain(train(run, lambda step: iter([CHAIN_BATCH] * ((steps or recipe.steps) - step))))
    return run


def of(run, *parts):
    """The tensors of some parts."""
    return {k: v for k, v in bytes_of(run).items() if k.partition(".")[0] in parts}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
