"""TENT recovers what a shift took, and collapses without guards on a bad stream."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of, means_of
from headstart.claims._digits import Rows, all_digits, split
from headstart.claims._lab import Lab
from headstart.core import make
from headstart.predictor.fit import fit
from headstart.predictor.predictor import Predictor
from headstart.records.claims import Curve, Mark, Panel
from headstart.run.recipe import Recipe
from headstart.streaming.guards import DEFAULT, Guard
from headstart.streaming.stream_model import stream

GOOD = "tent:lr=0.01"  # the rate for short streams of its page
BAD = "tent:lr=0.03"  # too high for batches of 8 rows
NOISE = 0.5
SOURCE = "lame:weight=0"  # answers as the model was given
PARTS = 8  # of the noisy stream, whose accuracies are drawn
NULL = "tent:statistics=mixed,prior=1e9,lr=1e-12"  # next to no step, and the statistics of the source


def network(random: torch.Generator) -> nn.Sequential:
    """Three convolutions with batch normalisation."""
    net = nn.Sequential()
    for inner, outer, stride in ((1, 16, 1), (16, 32, 2), (32, 64, 2)):
        conv = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
        net.append(nn.Sequential(conv, nn.BatchNorm2d(outer), nn.ReLU()))
    net.append(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    net.append(nn.Linear(64, 10))
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                scale = (2 / layer.weight[0].numel()) ** 0.5
                layer.weight.copy_(torch.randn(layer.weight.shape, generator=random) * scale)
    return net


def known(lab: Lab, seed: int) -> tuple[Predictor, Rows]:
    """A model that has learned half of the digits, and the other half."""
    random = lab.generator("stream", seed)
    train, rest = split(all_digits(), 897, random)
    steps = lab.pick(quick=200, full=1000, tiny=10)
    recipe = Recipe(steps=steps, batch=64, lr=3e-3, seed=lab.derive("stream", seed))
    return fit(make("from-scratch"), network(random), train.arrays, recipe), rest


def run(
    method: str,
    model: Predictor,
    rows: Rows,
    batch: int = 64,
    guards: tuple[Guard, ...] = (),
    protect: bool = False,
) -> Tensor:
    """Whether each row (n,) of a stream is answered right, before it is learned from."""
    adapting = stream(method, model, torch.split(rows.x, batch), guards=guards, protect=protect)
    classes = torch.tensor([int(name) for name in model.classes])
    said = torch.cat([answer.outputs.argmax(1) for answer in adapting])
    return (classes[said] == rows.y).double()


def noisy(rows: Rows, count: int, random: torch.Generator) -> Rows:
    """Digits in random order, with noise that no statistics undo."""
    chosen = rows.pick(torch.randint(len(rows), (count,), generator=random))
    return Rows(chosen.x + NOISE * torch.randn(chosen.x.shape, generator=random), chosen.y)


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies on pale digits, on a long noisy stream in small batches, and on digits sorted by class."""
    model, rest = known(lab, seed)
    random = lab.generator("stream order", seed)
    rest = rest.pick(torch.randperm(len(rest), generator=random)[: lab.pick(quick=897, full=897, tiny=64)])
    pale, in_order = Rows(0.25 * rest.x + 0.4, rest.y), rest.pick(torch.argsort(rest.y, stable=True))
    bad = noisy(rest, lab.pick(quick=2000, full=9000, tiny=32), random)
    good, high, norm = (NULL, NULL, NULL) if lab.null else (GOOD, BAD, "norm")
    right = {
        "clean source": run(SOURCE, model, rest),
        "pale source": run(SOURCE, model, pale),
        "pale norm": run(norm, model, pale),
        "pale tent": run(good, model, pale),
        "bad source": run(SOURCE, model, bad),
        "bad norm": run(norm, model, bad, 8),
        "bad tent": run(high, model, bad, 8),
        "bad guarded": run(high, model, bad, 8, guards=DEFAULT),
        "sorted tent": run(good, model, in_order),
        "sorted protected": run(good, model, in_order, guards=DEFAULT, protect=True),
    }
    found: Numbers = {name: float(values.mean()) for name, values in right.items()}
    for name in ("source", "tent", "guarded"):
        parts = torch.tensor_split(right[f"bad {name}"], PARTS)
        found[f"along {name}"] = [float(part.mean()) for part in parts]
    found["rows"] = [float(len(bad) * (part + 1) / PARTS) for part in range(PARTS)]
    return found


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Pale digits, the noisy stream as it goes, and digits sorted by class."""
    pale = {"source": "the model as it was", "norm": "statistics of the batch", "tent": "TENT"}
    in_order = {
        "clean source": "the model as it was",
        "sorted tent": "TENT",
        "sorted protected": "TENT, protected",
    }
    rows = seeds[0]["rows"]
    assert isinstance(rows, list)
    named = {"guarded": "TENT with guards", "tent": "TENT without", "source": "the model as it was"}
    curves = [
        Curve(text, rows, means_of(seeds, f"along {name}"), dashed=name == "source")
        for name, text in named.items()
    ]
    return [
        Panel(
            "Pale digits, 64 at a time",
            "accuracy",
            marks=[Mark(text, mean_of(seeds, f"pale {name}"), name == "tent") for name, text in pale.items()],
            zero=0.1,
        ),
        Panel("Noisy digits, 8 at a time", "accuracy", "rows so far", curves, zero=0.1),
        Panel(
            "Digits as they were, sorted by class",
            "accuracy",
            marks=[Mark(text, mean_of(seeds, key), "protected" in key) for key, text in in_order.items()],
            zero=0.1,
        ),
    ]


CLAIM = Claim(
    number=21,
    name="test-time-adaptation",
    title="TENT recovers what a shift took, and collapses on a bad stream without guards",
    statement=(
        "A model with batch normalisation that answers shifted rows gets back what it lost by adapting to "
        "each batch, without labels. On small noisy batches at a high rate the same method ends below the "
        "model that it began with, and on rows sorted by class, too; guards and protection keep it from "
        "that."
    ),
    paper="arXiv:2006.10726",
    data=(
        "Digits of scikit-learn: 900 to learn from, 897 that come later: pale, with noise (2,000 drawn), or "
        "sorted by class."
    ),
    compared=(
        "TENT beside the model as it was and beside statistics of the batch alone; without guards and with "
        "them; without protection and with it."
    ),
    null="the method keeps the statistics of the source and takes next to no step",
    holds=(
        "Adapt where rows have shifted, never without guards and protection; and look at statistics of the "
        "batch alone, which may do most of it."
    ),
    fails="The shift is one that statistics and scales can't undo, or the rate was low enough to do no harm.",
    effects=(
        Effect("TENT over the model as it was, pale digits", difference("pale tent", "pale source"), 0.1),
        Effect("The model as it was over TENT, noisy digits", difference("bad source", "bad tent")),
        Effect("Guarded over unguarded TENT, noisy digits", difference("bad guarded", "bad tent")),
        Effect("Protected over plain TENT, digits by class", difference("sorted protected", "sorted tent")),
    ),
    measure=measure,
    draw=draw,
)
