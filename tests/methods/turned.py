"""Two domains whose classes lie apart in both, the target's turned against the source's."""

import math
from dataclasses import replace

import torch
from torch import nn

from headstart.core import Backbone, Domains, Labelled, Task, Unlabelled, derive_seed
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain

RECIPE = Recipe(steps=120, batch=48, lr=1e-2, schedule="constant", warmup=0.0, weight_decay=0.0)
TARGET_ROWS = 32  # a step, where the source has 48
TURN = 50.0  # degrees; 60 would lead half of each class over to the next
CLASSES, WIDTH = 3, 16


class Small(Backbone):
    """Two numbers to 16 features, by one hidden layer, with a batch normalisation if wanted."""

    width, blocks = WIDTH, ("body.0", "body.3")

    def __init__(self, seed=0, norm=False):
        super().__init__()
        middle = nn.BatchNorm1d(32) if norm else nn.Identity()
        self.body = nn.Sequential(nn.Linear(2, 32), middle, nn.ReLU(), nn.Linear(32, WIDTH), nn.ReLU())
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            for layer in (self.body[0], self.body[3]):
                layer.reset_parameters()

    def forward(self, x):
        return self.body(x)


def rows(n, seed, source, shares=(1.0, 1.0, 1.0), scale=1.0, shift=0.0):
    """Three classes around the corners of a triangle; the target's is turned, scaled and shifted."""
    g = torch.Generator().manual_seed(seed)
    y = torch.multinomial(torch.tensor(shares), n, replacement=True, generator=g)
    turn = 0.0 if source else math.radians(TURN)
    angle = 2 * math.pi * y / CLASSES + turn
    x = 2 * torch.stack([angle.cos(), angle.sin()], 1) + 0.4 * torch.randn(n, 2, generator=g)
    return Labelled(x if source else x * scale + shift, y)


def batches(needs, seed=0, **how):
    """Domains of unequal sizes, or the target alone."""

    def begin(step):
        while True:
            at = derive_seed(seed, step)
            target = rows(TARGET_ROWS, derive_seed(at, "target"), False, **how).x
            yield Unlabelled(target) if needs is Unlabelled else Domains(rows(RECIPE.batch, at, True), target)
            step += 1

    return begin


def carried_out(method, seed=0, body=None, head=None, stages=None, how=None, **recipe):
    """The last run of a method's stages."""
    body = body or Small(seed)
    for stage in method.stages() if stages is None else stages:
        task = Task(CLASSES, (2,), rows=64, seed=seed, head=head)
        run = start(stage, body, task, replace(RECIPE, seed=seed, **recipe))
        drain(train(run, batches(stage.about.needs, seed, **(how or {}))))
        model = stage.predictor(run.parts)
        body, head = model.backbone, model.head
    return run


def accuracy(method, seed=0, **given):
    """On the target's labels, which no method sees."""
    run = carried_out(method, seed, **given)
    return judged(method.predictor(run.parts), seed, **(given.get("how") or {}))


def judged(model, seed=0, **how):
    seen = rows(1000, derive_seed(seed, "test"), False, **how)
    with torch.inference_mode():
        return float((model.eval()(seen.x).argmax(1) == seen.y).float().mean())
