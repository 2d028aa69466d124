"""A made-up gallery of claims of all kinds: verdicts, units, panels, long and short texts."""

import math

from headstart.records.claims import Curve, Mark, MeasuredEffect, Panel, TestedClaim
from headstart.records.record import Interval
from headstart.studies.claims import Claims

TITLES = (
    "A pre-trained start regularises",
    "Fine-tuning beats training from scratch at few labels",
    "A frozen backbone and a convex head, until there are many labels",
    "Fine-tuning distorts features out of distribution; head first, then everything, does not",
    "Lower rates for earlier layers",
    "Surgical fine-tuning: first layers for input shift, last layers for label shift",
    "Early layers are general, late layers are specific",
    "CLIP <b>& co</b>: zero-shot by prompts",
)
VERDICTS = ("holds", "holds", "open", "holds", "fails", "holds", "holds")
METHODS = ("fine-tuning", "linear probe", "linear probe, then fine-tuning", "from scratch", "BitFit", "LoRA")
SIZES = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]
STATEMENT = (
    "Networks that have learned a related task before agree on what lies between and beyond the few labelled "
    "rows, and are nearer to the truth than networks from scratch."
)
RULE = (
    "It holds if the 95 % interval over 5 seeds (paired, Student's t) of each lies above its margin. "
    "Gain on shifted pictures over plain fine-tuning: above 0 points."
)
MEANINGS = {
    "holds": "Train the head first, then everything, where new data may look different.",
    "fails": "The start was too far from the task, or training was long enough to forget it.",
    "open": "Give it more seeds.",
}


def around(value, half=0.03):
    return Interval(value, value - half, value + half)


def effect(title, values, above=0.0, unit="points", verdict="holds"):
    mean, half = sum(values) / len(values), 1.2 * (max(values) - min(values)) / 2
    return MeasuredEffect(title, unit, above, values, around(mean, half), verdict)


def rising(name, top, number):
    """Accuracy over the number of labels."""
    values = [top - (top - 0.15) * math.exp(-size / (6 + 5 * number)) for size in SIZES]
    spread = [around(value, 0.08 / math.sqrt(size)) for value, size in zip(values, SIZES, strict=True)]
    return Curve(name, SIZES, spread)


def over_labels(title, top, count):
    curves = [rising(name, top - 0.06 * i, i) for i, name in enumerate(METHODS[:count])]
    return Panel(title, "accuracy", "labels per class", curves, log=True, zero=0.1)


def wave(name, phase, **more):
    x = [value / 10 for value in range(-20, 21)]
    return Curve(name, x, [around(math.sin(value + phase), 0.0) for value in x], **more)


def in_rows(title, y, values, zero=0.1, share=True):
    marks = [
        Mark(name, around(value), i == 2)
        for i, (name, value) in enumerate(zip(METHODS, values, strict=False))
    ]
    return Panel(title, y, marks=marks, zero=zero, share=share)


def by_cut():
    names = ("BnB", "BnB+", "AnB", "AnB+")
    curves = [
        Curve(name, [1.0, 2.0, 3.0, 4.0], [around(0.9 - 0.02 * i * n) for n in range(4)])
        for i, name in enumerate(names)
    ]
    return Panel("By cut", "accuracy", "layers that are copied", curves)


def panels(number):
    """One to three panels, of another kind for each number."""
    family = [*(wave("nets", 0.1 * i, faint=True) for i in range(6)), wave("truth", 0.2, dashed=True)]
    points = [[-0.5, -0.3], [0.5, 0.64]]
    functions = Panel("Functions", "y", "x", family, points=points, share=False)
    labels = over_labels("Accuracy by labels", 0.95, 2 + number % 5)
    shifted = over_labels("On shifted pictures", 0.75, 2 + number % 5)
    title = "Accuracy with 10 labels a class, on pictures that are shifted"
    marks = in_rows(title, "accuracy", (0.8, 0.73, 0.66, 0.5))
    gains = in_rows("Difference to plain fine-tuning", "points of accuracy", (0.04, 0.01, -0.02), 0.0)
    errors = in_rows("Root mean squared error", "error in units of y", (1.08, 0.3, 0.216), None, False)
    kinds = [
        [functions, functions, errors],
        [labels],
        [labels, marks],
        [labels, shifted, marks],
        [marks],
        [gains, by_cut()],
        [by_cut()],
    ]
    return kinds[number % len(kinds)]


def effects(number, verdict):
    shift = {"holds": 0.08, "open": 0.01, "fails": -0.06}[verdict]
    values = [shift + seed for seed in (-0.02, 0.0, 0.01, 0.02, 0.015)]
    found = [effect("Gain on shifted pictures over plain fine-tuning", values, verdict=verdict)]
    if number % 2:
        near = [-0.004, 0.002, -0.001, 0.003, 0.001]
        found.append(effect("Not much worse on the pictures of training", near, -0.02))
    if number % 3 == 0:
        found.append(effect("Smaller error", [0.7, 0.9, 0.85, 1.0, 0.8], unit="units of y"))
    return found


def claim(number):
    verdict = VERDICTS[number % len(VERDICTS)]
    return TestedClaim(
        name=f"claim-{number + 1}",
        number=number + 1,
        title=TITLES[number % len(TITLES)],
        statement=STATEMENT,
        paper="arXiv:2202.10054" if number % 2 else "JMLR 11:625",
        data="Digits, 1,797 pictures of 8 x 8: 0 to 4 to pre-train on, 5 to 9 to learn.",
        compared="Linear probe, then fine-tuning, with fine-tuning alone; the control has no pre-training.",
        rule=RULE,
        null="no pre-training: both start from scratch",
        verdict=verdict,
        meaning=MEANINGS[verdict],
        effects=effects(number, verdict),
        panels=panels(number),
        seeds=5,
        seconds=21.4,
        command=f"headstart claims claim-{number + 1}",
    )


def gallery(count=28, null=False, start=0):
    """A record of so many claims, from number `start` + 1."""
    return Claims(
        schema=1,
        headstart="0.1",
        command="headstart claims --all --quick",
        settings={"study": "claims", "all_claims": True, "null": null},
        seed=0,
        versions={"torch": "2.3"},
        notes=[],
        tier="quick",
        null=null,
        claims=[claim(start + number) for number in range(count)],
    )
