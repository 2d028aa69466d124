"""Distillation: a teacher teaches a small student more than labels, even of a class it never saw."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of, value_of
from headstart.claims._digits import Rows, a_class, accuracy, all_digits, convnet, shuffled, split
from headstart.claims._lab import Lab
from headstart.claims._perceptron import perceptron
from headstart.core import make
from headstart.predictor.fit import fit
from headstart.predictor.predictor import Predictor
from headstart.records.claims import Mark, Panel
from headstart.run.recipe import Recipe

TEST, LABELS = 500, 10  # rows; labels a class that the student has
WIDTH = 32  # of the student's hidden layer
MISSING = "label-transfer:backbone_lr=1.0,temperature=20"


def student(random: torch.Generator) -> nn.Sequential:
    """A perceptron with one hidden layer, about 2,400 weights."""
    return nn.Sequential(nn.Flatten(), *perceptron(random, (64, WIDTH, 10)))


def learn(lab: Lab, seed: int, method: str, net: nn.Module, rows: Rows, **more: Any) -> Predictor:
    """A network after a method, with equally many steps for all."""
    steps = lab.pick(quick=300, full=1500, tiny=10)
    recipe = Recipe(steps=steps, batch=min(64, len(rows)), lr=3e-3, seed=lab.derive("distillation", seed))
    return fit(make(method), net, rows.arrays, recipe, **more)


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracy of teacher and students; and of the digit that is missing in the student's rows."""
    random = lab.generator("distillation", seed)
    train, test = split(all_digits(), TEST, random)
    if lab.tier == "tiny":
        train, test = train.pick(torch.arange(300)), test.pick(torch.arange(200))
    told = shuffled(train, random) if lab.null else train
    teacher = learn(lab, seed, "fine-tune:backbone_lr=1.0", convnet(random, 10), told)
    small, few = student(random), a_class(train, LABELS, random)
    digit = (3 + 2 * seed) % 10
    without, of_digit = train.pick(train.y != digit), test.pick(test.y == digit)
    alone = learn(lab, seed, "fine-tune:backbone_lr=1.0", small, few)
    same = learn(lab, seed, "distillation:backbone_lr=1.0", small, few, teacher=teacher)
    found: Numbers = {"teacher": accuracy(teacher, test), "teacher, digit": accuracy(teacher, of_digit)}
    found |= {"alone": accuracy(alone, test), "distilled": accuracy(same, test)}
    for name, method in {"biases as learned": f"{MISSING},prior=none", "biases fitted": MISSING}.items():
        never = learn(lab, seed, method, small, without, teacher=teacher, unlabelled=train.arrays[0])
        found[f"{name}, digit"] = accuracy(never, of_digit)
        found[name] = accuracy(never, test)
    with_labels = learn(lab, seed, "fine-tune:backbone_lr=1.0", small, without)
    found["labels, digit"] = accuracy(with_labels, of_digit)
    return found


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """The three networks, and the digit that the student never saw."""
    y = "accuracy on test rows"
    three = {
        "teacher": "teacher, 1,297 labels",
        "alone": f"student alone, {10 * LABELS} labels",
        "distilled": "distilled student, the same rows",
    }
    never = {
        "labels": "labels",
        "biases as learned": "teacher's outputs",
        "biases fitted": "and biases fitted",
        "teacher": "the teacher itself",
    }
    return [
        Panel(
            "The same rows with labels",
            y,
            marks=[Mark(title, mean_of(seeds, name), name == "distilled") for name, title in three.items()],
        ),
        Panel(
            "A digit that no row of the student shows",
            "share of its test rows that are recognised",
            marks=[
                Mark(title, mean_of(seeds, f"{name}, digit"), name == "biases fitted")
                for name, title in never.items()
            ],
        ),
    ]


CLAIM = Claim(
    number=16,
    name="distillation",
    title="What a teacher says is worth more than labels, and tells of a class that the student never saw",
    statement=(
        "With the same 100 labelled rows, a small student that also learns a large teacher's outputs is "
        "more accurate than one that learns the labels alone. A student taught by outputs alone, on rows "
        "that lack one digit, recognises most of that digit once its biases are fitted to rows without "
        "labels."
    ),
    paper="arXiv:1503.02531",
    data=(
        "Digits of scikit-learn: 1,297 labelled rows for the teacher, 100 of them for the student, or all "
        "but those of one digit, another one for each seed, without labels; 500 to test on."
    ),
    compared=(
        "The teacher, a network of convolutions; a perceptron of 32 hidden units that learns labels alone; "
        "and the same perceptron distilled. Where a digit is missing: labels, and the teacher's outputs "
        "with biases as they were learned and fitted."
    ),
    null="the labels that the teacher learns are shuffled, so that it has nothing to say",
    holds="Where a small model must do, train a large one first, and let it tell of all rows there are.",
    fails="A teacher that is hardly better than the student alone, or few rows to speak of, teaches little.",
    effects=(
        Effect("Distilled over alone, the same rows", difference("distilled", "alone")),
        Effect(
            "Missing digit recognised, biases fitted",
            lambda numbers: value_of(numbers, "biases fitted, digit"),
            above=0.5,
        ),
    ),
    measure=measure,
    draw=draw,
)
