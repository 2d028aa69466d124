"""Texture bias: which cue a network follows where shape and texture disagree, and how that is changed."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of
from headstart.claims._digits import Rows, accuracy, convnet, of_classes, split
from headstart.claims._lab import Lab
from headstart.core import make
from headstart.predictor.fit import fit
from headstart.predictor.predictor import Predictor
from headstart.records.claims import Mark, Panel
from headstart.run.recipe import Recipe

CLASSES, SIZE, PERIOD = 5, 16, 4.0  # digits 0 to 4 and as many textures; pixels
TEST = 300


def textures(kinds: Tensor, random: torch.Generator) -> Tensor:
    """Stripes (n, 1, 16, 16) in [0, 1], of a direction for each kind (n,), at random places."""
    angle = kinds[:, None, None] * math.pi / CLASSES
    phase = 2 * math.pi * torch.rand(len(kinds), 1, 1, generator=random)
    y, x = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    along = x * angle.cos() + y * angle.sin()
    return (0.5 + 0.5 * (2 * math.pi / PERIOD * along + phase).sin())[:, None]


def striped(rows: Rows, kinds: Tensor, random: torch.Generator) -> Tensor:
    """The digits, made of stripes: shape and texture are both plain to see."""
    shapes = interpolate(rows.x, size=(SIZE, SIZE), mode="bilinear").clamp(0, 1)
    return shapes * (0.25 + 0.75 * textures(kinds, random))


def others(y: Tensor, random: torch.Generator) -> Tensor:
    """A class (n,) for each row that is not its own."""
    return (y + torch.randint(1, CLASSES, (len(y),), generator=random)) % CLASSES


def any_of(y: Tensor, random: torch.Generator) -> Tensor:
    """A class (n,) for each row, at random."""
    return torch.randint(CLASSES, (len(y),), generator=random)


def learn(lab: Lab, seed: int, start: object, rows: Rows, name: str) -> Predictor:
    """A network that has learned pictures from a start."""
    recipe = Recipe(
        steps=lab.pick(quick=120, full=600, tiny=3),
        batch=32,
        lr=3e-3,
        weight_decay=0.0,
        seed=lab.derive("texture", name, seed),
    )
    return fit(make("fine-tune:backbone_lr=1.0"), start, rows.arrays, recipe)  # type: ignore[arg-type]


def measure(lab: Lab, seed: int) -> Numbers:
    """Shares of decisions by shape and by texture, before and after shape-biased training."""
    random = lab.generator("textures", seed)
    train, test = split(of_classes(range(CLASSES)), TEST, random)
    chosen = any_of(train.y, random) if lab.null else train.y
    agree = Rows(striped(train, chosen, random), train.y)
    free = Rows(striped(train, any_of(train.y, random), random), train.y)
    before = learn(lab, seed, convnet(lab.generator("texture start", seed), CLASSES), agree, "before")
    models = {
        "before": before,
        "same": learn(lab, seed, before, agree, "after"),
        "biased": learn(lab, seed, before, free, "after"),
    }
    kinds = others(test.y, random)
    conflicts = striped(test, kinds, random)
    plain = Rows(striped(test, test.y, random), test.y)
    found: Numbers = {}
    for name, model in models.items():
        found[f"shape {name}"] = accuracy(model, Rows(conflicts, test.y))
        found[f"texture {name}"] = accuracy(model, Rows(conflicts, kinds))
        found[f"agree {name}"] = accuracy(model, plain)
    return found


TITLES = {
    "before": "trained where both agree",
    "same": "trained longer where both agree",
    "biased": "then with random textures",
}


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Shares of decisions on pictures whose cues disagree."""

    def panel(title: str, cue: str) -> Panel:
        marks = [Mark(name, mean_of(seeds, f"{cue} {key}"), key == "biased") for key, name in TITLES.items()]
        return Panel(title, "share of 300 pictures", marks=marks, zero=1 / CLASSES)

    return [
        panel("Decided by texture, where the cues disagree", "texture"),
        panel("Decided by shape, where the cues disagree", "shape"),
    ]


CLAIM = Claim(
    number=23,
    name="texture-bias",
    title="Networks follow texture unless they are trained not to",
    statement=(
        "Where shape and texture both tell the class, a small convolutional network learns to go by texture: "
        "on pictures whose cues disagree it says the class of the texture. Trained further on pictures whose "
        "textures are random, it goes by shape."
    ),
    paper="arXiv:1811.12231",
    data=(
        "Digits 0 to 4 at 16 x 16 pixels, made of stripes whose direction is that of the class (cues agree), "
        "of another class (cues disagree) or random; 300 digits to test."
    ),
    compared=(
        "A network before and after further training with random textures; the control has as much further "
        "training on pictures whose cues agree."
    ),
    null="textures are random in all training, so that there is no texture to follow",
    holds="Test on pictures whose cues disagree, and break by augmentation the cue that shall not count.",
    fails="Shape was the easier cue here: which one a network follows is to be measured, not assumed.",
    effects=(
        Effect("Before: decided by texture, less by shape", difference("texture before", "shape before")),
        Effect(
            "After random textures: decided by shape, less by texture",
            difference("shape biased", "texture biased"),
        ),
        Effect(
            "Decided by shape: after random textures, less after training longer",
            difference("shape biased", "shape same"),
        ),
    ),
    measure=measure,
    draw=draw,
)
