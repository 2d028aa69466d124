"""Generative data: samples of a model of an earlier problem give later problems of the kind a head start."""

from collections.abc import Sequence

import numpy as np
import torch

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of, means_of
from headstart.claims._digits import (
    OWN,
    UPSTREAM,
    Rows,
    a_class,
    accuracy,
    convnet,
    of_classes,
    split,
    upstream,
)
from headstart.claims._lab import Lab
from headstart.core import make
from headstart.data.load import load
from headstart.generators.generative_model import make_generator
from headstart.generators.generator import Generator
from headstart.generators.spaces.space import space_of
from headstart.generators.training import average_decay, train_generator
from headstart.predictor.fit import fit
from headstart.records.claims import Curve, Mark, Panel
from headstart.run.engine import One
from headstart.run.recipe import Recipe

TEST, LABELS = 300, 5  # rows; labels a class
STEPS = (10, 30, 100)  # of fine-tuning
EARLY, LATE = 0, 2  # places in them
ARMS = {
    "scratch": "from scratch",
    "generated": "pre-trained on samples",
    "real": "pre-trained on the real rows",
}


def sampled(lab: Lab, seed: int) -> Rows:
    """Samples of a variational autoencoder that has learned the earlier problem, the digits 0 to 4."""

    def compute() -> dict[str, torch.Tensor]:
        rows = of_classes(UPSTREAM)
        data = load(((255 * rows.x[:, 0]).round().to(torch.uint8).numpy(), rows.y.numpy()))
        steps = lab.pick(quick=200, full=1500, tiny=3)
        recipe = Recipe(
            steps=steps, batch=64, lr=2e-3, ema=average_decay(steps), seed=lab.derive("generator", seed)
        )
        model, space = make_generator("vae"), space_of(data)
        parts, _ = train_generator(model, space, data, recipe, One())
        counts = tuple(np.bincount(data.labels).tolist())
        made = Generator(model, space, data.classes, parts, data.name, counts)
        drawn = made.draw(lab.pick(quick=180, full=1000, tiny=4), seed=lab.derive("samples", seed))
        pictures = torch.from_numpy(np.asarray(drawn.array)).float() / 255
        return {"x": pictures.reshape(-1, 1, 8, 8), "y": torch.from_numpy(drawn.labels).long()}

    found = lab.once(f"samples of digits 0-4 {seed}", compute)
    return Rows(found["x"], found["y"])


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracy on the later problem after few and more steps, from each start."""
    random = lab.generator("generative data", seed)
    learn, test = split(of_classes(OWN), TEST, random)
    labelled = a_class(learn, LABELS, random)
    scratch = convnet(lab.generator("upstream start", seed))
    starts = dict.fromkeys(ARMS, scratch)
    if not lab.null:
        starts["real"] = upstream(lab, seed)
        starts["generated"] = upstream(lab, seed, sampled(lab, seed), "samples of digits 0-4")
    found: Numbers = {}
    lengths = lab.pick(quick=STEPS, full=STEPS, tiny=(1, 2, 3))
    for arm, net in starts.items():
        scores = []
        for steps in lengths:
            recipe = Recipe(steps=steps, batch=len(labelled), lr=3e-3, seed=lab.derive("later", seed))
            model = fit(make("fine-tune:backbone_lr=1.0"), net, labelled.arrays, recipe)
            scores.append(accuracy(model, test))
        found[arm], found[f"{arm}, early"], found[f"{arm}, late"] = scores, scores[EARLY], scores[LATE]
    return found


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Accuracy over the length of the fine-tuning, and after the shortest."""
    x = list(map(float, STEPS))
    curves = [Curve(name, x, means_of(seeds, arm)) for arm, name in ARMS.items()]
    marks = [Mark(name, mean_of(seeds, f"{arm}, early"), arm == "generated") for arm, name in ARMS.items()]
    y = "accuracy on test rows"
    return [
        Panel(f"The later problem, {LABELS} labels a class", y, "steps", curves=curves, log=True),
        Panel(f"After {STEPS[EARLY]} steps", y, marks=marks),
    ]


CLAIM = Claim(
    number=17,
    name="generative-data",
    title="Generative data accelerates later problems on the same kind of data",
    statement=(
        "Where the rows of an earlier problem are gone and a generative model of them is left, a network "
        "that learned its samples is tuned to a later problem with few labels in fewer steps, and to a "
        "higher accuracy, than one from scratch. Samples are at most three points worse for it than the "
        "real rows."
    ),
    paper="arXiv:2106.05258",
    data=(
        "The digits 0 to 4 are the earlier problem: a variational autoencoder learns them, and gives 900 "
        "samples. The later one are the digits 5 to 9, 5 labels a class, 300 to test on."
    ),
    compared=(
        "Fine-tuning for 10, 30 and 100 steps from scratch, from a network that learned the samples, and "
        "from one that learned the real rows."
    ),
    null="no pre-training: all start from the same random weights",
    holds="Keep a generative model where rows can't be kept: it serves other problems of the same kind.",
    fails="Keep the rows, or a network that learned them; ordinary augmentation is cheaper and often better.",
    effects=(
        Effect(
            f"Samples over scratch, {STEPS[EARLY]} steps", difference("generated, early", "scratch, early")
        ),
        Effect(f"Samples over scratch, {STEPS[LATE]} steps", difference("generated, late", "scratch, late")),
        Effect(
            f"Samples over real rows, {STEPS[LATE]} steps",
            difference("generated, late", "real, late"),
            above=-0.03,
        ),
    ),
    measure=measure,
    draw=draw,
)
