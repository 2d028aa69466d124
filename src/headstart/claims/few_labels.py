"""Fine-tuning beats training from scratch where labels or steps are few; with many of both the gap closes."""

import math
from collections.abc import Sequence

from headstart.claims._alphabets import (
    CHARACTERS,
    EACH,
    LABELS,
    RATE,
    characters,
    from_scratch_and_tuned,
    start,
    unless_null,
)
from headstart.claims._claim import Claim, Effect, Numbers, difference
from headstart.claims._digits import accuracy
from headstart.claims._lab import Lab
from headstart.claims._tuning import FULL, curve, few_of, lead
from headstart.core import make
from headstart.predictor.fit import fit
from headstart.records.claims import Panel
from headstart.run.recipe import Recipe

REACHED = 0.7  # the accuracy that steps are counted to
FEW, MANY = slice(0, 3), slice(-1, None)  # places of the numbers of labels
ARMS = {"scratch": "from scratch", "tuned": "fine-tuning"}


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies by labels after all steps, and by steps with most labels."""
    marks = lab.pick(quick=(5, 10, 20, 40, 80), full=(5, 10, 20, 40, 80, 160, 320), tiny=(1, 2))
    found: Numbers = {"labels": [float(each) for each in LABELS], "steps": [float(each) for each in marks]}
    found |= from_scratch_and_tuned(lab, seed)
    rows, test = characters(lab, seed)
    most = few_of(lab, seed, rows, LABELS[-1])
    for arm, net in (("scratch", start(lab, seed)), ("tuned", unless_null(lab, seed))):
        reached = []
        for mark in marks:  # a constant rate: fewer steps are the beginning of more
            drawn = lab.derive("characters by steps", seed)
            recipe = Recipe(steps=mark, batch=32, lr=RATE, schedule="constant", warmup=0.0, seed=drawn)
            reached.append(accuracy(fit(make(FULL), net, most.arrays, recipe, head="new"), test))
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
    """The gain with few labels less that with most."""
    return lead("tuned", "scratch", FEW)(numbers) - lead("tuned", "scratch", MANY)(numbers)


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Both ways by labels, and by steps."""
    labels = [curve(seeds, arm, name) for arm, name in ARMS.items()]
    steps = [curve(seeds, f"{arm} by steps", name, "steps") for arm, name in ARMS.items()]
    return [
        Panel("As labels grow", "accuracy", "labels a class", curves=labels, log=True, zero=0.1),
        Panel("By steps, 80 labels a class", "accuracy", "steps", curves=steps, log=True, zero=0.1),
    ]


CLAIM = Claim(
    number=2,
    name="few-labels",
    title="Fine-tuning beats training from scratch where labels are few",
    statement=(
        "With one to five labels a class, a network that has learned other characters before is more "
        "accurate after fine-tuning than one from scratch. With 80 labels the gap is smaller, and what is "
        "left is a head start in time: it reaches 70 % in fewer steps."
    ),
    paper="arXiv:1411.1792",
    data=CHARACTERS.format(before=f"{EACH} rows", labels="1 to 80 labels"),
    compared="The same network, rate, rows and steps; only the first weights differ: pre-trained, or random.",
    null="no pre-training: both arms start from random weights",
    holds="With few labels take a pre-trained start; with many it still saves steps, and hardly accuracy.",
    fails="Compare both: what was learned before may be too narrow, or the task easy from scratch.",
    effects=(
        Effect("Fine-tuning over from scratch, 1 to 5 labels a class", lead("tuned", "scratch", FEW)),
        Effect("The gain at 1 to 5 labels over that at 80", closing),
        Effect(
            "Steps saved on the way to 70 %", difference("scratch needs", "tuned needs"), unit="doublings"
        ),
    ),
    measure=measure,
    draw=draw,
)
