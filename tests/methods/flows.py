"""How the tests of streaming methods carry them out: on small nets, batch after batch."""

import copy

import torch
from torch import nn

from headstart.core import Backbone, Task, Unlabelled
from headstart.core.linear_head import LinearHead
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe


class Normed(Backbone):
    """A norm alone: the features are its output."""

    def __init__(self, norm, width=2):
        super().__init__()
        self.width, self.norm = width, norm

    def forward(self, x):
        return self.norm(x)


class Clouds(Backbone):
    """A layer, a batch normalisation, and dropout that would be seen if it were on."""

    width = 8

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(3)
            self.body = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.9))

    def forward(self, x):
        return self.body(x)


def head_of(*rows):
    return LinearHead.of(torch.tensor(rows), torch.zeros(len(rows)))


def two_way():
    """Logits (f0, -f0) of features (f0, f1)."""
    return head_of([1.0, 0.0], [-1.0, 0.0])


def begin(method, backbone, head, lr=None, shape=(2,), **recipe):
    """A run that nothing else refers to, with plain gradient descent."""
    how = {**method.recipe_overrides(), "steps": 2**40, "optimiser": "sgd", "seed": 5}
    how |= {"lr": lr} if lr else {}
    task = Task(head.settings["classes"], shape, head=copy.deepcopy(head))
    return start(method, copy.deepcopy(backbone), task, Recipe(**(how | recipe)))


def answers(run, batches):
    """What it answered to each batch."""
    batches = [x if isinstance(x, torch.Tensor) else torch.tensor(x) for x in batches]
    return [tick.outputs for tick in train(run, lambda _: iter([Unlabelled(x) for x in batches]))]


def clouds(steps, rows=16, seed=0, scale=1.0):
    g = torch.Generator().manual_seed(seed)
    return [scale * torch.randn(rows, 4, generator=g) for _ in range(steps)]


def cloud_head(scale=1.0):
    g = torch.Generator().manual_seed(9)
    return LinearHead.of(scale * torch.randn(3, 8, generator=g), torch.zeros(3))


def state(run, *names):
    """Copies of the tensors of some parts."""
    parts = names or tuple(run.parts)
    return {k: v.clone() for k, v in run.parts.state_dict().items() if k.partition(".")[0] in parts}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def paths(one, other, batches, lr=0.1, head=None):
    """Two methods on the same stream: their answers and their backbones at the end."""
    runs = [begin(each, Clouds(), head or cloud_head(), lr, (4,)) for each in (one, other)]
    found = [answers(run, batches) for run in runs]
    return found, [state(run, "backbone") for run in runs]


def equal_paths(one, other, batches, lr=0.1, head=None):
    (a, b), (p, q) = paths(one, other, batches, lr, head)
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True)) and same(p, q)
