"""The more rows were pre-trained on, the better the transfer; unlabelled rows of the task add to it."""

import math
from collections.abc import Sequence

from headstart.claims._alphabets import (
    CHARACTERS,
    EACH,
    LABELS,
    characters,
    from_scratch_and_tuned,
    learn,
    unless_null,
)
from headstart.claims._claim import Claim, Effect, Numbers, means_of
from headstart.claims._digits import accuracy
from headstart.claims._lab import Lab
from headstart.claims._tuning import curve, few_of, lead, list_of
from headstart.records.claims import Curve, Panel

SIZES = (2, 12, EACH)  # rows of each character that is learned before
FEW, MIDDLE = 3, 2  # how many numbers of labels are few, 1 to 5; the place of five labels


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies by rows of pre-training with five labels a class, and by labels for three ways."""
    rows, test = characters(lab, seed)
    found: Numbers = {
        "sizes": [float(size) for size in SIZES],
        "labels": [float(count) for count in LABELS],
        "few labels": [float(count) for count in LABELS[:FEW]],
    }
    lines = from_scratch_and_tuned(lab, seed)
    five = few_of(lab, seed, rows, LABELS[MIDDLE])
    fewer = [accuracy(learn(lab, seed, unless_null(lab, seed, size), five), test) for size in SIZES[:-1]]
    found["by size"] = [*fewer, lines["tuned"][MIDDLE]]
    method = f"self-training:backbone_lr=1.0{',weight=0.0' if lab.null else ''}"
    semi = []
    for count in LABELS[:FEW]:
        few = few_of(lab, seed, rows, count)
        model = learn(lab, seed, unless_null(lab, seed), few, method, target=rows)
        semi.append(accuracy(model, test))
    return found | lines | {"semi": semi, "tuned, few": lines["tuned"][:FEW]}


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
            curves=[
                curve(seeds, "scratch", "from scratch"),
                curve(seeds, "tuned", "supervised pre-training, fine-tuning"),
                curve(seeds, "semi", "the same with self-training", "few labels"),
            ],
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
        "labels a class supervised pre-training is ahead of training from scratch, and with one to five "
        "labels self-training on unlabelled rows of the task is ahead of both."
    ),
    paper="arXiv:1707.02968",
    data=CHARACTERS.format(before="2, 12 or 80 rows", labels="1 to 80 labels"),
    compared=(
        "Pre-training on more and fewer rows in the same number of steps; and with more and fewer labels "
        "from scratch, fine-tuning, and self-training, which sees 80 rows of each character without labels, "
        "too. All learn at one rate; pre-training and training from scratch begin with the same weights."
    ),
    null="no pre-training at any size, and unlabelled rows have weight 0",
    holds="Pre-train on all that is at hand; add unlabelled rows of the task where labels are few.",
    fails=(
        "See which part it is, and draw a headstart curve of your own. Where self-training is behind with "
        "the fewest labels, leave it out there: what it is confident of may be wrong."
    ),
    effects=(
        Effect("Accuracy for each doubling of the rows of pre-training", slope),
        Effect(
            "Pre-training over from scratch, 1 to 20 labels a class", lead("tuned", "scratch", slice(0, 4))
        ),
        Effect("Self-training over fine-tuning, 1 to 5 labels a class", lead("semi", "tuned, few")),
    ),
    measure=measure,
    draw=draw,
)
