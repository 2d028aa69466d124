"""One pass of two domains over features that are the samples themselves."""

import torch
from tests.methods.ways import Same

from headstart.core import Domains, Labelled, Task, kind_of
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain


def mapped(method, source, target, few=None, outputs=2, steps=3, engine=None):
    """The model that a method makes of a labelled source and a target, in batches of unequal size.

    Labelled rows of the target come anew in each step.
    """
    sizes = [t.tensor_split(steps) for t in (source.x, source.y, target)]
    task = Task(outputs, tuple(source.x.shape[1:]), rows=len(source), kind=kind_of(source.y))
    run = start(method, Same(source.x.shape[1]), task, Recipe(steps=steps, batch=4), engine)
    found = [Domains(Labelled(x, y), t, few) for x, y, t in zip(*sizes, strict=True)]
    drain(train(run, lambda step: iter(found[step:])))
    return method.predictor(run.parts).eval()


def right(model, rows):
    return float((model(rows.x).argmax(1) == rows.y).float().mean())


def stretched(n, seed, source, width=5):
    """Two classes along the first axis. The target has other units, is mixed by a linear map and lies off."""
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(2, (n,), generator=g)
    x = torch.randn(n, width, generator=g) * torch.tensor([0.5, 2.0, 1.0, 0.5, 1.0])
    x[:, 0] += 4.0 * y - 2
    return Labelled(x, y) if source else Labelled(x @ MIXED + 3, y)


# symmetric and positive, so that CORAL, whose maps are such, can find it
_Q = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(3))).Q
MIXED = _Q @ torch.diag(torch.tensor([0.2, 0.5, 1.0, 2.0, 5.0])) @ _Q.T
