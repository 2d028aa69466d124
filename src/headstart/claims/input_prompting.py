"""Prompting: editing the input alone re-purposes a frozen classifier."""

from collections.abc import Sequence

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of, value_of
from headstart.claims._digits import accuracy, shuffled, upstream
from headstart.claims._lab import Lab
from headstart.claims._tuning import DIGITS, few_of, own_task
from headstart.core import make
from headstart.models.classifier import classifier
from headstart.predictor.fit import fit
from headstart.records.claims import Mark, Panel
from headstart.run.recipe import Recipe

LABELS, CHANCE = 50, 0.2
ARMS = {
    "mapping": ("label-mapping", "classes mapped, no prompt"),
    "prompt": ("pixel-prompts:kind=full,mapping=frequency", "classes mapped, and a prompt of 64 pixels"),
    "logits": ("label-mapping:how=learned", "linear map of its logits"),
    "probe": ("logistic-probe", "linear probe of its features"),
}


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies on the digits 5 to 9 of a classifier of 0 to 4 that keeps every byte."""
    rows, test = own_task(lab, seed)
    few = few_of(lab, seed, rows, lab.pick(quick=LABELS, full=LABELS, tiny=4))
    few = shuffled(few, lab.generator("shuffled", seed)) if lab.null else few
    base = classifier(upstream(lab, seed), example=test.x[:2], classes=["0", "1", "2", "3", "4"])
    recipe = Recipe(
        steps=lab.pick(quick=300, full=3000, tiny=5),
        batch=min(32, len(few)),
        lr=0.01,
        seed=lab.derive("prompt", seed),
    )
    return {
        name: accuracy(fit(make(method), base, few.arrays, recipe), test)
        for name, (method, _) in ARMS.items()
    }


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """The accuracies."""
    marks = [Mark(text, mean_of(seeds, name), name == "prompt") for name, (_, text) in ARMS.items()]
    return [Panel("The digits 5 to 9 by a classifier of 0 to 4", "accuracy", marks=marks, zero=CHANCE)]


CLAIM = Claim(
    number=15,
    name="input-prompting",
    title="Editing the input alone re-purposes a frozen classifier",
    statement=(
        "A classifier of the digits 0 to 4 keeps every byte, and each of its classes stands for one of 5 to "
        "9. Pixels that are added to all pictures, and learned, raise its accuracy over the same mapping "
        "without them, and well above chance."
    ),
    paper="arXiv:1806.11146",
    data=DIGITS.format(labels=LABELS),
    compared=(
        "Classes mapped by frequency, with learned pixels and without; beside them a linear map of the "
        "logits and a linear probe of the features, which need a head of their own."
    ),
    null="the labels of the task are shuffled",
    holds="Prompt a model that can't be given a head; else compare with a linear probe first.",
    fails="Few pixels could not move this model's answers: give it a head.",
    effects=(
        Effect("A prompt over the same mapping without one", difference("prompt", "mapping")),
        Effect("A prompt over chance", lambda numbers: value_of(numbers, "prompt") - CHANCE, 0.1),
    ),
    measure=measure,
    draw=draw,
)
