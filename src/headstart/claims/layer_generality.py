"""Early layers are general, late layers specific: cut a network at each layer, and probe each layer."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from headstart.claims._alphabets import OWN, RATE, characters, others
from headstart.claims._claim import Claim, Effect, Numbers
from headstart.claims._digits import Rows, accuracy
from headstart.claims._lab import Lab
from headstart.claims._tuning import curve, lead
from headstart.core import Method, make
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe
from headstart.models.wrapped import AnyBackbone
from headstart.predictor.fit import fit
from headstart.predictor.predictor import Predictor
from headstart.records.claims import Panel
from headstart.run.recipe import Recipe
from headstart.session.transplant import transplant

LAYERS = 5
SERIES = {"BnB": ("B", True), "BnB+": ("B", False), "AnB": ("A", True), "AnB+": ("A", False)}
TITLES = {
    "BnB": "BnB: own layers, frozen",
    "BnB+": "BnB+: own layers, tuned",
    "AnB": "AnB: layers of A, frozen",
    "AnB+": "AnB+: layers of A, tuned",
}
FIRST, LAST = slice(0, 1), slice(-1, None)


def network() -> nn.Sequential:
    """Three convolutions with group normalisation, and two dense layers."""
    layers: list[nn.Module] = []
    for before, width, pool in ((1, 8, False), (8, 16, True), (16, 16, True)):
        block = [nn.Conv2d(before, width, 3, padding=1), nn.GroupNorm(4, width), nn.ReLU()]
        layers.append(nn.Sequential(*block, *([nn.MaxPool2d(2)] if pool else [])))
    return nn.Sequential(
        *layers,
        nn.Sequential(nn.Flatten(), nn.Linear(144, 32), nn.ReLU()),
        nn.Sequential(nn.Linear(32, 16), nn.ReLU()),
        nn.Linear(16, OWN),
    )


def train(method: Method[Any], base: nn.Module | Predictor, rows: Rows, steps: int, seed: int) -> Predictor:
    """A training; all are at one rate."""
    return fit(method, base, rows.arrays, Recipe(steps=steps, batch=32, lr=RATE, seed=seed), head="new")


def layers_of(model: Predictor, rows: Rows) -> list[Tensor]:
    """What each layer makes of the rows, (n, numbers) each."""
    backbone = model.model.backbone
    assert isinstance(backbone, AnyBackbone)
    with torch.no_grad():
        found = backbone.features(rows.x, take=lambda x, layout, there: x.flatten(1))
    return list(found.values())


def probes(model: Predictor, rows: Rows, test: Rows) -> list[float]:
    """Accuracies of a ridge probe of every layer."""
    found = []
    for known, new in zip(layers_of(model, rows), layers_of(model, test), strict=True):
        head = RidgeProbe().solve(known, rows.y, OWN)
        with torch.no_grad():
            found.append(float((head(new).argmax(1) == test.y).double().mean()))
    return found


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies on task B of four series by cut, and of probes of every layer."""
    kept = slice(lab.pick(quick=None, full=None, tiny=100))
    rows, test = (Rows(each.x[kept], each.y[kept]) for each in characters(lab, seed))
    before = others(lab, seed, OWN)  # as many characters as B has, and as many rows
    fresh, scratch = network(), make("from-scratch")
    long, short = lab.pick(quick=(400, 80), full=(3000, 1000), tiny=(3, 3))
    start = lab.derive("layers, bases", seed)  # of both bases: the same random weights
    bases = {
        "A": train(scratch, fresh, before, long, start),
        "B": train(scratch, fresh, rows, long, start),
    }
    if lab.null:
        bases["A"] = train(scratch, fresh, rows, long, lab.derive("layers, null", seed))
    cuts = lab.pick(quick=range(1, LAYERS + 1), full=range(1, LAYERS + 1), tiny=range(1, LAYERS + 1, 4))
    found: Numbers = {
        "cuts": [float(cut) for cut in cuts],
        "layers": [float(layer) for layer in range(1, LAYERS + 1)],
        "base": [accuracy(bases["B"], test)] * len(cuts),
    }
    drawn = lab.derive("layers", seed)
    for series, (base, frozen) in SERIES.items():
        models = [train(transplant(LAYERS, cut, frozen), bases[base], rows, short, drawn) for cut in cuts]
        found[series] = [accuracy(model, test) for model in models]
    # one step at no rate: the weights that the bases begin with
    blank = fit("from-scratch", fresh, rows.arrays, Recipe(steps=1, lr=1e-9, seed=start))
    for name, model in (bases | {"untrained": blank}).items():
        found[f"probe {name}"] = probes(model, rows, test)
    return found


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """The series by cut; the probes by layer."""
    series = [curve(seeds, name, title, "cuts") for name, title in TITLES.items()]
    names = {"A": "trained on task A", "B": "trained on task B", "untrained": "untrained"}
    return [
        Panel(
            "Layers are copied up to a cut, the rest begins anew",
            "accuracy on task B",
            "layers copied",
            curves=[*series, curve(seeds, "base", "base B", "cuts", dashed=True)],
        ),
        Panel(
            "A ridge probe of every layer",
            "accuracy on task B",
            "layer",
            curves=[curve(seeds, f"probe {key}", name, "layers") for key, name in names.items()],
        ),
    ]


def specific(numbers: Numbers, at: slice) -> float:
    """What frozen layers of A lose against frozen layers of B."""
    return lead("BnB", "AnB", at)(numbers)


def probed(numbers: Numbers) -> float:
    """What a probe of A lacks against one of B, in the last layer more than in the last convolution."""
    lacks = lead("probe B", "probe A", LAST), lead("probe B", "probe A", slice(2, 3))
    return lacks[0](numbers) - lacks[1](numbers)


CLAIM = Claim(
    number=7,
    name="layer-generality",
    title="Early layers are general, late layers specific",
    statement=(
        "Frozen layers that learned task A serve task B worse than B's own where all are copied, and hardly "
        "so where only the first is; tuning them makes up for it. A probe of task B finds the same: it lacks "
        "more on A's last layer than on its last convolution."
    ),
    paper="arXiv:1411.1792",
    data=(
        "Made up: characters of three strokes each, by an unsteady hand. Ten are task A, ten others task B, "
        "with 80 rows each to learn from, and 50 of each of B to test."
    ),
    compared=(
        "Layers copied from task A or from B itself, frozen or tuned, at every cut, all trained alike; both "
        "networks were trained alike from the same random weights. A ridge probe of every layer of the "
        "networks of A, of B and of an untrained one."
    ),
    null="base A has learned task B, too",
    holds="Freeze early layers, and tune or begin anew the late ones, the more so the farther the tasks are.",
    fails="Freeze by no rule: headstart yosinski and headstart probe say which of your layers serve.",
    effects=(
        Effect("Layers of B over those of A, frozen, all copied", lambda numbers: specific(numbers, LAST)),
        Effect(
            "This at the last cut over this at the first",
            lambda numbers: specific(numbers, LAST) - specific(numbers, FIRST),
        ),
        Effect("Tuned over frozen layers of A, all copied", lead("AnB+", "AnB", LAST)),
        Effect("What a probe of A lacks against one of B, last layer over last convolution", probed),
    ),
    measure=measure,
    draw=draw,
)
