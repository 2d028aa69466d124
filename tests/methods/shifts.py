"""Two pairs of domains, and how methods do on the target.

`nuisance`: what shows the label best in the source says nothing in the target and lies elsewhere there.
`moved`: two heaps lie beside those of the source, one of them across the border that the source suggests.
"""

from dataclasses import replace
from functools import cache

import pytest
import torch
from torch import nn

from headstart.core import Backbone, BadInput, Ctx, Domains, Labelled, Task, derive_seed
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain

RECIPE = Recipe(steps=300, batch=64, lr=1e-2, schedule="constant", warmup=0.0, weight_decay=0.0)
TARGET_ROWS = 48  # a step, where the source has 64
WIDTH = 16


class Constant(nn.Module):
    """Gives the same whatever it is given."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, _x):
        return self.value


def alignment_terms(method, source, target, source_logits, target_logits, labels, ctx):
    """The terms of a method's loss besides the label loss, for given features (n, d) and logits (n, c)."""
    head = Constant(torch.cat([source_logits, target_logits]))
    batch = Domains(Labelled(source, labels), target)
    terms = dict(method.loss({"backbone": nn.Identity(), "head": head}, batch, ctx).terms)
    return {name: terms[name] for name in terms if name != "label"}


class Small(Backbone):
    """Two numbers to 16 features, by one hidden layer."""

    width, blocks = WIDTH, ("body.0", "body.2")

    def __init__(self, seed=0):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, WIDTH), nn.ReLU())
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            for layer in (self.body[0], self.body[2]):
                layer.reset_parameters()

    def forward(self, x):
        return self.body(x)


def nuisance(n, seed, source, kind="classes"):
    """The first number goes with the label; the second, which shows it better, does so in the source only."""
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(2, (n,), generator=g)
    score = 2.0 * y - 1 if kind == "classes" else torch.randn(n, generator=g)
    shown = score + 0.5 * torch.randn(n, generator=g)
    other = 0.3 * torch.randn(n, generator=g) + (score if source else 4)
    return Labelled(torch.stack([shown, other], 1), y if kind == "classes" else score[:, None])


def moved(n, seed, source, kind="classes"):
    """Heaps around -(1, 1) and (1, 1), and in the target both (1.4, 0.4) further."""
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(2, (n,), generator=g)
    x = (2.0 * y - 1)[:, None] + 0.35 * torch.randn(n, 2, generator=g)
    return Labelled(x if source else x + torch.tensor([1.4, 0.4]), y)


def batches(rows=nuisance, seed=0, kind="classes", target_labelled=0, size=64):
    """Domains of unequal sizes."""

    def begin(step):
        while True:
            at = derive_seed(seed, step)
            target = rows(TARGET_ROWS, derive_seed(at, "target"), False, kind)
            own = rows(target_labelled, derive_seed(at, "few"), False, kind) if target_labelled else None
            yield Domains(rows(size, at, True, kind), target.x, own)
            step += 1

    return begin


def carried_out(method, rows=nuisance, seed=0, kind="classes", target_labelled=0, **recipe):
    """The last run of a method's stages."""
    body, head = Small(seed), None
    for stage in method.stages(kind):
        task = Task(2 if kind == "classes" else 1, (2,), rows=64, seed=seed, head=head, kind=kind)
        run = start(stage, body, task, replace(RECIPE, seed=seed, **recipe))
        drain(train(run, batches(rows, seed, kind, target_labelled)))
        model = stage.predictor(run.parts)
        body, head = model.backbone, model.head
    return run


@cache
def accuracy(method, rows=nuisance, seed=0, **given):
    """On the target's labels, which no method sees."""
    run = carried_out(method, rows, seed, **given)
    seen = rows(1000, derive_seed(seed, "test"), False)
    with torch.inference_mode():
        return float((method.predictor(run.parts).eval()(seen.x).argmax(1) == seen.y).float().mean())


@cache
def error(method, seed=0, **given):
    """The mean squared error on the target's numbers, whose variance is 1."""
    run = carried_out(method, nuisance, seed, "numbers", **given)
    seen = nuisance(1000, derive_seed(seed, "test"), False, "numbers")
    with torch.inference_mode():
        return float((method.predictor(run.parts).eval()(seen.x) - seen.y).square().mean())


class Line(Backbone):
    """z = w x of one number, with w = 1."""

    width, blocks = 1, ("layer",)

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1, bias=False)
        nn.init.ones_(self.layer.weight)

    def forward(self, x):
        return self.layer(x)


class Slope(nn.Module):
    """A critic whose logit is `slope` times the sum of what it reads."""

    def __init__(self, slope):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope))

    def forward(self, z):
        return self.slope * z.sum(1)


def ctx(progress=0.0):
    return Ctx(0, progress, lambda rows: rows)


def learned(method, given=None, steps=4, **batch):
    """What a method makes of a few batches, by name, from one start; the target's samples may be changed."""

    def stream(step):
        for each in batches(**batch)(step):
            yield replace(each, **(given(each) if given else {}))

    task = Task(2, (2,), rows=64)
    run = start(method, Small(), task, replace(RECIPE, steps=steps, clip=1.0, ema=0.9))
    drain(train(run, stream))
    return run


def refused(kind, setting, value, allowed):
    with pytest.raises(BadInput, match=f"{kind.about.name}: {setting} is .*; it must be {allowed}"):
        kind(**{setting: value})
