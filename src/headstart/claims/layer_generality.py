"""Early layers are general, late layers specific: cut a network at each layer, and probe each layer."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from headstart.claims._claim import Claim, Effect, Numbers
from headstart.claims._digits import UPSTREAM, Rows, accuracy, of_classes
from headstart.claims._lab import Lab
from headstart.claims._tuning import DIGITS, LR, curve, lead, own_task
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
    """Three convolutions and two dense layers."""
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU()),
        nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU()),
        nn.Sequential(nn.Linear(32, 16), nn.ReLU()),
        nn.Linear(16, 5),
    )


def train(
    method: Method[Any], base: nn.Module | Predictor, rows: Rows, lab: Lab, *names: str | int
) -> Predictor:
    """A training; all are alike."""
    steps = lab.pick(quick=100, full=1000, tiny=3)
    recipe = Recipe(steps=steps, batch=32, lr=LR, seed=lab.derive("layers", *names))
    return fit(method, base, rows.arrays, recipe, head="new")


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
        head = RidgeProbe().solve(known, rows.y, 5)
        with torch.no_grad():
            found.append(float((head(new).argmax(1) == test.y).double().mean()))
    return found


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies on task B of four series by cut, and of probes of every layer."""
    rows, test = own_task(lab, seed)
    fresh, scratch = network(), make("from-scratch")
    first = rows if lab.null else of_classes(UPSTREAM)
    bases = {
        "A": train(scratch, fresh, first, lab, "base A", seed),
        "B": train(scratch, fresh, rows, lab, "base B", seed),
    }
    cuts = lab.pick(quick=range(1, LAYERS + 1), full=range(1, LAYERS + 1), tiny=range(1, LAYERS + 1, 4))
    found: Numbers = {
        "cuts": [float(cut) for cut in cuts],
        "layers": [float(layer) for layer in range(1, LAYERS + 1)],
        "base": [accuracy(bases["B"], test)] * len(cuts),
    }
    for series, (base, frozen) in SERIES.items():
        found[series] = [
            accuracy(train(transplant(LAYERS, cut, frozen), bases[base], rows, lab, seed), test)
            for cut in cuts
        ]
    # one step at no rate: the weights that training from scratch begins with
    blank = fit("from-scratch", fresh, rows.arrays, Recipe(steps=1, lr=1e-9, seed=lab.derive("blank", seed)))
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
    data=DIGITS.format(labels="all labels").replace("to pre-train on", "are task A"),
    compared=(
        "Layers copied from task A or from B itself, frozen or tuned, at every cut, all trained alike; a "
        "ridge probe of every layer of the networks of A, of B and of an untrained one."
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
