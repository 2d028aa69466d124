"""A convex head on frozen features is enough where labels are few; fine-tuning passes it as they grow."""

from collections.abc import Sequence

from headstart.claims._alphabets import CHARACTERS, EACH, LABELS, by_labels, learn, pretrained
from headstart.claims._claim import Claim, Effect, Numbers
from headstart.claims._digits import Rows
from headstart.claims._lab import Lab
from headstart.claims._tuning import LR, curve, lead
from headstart.predictor.predictor import Predictor
from headstart.records.claims import Panel

FEW, MANY = slice(0, 2), slice(-1, None)  # places of the numbers of labels


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies by labels of a probe and of fine-tuning."""
    base = pretrained(lab, seed)

    def tuned(rows: Rows) -> Predictor:
        return learn(lab, seed, base, rows, rate=LR)

    def probed(rows: Rows) -> Predictor:
        if lab.null:
            return learn(lab, seed, base, rows, rate=LR, order="another")
        return learn(lab, seed, base, rows, "logistic-probe")

    return {
        "labels": [float(each) for each in LABELS],
        "tuned": by_labels(lab, seed, f"fine-tuning at {LR}", tuned),
        "probe": by_labels(lab, seed, "probe null" if lab.null else "probe", probed),
    }


def turning(numbers: Numbers) -> float:
    """How much fine-tuning gains on the probe from few labels to many."""
    return lead("tuned", "probe", MANY)(numbers) - lead("tuned", "probe", FEW)(numbers)


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Both by labels, and their difference."""
    return [
        Panel(
            "As labels grow",
            "accuracy",
            "labels a class",
            curves=[
                curve(seeds, "probe", "logistic probe, frozen features"),
                curve(seeds, "tuned", "fine-tuning"),
            ],
            log=True,
            zero=0.1,
        )
    ]


CLAIM = Claim(
    number=3,
    name="probe-crossover",
    title="A frozen probe is enough for few labels; fine-tuning passes it as they grow",
    statement=(
        "With one or two labels a class, a convex head on frozen features is not behind fine-tuning of the "
        "whole network by more than 2 points. With 80 labels fine-tuning is ahead: the lines cross."
    ),
    paper="arXiv:2202.10054",
    data=CHARACTERS.format(before=f"{EACH} rows", labels="1 to 80 labels"),
    compared="A logistic probe on the frozen network, and fine-tuning of the same network on the same rows.",
    null="no frozen features: both arms are fine-tuned, in another order of the rows",
    holds="Take a probe where labels are few; fine-tune where there are tens of labels a class.",
    fails=(
        "Take what is ahead at your number of labels. A probe's head is solved to the end; fine-tuning in "
        "few steps may stay behind it with many labels, too."
    ),
    effects=(
        Effect("The probe over fine-tuning, 1 and 2 labels a class", lead("probe", "tuned", FEW), -0.02),
        Effect("Fine-tuning over the probe, 80 labels a class", lead("tuned", "probe", MANY)),
        Effect("What fine-tuning gains on the probe from few labels to many", turning),
    ),
    measure=measure,
    draw=draw,
    seeds=8,
)
