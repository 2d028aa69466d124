"""Other pixels ask for the first layer, other labels for the last: tune that one and leave the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import nn

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of, value_of
from headstart.claims._digits import Rows, a_class, accuracy, all_digits, split
from headstart.claims._lab import Lab
from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, On, Parts, Task, make
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss
from headstart.predictor.fit import fit
from headstart.predictor.predictor import Predictor
from headstart.records.claims import Mark, Panel
from headstart.run.recipe import Recipe

LAYERS = {"none": "none", "first": "the first layer", "middle": "the middle layer", "last": "the last layer"}
ARMS = LAYERS | {"all": "all layers"}
TESTED, SOURCE = 400, 1000  # rows that judge, and rows that were learned before


@final
@dataclass(frozen=True, kw_only=True)
class TuneLayer(TuningSettings[Labelled]):
    """Train one layer of a trained classifier, its head too being one, and leave the others.

    Attributes:
        layer: "first", "middle", "last", which is the head, or "all".
    """

    about = About("tune-layer", "start", "mapping", Labelled, "arXiv:2210.11466")
    backbone_lr: float = 1.0
    layer: str = "all"

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and the head that it came with."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Any, ...]:
        """One descent on the layer."""
        head, backbone = tuned_on(self)
        of_block = {
            name: replace(backbone, blocks=slice(n, n + 1)) for n, name in ((0, "first"), (1, "middle"))
        }
        on: tuple[On, ...] = (head, backbone)
        if self.layer != "all":
            on = (of_block.get(self.layer, head),)
        return (Descend(self.loss, on=on),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)


def source_model(lab: Lab, seed: int, rows: Rows) -> Predictor:
    """Three layers that have learned the ten digits as they are."""
    net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    steps = lab.pick(quick=300, full=1500, tiny=5)
    recipe = Recipe(steps=steps, batch=64, lr=3e-3, seed=lab.derive("surgical source", seed))
    return fit(make("from-scratch"), net, rows.arrays, recipe)


def tasks(lab: Lab, seed: int, rows: Rows) -> dict[str, Rows]:
    """The rows with their pixels in another order, and with other labels."""
    random = lab.generator("surgical shift", seed)
    pixels, labels = torch.randperm(64, generator=random), torch.arange(10).roll(1)
    if lab.null:
        pixels, labels = torch.arange(64), torch.arange(10)
    return {"input": Rows(rows.x[:, pixels], rows.y), "labels": Rows(rows.x, labels[rows.y])}


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies after each layer was tuned on five labels a class of a task that has shifted."""
    random = lab.generator("surgical rows", seed)
    digits = all_digits()
    flat = Rows(digits.x.flatten(1), digits.y)
    rest, test = split(flat, TESTED, random)
    few, source = split(rest, SOURCE, random)
    base, few = source_model(lab, seed, source), a_class(few, 5, random)
    steps = lab.pick(quick=200, full=1000, tiny=3)
    found: Numbers = {}
    learned, judged = tasks(lab, seed, few), tasks(lab, seed, test)
    for shift, rows in learned.items():
        for arm in ARMS:
            model = base
            if arm != "none":
                recipe = Recipe(steps=steps, batch=50, lr=3e-3, seed=lab.derive("surgical", seed))
                model = fit(TuneLayer(layer=arm), base, rows.arrays, recipe)
            found[f"{shift} {arm}"] = accuracy(model, judged[shift])
    return found


def over_all(numbers: Numbers) -> float:
    """The lead of the layer that the shift asks for over all layers, in the mean of both shifts."""
    right = value_of(numbers, "input first") + value_of(numbers, "labels last")
    return (right - value_of(numbers, "input all") - value_of(numbers, "labels all")) / 2


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Each layer, for both shifts."""
    titles = {"input": ("Pixels in another order", "first"), "labels": ("Other labels", "last")}
    return [
        Panel(
            title,
            "accuracy",
            marks=[Mark(name, mean_of(seeds, f"{shift} {arm}"), arm == right) for arm, name in ARMS.items()],
            zero=0.1,
        )
        for shift, (title, right) in titles.items()
    ]


CLAIM = Claim(
    number=6,
    name="surgical-layers",
    title="Tune the layer that the shift asks for",
    statement=(
        "With five labels a class, where the pixels have changed, tuning the first layer alone is better "
        "than the last alone by more than 5 points; where the labels have changed it is the other way round; "
        "and the right layer alone is better than all layers."
    ),
    paper="arXiv:2210.11466",
    data=(
        "Digits of scikit-learn: 1,000 to learn from before, 5 of each class of the shifted task, 400 others "
        "to test. The shifts: the pixels in another order; the label of each digit handed to the next."
    ),
    compared="Three layers that know the digits; one layer tuned at the same rate, all of them, or none.",
    null="no shift: pixels and labels stay as they were",
    holds="Ask what has changed: take surgical:block=0 for other inputs, the head for other labels.",
    fails="Let surgical choose the block by its gradients, or take all layers.",
    effects=(
        Effect("First over last layer, other pixels", difference("input first", "input last"), 0.05),
        Effect("Last over first layer, other labels", difference("labels last", "labels first"), 0.05),
        Effect("The right layer over all layers", over_all),
    ),
    measure=measure,
    draw=draw,
)
