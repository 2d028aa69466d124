"""Shortcuts: a tag of the source decides the class; alignment does not fix it, group-aware training does."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of
from headstart.claims._digits import Rows, accuracy, all_digits, convnet
from headstart.claims._lab import Lab
from headstart.core import make
from headstart.data.domains import Domains
from headstart.data.load import load
from headstart.predictor.fit import fit
from headstart.records.claims import Mark, Panel
from headstart.run.recipe import Recipe

ARMS = {  # the weights of alignment are the best of docs/how/confounders.md
    "fine-tune": ("fine-tune:backbone_lr=1.0", "fine-tuning"),
    "deep-coral": ("deep-coral:backbone_lr=1.0", "aligned: deep CORAL"),
    "dann": ("dann:backbone_lr=1.0,weight=0.1", "aligned: DANN"),
    "group-dro": ("group-dro:backbone_lr=1.0", "group DRO"),
}
ALIGNED = ("deep-coral", "dann")
TRAIN, TARGET, FAIR = 0.9, 0.1, 0.5  # share of rows whose tag agrees with the class


def tagged(rows: Rows, agreement: float, random: torch.Generator) -> tuple[Rows, Tensor]:
    """Digits below 5 against the others, with a bright pixel in one of two corners, and which corner (n,)."""
    y = (rows.y >= 5).long()
    tags = torch.where(torch.rand(len(y), generator=random) < agreement, y, 1 - y)
    x = rows.x.clone()
    x[torch.arange(len(y)), 0, 0, 7 * tags] = 1.0
    return Rows(x, y), tags


def groups(model: Any, rows: Rows, tags: Tensor) -> dict[str, float]:
    """Accuracy where the tag agrees with the class, where it does not, and of the worst group."""
    cells = {
        (one, tag): accuracy(model, rows.pick(torch.nonzero((rows.y == one) & (tags == tag))[:, 0]))
        for one in (0, 1)
        for tag in (0, 1)
    }
    agrees, differs = (cells[0, 0] + cells[1, 1]) / 2, (cells[0, 1] + cells[1, 0]) / 2
    return {"agrees": agrees, "differs": differs, "worst": min(cells.values())}


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies by group of test rows whose tags say nothing, for each way of training."""
    random = lab.generator("shortcut", seed)
    digits = all_digits()
    order = torch.randperm(len(digits), generator=random)
    few = lab.pick(quick=900, full=900, tiny=100)
    train, tags = tagged(digits.pick(order[:few]), FAIR if lab.null else TRAIN, random)
    target, _ = tagged(digits.pick(order[900:1350]), FAIR if lab.null else TARGET, random)
    test, of_test = tagged(digits.pick(order[1350:]), FAIR, random)
    data = load(train.arrays, attribute=tags.numpy())
    recipe = Recipe(
        steps=lab.pick(quick=200, full=1500, tiny=5), batch=64, lr=3e-3, seed=lab.derive("shortcut", seed)
    )
    found: Numbers = {}
    for name, (method, _) in ARMS.items():
        given = Domains(data, target.x.numpy()) if name in ALIGNED else data
        net = convnet(lab.generator("shortcut start", seed), 2, width=8)
        model = fit(make(method), net, given, recipe)
        found |= {f"{part} {name}": value for part, value in groups(model, test, of_test).items()}
    return found


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """The worst group, and how much the tag decides."""
    worst = [Mark(text, mean_of(seeds, f"worst {name}"), "group" in name) for name, (_, text) in ARMS.items()]
    ways = {"agrees": "tag as in training", "differs": "tag of the other class"}
    cues = [
        Mark(f"{ARMS[name][1]}, {text}", mean_of(seeds, f"{way} {name}"), name == "group-dro")
        for name in ("fine-tune", "deep-coral", "group-dro")
        for way, text in ways.items()
    ]
    return [
        Panel("Worst group of class and tag", "accuracy", marks=worst, zero=0.5),
        Panel("Test rows by their tag", "accuracy", marks=cues, zero=0.5),
    ]


CLAIM = Claim(
    number=22,
    name="shortcuts",
    title="A tag decides the class: alignment does not fix it, group-aware training does",
    statement=(
        "Where a bright pixel goes with the class in nine of ten training rows, the network follows the "
        "pixel. Aligning its features with an unlabelled target in which the pixel goes the other way "
        "leaves the worst group behind; training that knows the groups of class and pixel lifts it."
    ),
    paper="arXiv:1911.08731",
    data=(
        "Digits of scikit-learn, 0 to 4 against 5 to 9, with a pixel in the left or the right corner: 900 "
        "rows to train on, 450 target rows without labels, 447 test rows in which the pixel says nothing."
    ),
    compared=(
        "The same network, rows and steps: fine-tuning, deep CORAL and DANN with the target, and "
        "group DRO with the groups of the training rows."
    ),
    null="the pixel says nothing in training and in the target either",
    holds="Look for what else goes with the class, name it as an attribute, and train by groups.",
    fails="The cue was no easier to learn than the class itself, or a group had too few rows.",
    effects=(
        Effect(
            "Fine-tuning where the tag is as in training, over where it is not",
            difference("agrees fine-tune", "differs fine-tune"),
            0.05,
        ),
        Effect(
            "Deep CORAL where the tag is as in training, over where it is not",
            difference("agrees deep-coral", "differs deep-coral"),
            0.05,
        ),
        Effect(
            "Group DRO over fine-tuning, worst group", difference("worst group-dro", "worst fine-tune"), 0.0
        ),
        Effect(
            "Group DRO over deep CORAL, worst group", difference("worst group-dro", "worst deep-coral"), 0.0
        ),
        Effect("Group DRO over DANN, worst group", difference("worst group-dro", "worst dann"), 0.0),
    ),
    measure=measure,
    draw=draw,
)
