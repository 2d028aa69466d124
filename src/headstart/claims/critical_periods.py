"""Critical learning periods: what is blurred in the first steps is not made up later."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of
from headstart.claims._digits import Rows, a_class, accuracy, all_digits, split
from headstart.claims._lab import Lab
from headstart.core import make
from headstart.predictor.fit import fit
from headstart.predictor.predictor import Predictor
from headstart.records.claims import Curve, Mark, Panel
from headstart.run.recipe import Recipe

Change = Callable[[Tensor], Tensor]
Stage = tuple[Change, int]  # what is done to the pictures, for how many steps
WIDTH, LAYERS = 128, 3


def blurred(x: Tensor) -> Tensor:
    """Pictures (n, 1, 8, 8) of which four numbers are left, as in the paper: averages of quarters."""
    small = interpolate(x, scale_factor=0.25, mode="area")
    return interpolate(small, size=x.shape[2:], mode="bilinear")


def flipped(x: Tensor) -> Tensor:
    """Pictures upside down: as much to see as before."""
    return x.flip(2)


def clean(x: Tensor) -> Tensor:
    """Pictures as they are."""
    return x


def network(random: torch.Generator) -> nn.Sequential:
    """Fully connected layers, as the paper's network for handwritten digits."""
    net = nn.Sequential(nn.Flatten())
    for place in range(LAYERS):
        net.extend([nn.Linear(WIDTH if place else 64, WIDTH), nn.ReLU()])
    net.append(nn.Linear(WIDTH, 10))
    with torch.no_grad():
        for weight in net.parameters():
            deviation = (2 / weight.shape[1]) ** 0.5 if weight.ndim > 1 else 0.0  # biases are 0
            weight.copy_(torch.randn(weight.shape, generator=random) * deviation)
    return net


def learn(lab: Lab, seed: int, rows: Rows, stages: Sequence[Stage]) -> Predictor:
    """The network after stages of training; the last ends with a falling rate, the others do not."""
    model: nn.Module | Predictor = network(lab.generator("critical start", seed))
    for place, (change, steps) in enumerate(stages):
        recipe = Recipe(
            steps=steps,
            batch=32,
            lr=0.03,
            optimiser="momentum",
            weight_decay=5e-4,
            warmup=0.0,
            schedule="cosine" if place == len(stages) - 1 else "constant",
            seed=lab.derive("critical order", seed, place),
        )
        method = make("fine-tune:backbone_lr=1.0")
        model = fit(method, model, Rows(change(rows.x), rows.y).arrays, recipe)
    assert isinstance(model, Predictor)
    return model


def arms_of(steps: int, blur: Change, flip: Change) -> dict[str, list[Stage]]:
    """The stages of each arm: all have twice so many steps on clean pictures, and end with them."""
    then: list[Stage] = [(clean, steps), (clean, steps)]
    return {
        "none": then,
        "half": [(blur, steps // 2), *then],
        "early": [(blur, steps), *then],
        "late": [(clean, steps), (blur, steps), (clean, steps)],
        "flip": [(flip, steps), *then],
    }


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies on clean pictures, after the same clean steps beside blurred or flipped ones."""
    rows, test = split(all_digits(), 800, lab.generator("critical test", seed))
    rows = a_class(rows, 40, lab.generator("critical rows", seed))
    first = lab.pick(quick=200, full=1200, tiny=4)
    blur, flip = (clean, clean) if lab.null else (blurred, flipped)
    found: Numbers = {"steps": [0.0, float(first // 2), float(first)]}
    for name, stages in arms_of(first, blur, flip).items():
        found[name] = accuracy(learn(lab, seed, rows, stages), test)
    return found


TITLES = {
    "none": "never blurred",
    "early": "blurred at first",
    "late": "blurred later",
    "flip": "upside down at first",
}


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Accuracies of all arms, and by how long the first pictures were blurred."""
    marks = [Mark(title, mean_of(seeds, name), name == "early") for name, title in TITLES.items()]
    lengths = seeds[0]["steps"]
    assert isinstance(lengths, list)
    curve = Curve("blurred at first", lengths, [mean_of(seeds, name) for name in ("none", "half", "early")])
    return [
        Panel("After equally many steps on clean pictures", "accuracy", marks=marks),
        Panel("By the length of the blur", "accuracy", "blurred steps before the clean ones", [curve]),
    ]


CLAIM = Claim(
    number=24,
    name="critical-periods",
    title="There are critical learning periods",
    statement=(
        "A network that sees blurred pictures in its first steps is less accurate in the end than one that "
        "never did, after equally many steps on clean pictures. The same blur later costs less, and so do "
        "pictures upside down in the first steps."
    ),
    paper="arXiv:1711.08856",
    data="400 digits of 8 x 8 pixels, 40 of each class; 800 others to test.",
    compared=(
        "Steps with blur before those on clean pictures, with none, with blur in the middle of them, and "
        "with pictures upside down before them. All have the same steps on clean pictures, and end with them."
    ),
    null="nothing is blurred or flipped",
    holds="Begin with the data that the model is for: what it learns first decides what it can learn later.",
    fails="A poor start costs no more than poor data later, or next to nothing: begin with what is at hand.",
    effects=(
        Effect("Never blurred over blurred at first", difference("none", "early")),
        Effect("Blurred later over blurred at first", difference("late", "early")),
        Effect("Upside down at first over blurred at first", difference("flip", "early")),
    ),
    measure=measure,
    draw=draw,
    seeds=8,
)
