"""What each of two processes does for tests/run/test_fabric.py: `python -m tests.run.two FOLDER PART`."""

import sys
from dataclasses import replace
from pathlib import Path

import torch
from tests.run.simple import PLAIN, begin, same_batch
from tests.toy import Toy, labelled, stream_for, suited, task_for
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from headstart.core import Descend, Diverged, Guides, Labelled, Loss, On, walk
from headstart.losses.contrastive.clip import clip_loss
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.run.checkpoint import save_state
from headstart.run.engine import Engine, One
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain

ROWS = 7  # four for the one process and three for the other
# what draws random numbers draws others in each process
# and a batch normalisation that learns takes the statistics of each process by itself
EXACT = (m for m in walk() if not m.about.stochastic_loss and not m.about.needs_batch_norm)
METHODS = sorted(EXACT, key=lambda method: method.about.name)
SEVEN = labelled(ROWS, torch.Generator().manual_seed(2))
RECIPE = Recipe(steps=4, batch=ROWS, lr=0.1, optimiser="sgd", clip=1.0, ema=0.5)
LBFGS = replace(RECIPE, steps=4, optimiser="lbfgs", lr=1.0, clip=None, weight_decay=0.0)


def state_of(run):
    return {"parts": dict(run.parts.state_dict()), "average": dict(run.average.values)}


def method_of(kind, engine: Engine, recipe=RECIPE, guides=None):
    """Four steps of a method on a backbone without layers that look at the batch."""
    task = replace(task_for(kind), rows=4 * ROWS)
    run = start(kind, suited(kind, Toy(norm=False)), task, recipe, engine, guides)
    drain(train(run, stream_for(kind, n=ROWS)))
    return state_of(run)


def guided(engine: Engine):
    """Fine-tuning with guides between 0 and 1, but for the first tensor, whose guides are 0."""
    draw, begin = torch.Generator().manual_seed(3), dict(Toy(norm=False).named_parameters())
    values = {name: torch.rand(one.shape, generator=draw) for name, one in begin.items()}
    first = next(iter(values))
    values[first].zero_()
    found = method_of(FineTune(backbone_lr=1.0), engine, guides=Guides(values, ""))
    return found | {"still": torch.equal(found["parts"][f"backbone.{first}"], begin[first])}


def compared(parts, batch, ctx):
    """Each row against the rows of all processes: a loss that no process can compute alone."""
    z = parts["body"](batch.x)
    return Loss.sum(compared=(z @ ctx.gather(z).T / 4).logsumexp(1).mean())


def comparing(engine: Engine):
    run = begin({"body": Toy(norm=False)}, Descend(compared, on=(On("body"),)), recipe=RECIPE, engine=engine)
    drain(train(run, same_batch(SEVEN)))
    return state_of(run)


def searching(engine: Engine):
    """A line search on a convex problem, in which the processes must agree on every length."""
    body = nn.Linear(8, 3)
    nn.init.zeros_(body.weight)
    nn.init.zeros_(body.bias)

    def loss(parts, batch, ctx):
        logits = parts["body"](batch.x)
        return Loss.sum(label=cross_entropy(logits, batch.y), size=0.1 * logits.square().mean())

    run = begin({"body": body}, Descend(loss, on=(On("body"),)), recipe=LBFGS, engine=engine)
    drain(train(run, same_batch(SEVEN)))
    return state_of(run)


class Short:
    """The process with fewer rows finds no memory for three of them at once."""

    def __call__(self, parts, batch, ctx):
        if len(batch) == 3:
            raise torch.OutOfMemoryError
        return Loss.sum(label=cross_entropy(parts["body"](batch.x), batch.y))


def short(engine: Engine):
    run = begin({"body": Toy(norm=False)}, Descend(Short(), on=(On("body"),)), recipe=RECIPE, engine=engine)
    drain(train(run, same_batch(SEVEN)))
    return state_of(run) | {"accumulate": run.accumulate}


def diverging(engine: Engine):
    """A row that is not a number, in the share of the last process: all must stop, unchanged."""
    x = SEVEN.x.clone()
    x[6] = torch.nan
    body = nn.Linear(8, 3)
    before = body.weight.detach().clone()

    def loss(parts, batch, ctx):
        return Loss.sum(label=cross_entropy(parts["body"](batch.x), batch.y))

    run = begin({"body": body}, Descend(loss, on=(On("body"),)), recipe=PLAIN, engine=engine)
    try:
        drain(train(run, same_batch(Labelled(x, SEVEN.y))))
    except Diverged:
        return {"stopped": True, "unchanged": torch.equal(before, body.weight)}
    return {"stopped": False}


def gathered(engine: Engine):
    """Two rows of rank 0, three of rank 1; the gradient of a sum that rank r counts r + 1 times."""
    rows = torch.full((2 + engine.rank, 2), float(engine.rank + 1), requires_grad=True)
    together = engine.gather(rows)
    (together.sum() * (engine.rank + 1)).backward()
    empty = engine.gather(torch.ones(engine.rank, 3))
    numbers = engine.gather(torch.arange(2 - engine.rank) + 10 * engine.rank)
    return {
        "rows": together.detach(),
        "gradient": rows.grad,
        "empty": empty,
        "numbers": numbers,
        "share": engine.share(2 + engine.rank),
    }


def paired(engine: Engine):
    """CLIP's loss of the rows of both processes, with the gradients that this one finds."""
    a, b = (
        normalize(torch.randn(ROWS, 5, generator=torch.Generator().manual_seed(i)), dim=1) for i in (0, 1)
    )
    own = slice(4 * engine.rank, 4 * engine.rank + 4) if engine.world == 2 else slice(None)
    a, b = (side[own].clone().requires_grad_() for side in (a, b))
    scale = torch.tensor(14.3, requires_grad=True)
    loss = clip_loss(a, b, scale, gather=engine.gather)
    loss.backward()
    engine.average([scale])
    found = {
        "loss": loss.detach(),
        "scale": scale.grad,
        "a": a.grad / engine.world,
        "b": b.grad / engine.world,
    }
    return found | {"own": torch.arange(ROWS)[own]}


def with_methods(engine: Engine):
    return {kind.about.name: method_of(kind(), engine) for kind in METHODS}


def of_the_engine(engine: Engine):
    return {
        "lbfgs": searching(engine),
        "guided": guided(engine),
        "in parts": method_of(FineTune(), engine, replace(RECIPE, accumulate=7)),
        "comparing": comparing(engine),
        "short": short(engine),
        "diverging": diverging(engine),
        "gathered": gathered(engine),
        "paired": paired(engine),
    }


PARTS = {"methods": with_methods, "engine": of_the_engine}


def work(fabric, folder: str, part: str) -> None:
    """What Fabric starts in every process."""
    from headstart.run.fabric_engine import OnFabric

    torch.set_num_threads(1)
    engine = OnFabric(fabric)
    assert (engine.world, engine.device.type) == (2, "cpu")
    save_state(PARTS[part](engine), Path(folder) / str(engine.rank))


if __name__ == "__main__":
    from lightning_fabric import Fabric

    torch.set_num_threads(1)
    Fabric(accelerator="cpu", devices=2, strategy="ddp_fork").launch(work, *sys.argv[1:])
    save_state(PARTS[sys.argv[2]](One()), Path(sys.argv[1]) / "alone")
