"""The more rows were pre-trained on, the better the transfer; unlabelled rows of the task add to it."""

import math
from collections.abc import Sequence

from headstart.claims._characters import BEFORE, OWN, alphabet, network, written
from headstart.claims._claim import Claim, Effect, Numbers, means_of
from headstart.claims._digits import Rows, a_class, accuracy
from headstart.claims._lab import Lab
from headstart.claims._tuning import FULL, LR, curve, few_of, lead, list_of, tune
from headstart.core import make
from headstart.data.domains import Domains
from headstart.predictor.fit import fit
from headstart.predictor.predictor import Predictor
from headstart.records.claims import Curve, Panel
from headstart.run.recipe import Recipe

SIZES = (2, 12, 80)  # rows of each character of the first alphabet
LABELS, MIDDLE = (1, 5, 20), 1  # of each of one's own
OTHERS, TESTED = 40, 40  # rows of each of one's own without labels, and those that judge
ARMS = {
    "scratch": "from scratch",
    "tuned": "supervised pre-training, fine-tuning",
    "semi": "the same with self-training",
}


def pretrained(lab: Lab, seed: int, rows: Rows, count: int) -> Predictor:
    """A network that has learned so many rows of each character, in the same steps."""
    random = lab.generator("pre-training", seed)  # the same start; more rows hold those that are fewer
    fresh, few = network(random, BEFORE), a_class(rows, count, random)
    steps, rate = lab.pick(quick=250, full=3000, tiny=3), 5e-3
    if lab.null:
        fresh, steps, rate = network(lab.generator("no pre-training", seed, count), BEFORE), 1, 1e-9
    recipe = Recipe(steps=steps, batch=32, lr=rate, seed=lab.derive("pre-training", seed, count))
    return fit(make(FULL), fresh, few.arrays, recipe)


def self_trained(lab: Lab, base: Predictor, few: Rows, rows: Rows, steps: int, seed: int) -> Predictor:
    """Fine-tuning that also learns from its own confident labels of all rows."""
    recipe = Recipe(steps=steps, batch=min(32, len(few)), lr=LR, seed=seed)
    method = make(f"self-training:backbone_lr=1.0{',weight=0.0' if lab.null else ''}")
    return fit(method, base, Domains(few.arrays, rows.x.numpy()), recipe, head="new")


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies by rows of pre-training with five labels a class, and by labels for three ways."""
    random = lab.generator("alphabets", seed)
    before, own = alphabet(BEFORE, random), alphabet(OWN, random)
    upstream = written(before, SIZES[-1], random)
    rows, test = written(own, OTHERS, random), written(own, TESTED, random)
    steps = lab.pick(quick=80, full=500, tiny=3)
    few = {count: few_of(lab, seed, rows, count) for count in LABELS}
    found: Numbers = {"sizes": [float(size) for size in SIZES], "labels": [float(count) for count in LABELS]}
    bases = [pretrained(lab, seed, upstream, size) for size in SIZES]
    five, drawn = few[LABELS[MIDDLE]], lab.derive("more", seed, MIDDLE)
    found["by size"] = [accuracy(tune(FULL, base, five, steps, drawn), test) for base in bases]
    by_labels: dict[str, list[float]] = {arm: [] for arm in ARMS}
    for place, count in enumerate(LABELS):
        base, drawn = bases[-1], lab.derive("more", seed, place)
        models = {
            "scratch": tune("from-scratch", base, few[count], steps, drawn),
            "tuned": tune(FULL, base, few[count], steps, drawn),
            "semi": self_trained(lab, base, few[count], rows, steps, drawn),
        }
        for arm, model in models.items():
            by_labels[arm].append(accuracy(model, test))
    return found | by_labels


def slope(numbers: Numbers) -> float:
    """Points of accuracy for each doubling of the rows, by least squares."""
    x = [math.log2(size) for size in list_of(numbers, "sizes")]
    y, middle = list_of(numbers, "by size"), sum(x) / len(x)
    return sum((a - middle) * b for a, b in zip(x, y, strict=True)) / sum((a - middle) ** 2 for a in x)


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """By rows of pre-training, and by labels."""
    more = curve(seeds, "by size", "fine-tuning, 5 labels a class", "sizes")
    level = means_of(seeds, "scratch")[MIDDLE]
    flat = Curve("from scratch", more.x, [level] * len(more.x), dashed=True)
    return [
        Panel(
            "More rows to pre-train on",
            "accuracy",
            "rows of a character",
            curves=[more, flat],
            log=True,
            zero=0.1,
        ),
        Panel(
            "More labels of the task",
            "accuracy",
            "labels a class",
            curves=[curve(seeds, arm, name) for arm, name in ARMS.items()],
            log=True,
            zero=0.1,
        ),
    ]


CLAIM = Claim(
    number=8,
    name="more-pretraining-data",
    title="More pre-training data, better transfer",
    statement=(
        "With five labels a class, accuracy rises with the rows that were pre-trained on. From one to twenty "
        "labels a class supervised pre-training is ahead of training from scratch, and with one and five "
        "labels self-training on unlabelled rows of the task is ahead of both."
    ),
    paper="arXiv:1707.02968",
    data=(
        "Made up: characters of three strokes each, by an unsteady hand. 2, 12 or 80 rows of each of 20 to "
        "pre-train on; of 10 others 1, 5 or 20 labels each, 40 rows without labels, and 40 to test."
    ),
    compared=(
        "Pre-training on more and fewer rows in the same number of steps; and from scratch, fine-tuning and "
        "self-training, which sees rows of the task without labels too, with more and fewer labels."
    ),
    null="no pre-training at any size, and unlabelled rows have weight 0",
    holds="Pre-train on all that is at hand; add unlabelled rows of the task where labels are few.",
    fails="Draw a headstart curve of your own; self-training adds nothing before it is confident of rows.",
    effects=(
        Effect("Accuracy for each doubling of the rows of pre-training", slope),
        Effect("Pre-training over from scratch, 1 to 20 labels a class", lead("tuned", "scratch")),
        Effect("Self-training over fine-tuning, 1 and 5 labels a class", lead("semi", "tuned", slice(0, 2))),
    ),
    measure=measure,
    draw=draw,
)
