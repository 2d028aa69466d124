"""Fine-tuning beats training from scratch where labels or steps are few; with many of both the gap closes."""

import math
from collections.abc import Sequence

from headstart.claims._claim import Claim, Effect, Numbers, difference
from headstart.claims._digits import Rows, accuracy, upstream
from headstart.claims._lab import Lab
from headstart.claims._tuning import (
    DIGITS,
    FULL,
    LR,
    by_labels,
    curve,
    few_of,
    labels_of,
    lead,
    own_task,
    tune,
)
from headstart.core import make
from headstart.predictor.fit import fit
from headstart.predictor.predictor import Predictor
from headstart.records.claims import Panel
from headstart.run.recipe import Recipe

REACHED = 0.8  # the accuracy that steps are counted to
FEW, MANY = slice(0, -2), slice(-1, None)  # places of the numbers of labels
ARMS = {"scratch": "from scratch", "tuned": "fine-tuning"}


def way(lab: Lab, arm: str) -> str:
    """The method of an arm: both start from scratch where the cause is taken away."""
    return FULL if arm == "tuned" and not lab.null else "from-scratch"


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies by labels after all steps, and by steps with nearly all labels."""
    base, steps = upstream(lab, seed), lab.pick(quick=80, full=500, tiny=3)
    counts = labels_of(lab)
    train, test = own_task(lab, seed)
    rows = few_of(lab, seed, train, counts[-1])
    marks = lab.pick(quick=(5, 10, 20, 40, 80), full=(5, 10, 20, 40, 80, 160, 320), tiny=(1, 2))
    found: Numbers = {"labels": [float(each) for each in counts], "steps": [float(each) for each in marks]}
    for arm in ARMS:
        method = way(lab, arm)

        def learn(few: Rows, each: int, method: str = method) -> Predictor:
            return tune(method, base, few, steps, each)

        found[arm] = by_labels(lab, seed, f"{arm} {method}", learn)
        reached = []
        for mark in marks:  # a constant rate: fewer steps are the beginning of more
            recipe = Recipe(
                steps=mark, batch=32, lr=LR, schedule="constant", warmup=0.0, seed=lab.derive(arm, seed)
            )
            reached.append(accuracy(fit(make(method), base, rows.arrays, recipe), test))
        found[f"{arm} by steps"] = reached
        found[f"{arm} needs"] = steps_to(reached, [float(mark) for mark in marks])
    return found


def steps_to(reached: Sequence[float], marks: Sequence[float]) -> float:
    """The steps to `REACHED`, in doublings, read off between two marks; never reached: those of the last."""
    if reached[0] >= REACHED:
        return math.log2(marks[0])
    for place in range(1, len(marks)):
        low, high = reached[place - 1], reached[place]
        if high >= REACHED:
            share = (REACHED - low) / (high - low)
            return math.log2(marks[place - 1]) + share * math.log2(marks[place] / marks[place - 1])
    return math.log2(marks[-1])


def closing(numbers: Numbers) -> float:
    """The gain with few labels less that with nearly all."""
    return lead("tuned", "scratch", FEW)(numbers) - lead("tuned", "scratch", MANY)(numbers)


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Both ways by labels, and by steps."""
    labels = [curve(seeds, arm, name) for arm, name in ARMS.items()]
    steps = [curve(seeds, f"{arm} by steps", name, "steps") for arm, name in ARMS.items()]
    return [
        Panel("As labels grow", "accuracy", "labels a class", curves=labels, log=True, zero=0.2),
        Panel("By steps, nearly all labels", "accuracy", "steps", curves=steps, log=True, zero=0.2),
    ]


CLAIM = Claim(
    number=2,
    name="few-labels",
    title="Fine-tuning beats training from scratch where labels are few",
    statement=(
        "With one to five labels a class, a network that has learned other classes before is more accurate "
        "after fine-tuning than one from scratch. With nearly all labels the gap is smaller, and what "
        "is left is a head start in time: it reaches 80 % in fewer steps."
    ),
    paper="arXiv:1411.1792",
    data=DIGITS.format(labels="1 to 80 labels"),
    compared="The same network, rate, rows and steps; only the first weights differ: pre-trained, or random.",
    null="no pre-training: both arms start from random weights",
    holds="With few labels take a pre-trained start; with many it still saves steps, and hardly accuracy.",
    fails="Compare both: what was learned before may be too narrow, or the task easy from scratch.",
    effects=(
        Effect("Fine-tuning over from scratch, 1 to 5 labels a class", lead("tuned", "scratch", FEW)),
        Effect("The gain at 1 to 5 labels over that at 80", closing),
        Effect(
            "Steps saved on the way to 80 %", difference("scratch needs", "tuned needs"), unit="doublings"
        ),
    ),
    measure=measure,
    draw=draw,
)
