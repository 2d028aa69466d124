"""One pass of two domains over features that are the samples themselves."""

import torch
from tests.methods.ways import Same

from headstart.core import Domains, Labelled, Task, label_kind_of
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain


def collected(method, source, target, target_labelled=None, outputs=2, steps=3, engine=None):
    """The run that has seen a labelled source and a target, in batches of unequal size.

    Labelled rows of the target come anew in each step.
    """
    sizes = [t.tensor_split(steps) for t in (source.x, source.y, target)]
    task = Task(outputs, tuple(source.x.shape[1:]), rows=len(source), kind=label_kind_of(source.y))
    run = start(method, Same(source.x.shape[1]), task, Recipe(steps=steps, batch=4), engine)
    found = [Domains(Labelled(x, y), t, target_labelled) for x, y, t in zip(*sizes, strict=True)]
    drain(train(run, lambda step: iter(found[step:])))
    return run


def mapped(method, *given, **how):
    """The model that a method makes of it."""
    return method.predictor(collected(method, *given, **how).parts).eval()


def right(model, rows):
    """The accuracy."""
    return float((model(rows.x).argmax(1) == rows.y).float().mean())


def drawn(n, width, seed):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed))


_Q = torch.linalg.qr(drawn(5, 5, 2)).Q
MIXED = _Q @ torch.diag(torch.tensor([0.1, 0.3, 1.0, 4.0, 10.0])) @ _Q.T  # symmetric, as CORAL's maps are


def stretched(n, seed, source):
    """Two classes along the first of five axes, all of variance 4; the target is mixed by a linear map."""
    y = torch.arange(n) % 2
    x = 2 * drawn(n, 5, seed)
    x[:, 0] = 0.25 * x[:, 0] + 1.94 * (2 * y - 1)
    return Labelled(x, y) if source else Labelled(x @ MIXED + 3, y)


def hidden(n, seed, source):
    """Two classes along the first of five axes; the second shows them too, but stays at 4 in the target."""
    y = torch.arange(n) % 2
    x = 0.3 * drawn(n, 5, seed)
    x[:, 0] = 2 * x[:, 0] + 1.5 * (2 * y - 1)
    x[:, 1] = x[:, 1] + 3 * (2 * y - 1) if source else 0.1 * x[:, 1] + 4
    return Labelled(x, y)
