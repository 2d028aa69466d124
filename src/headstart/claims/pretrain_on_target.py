"""Self-pretraining: is pre-training on the target's own rows as good as on an upstream set?"""

from collections.abc import Sequence

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of
from headstart.claims._digits import OWN, UPSTREAM, a_class, of_classes, split
from headstart.claims._lab import Lab
from headstart.claims._pretrained import pretrained, probe, tune
from headstart.claims._tuning import curve
from headstart.records.claims import Mark, Panel

TEST = 300  # rows
LABELS = (2, 5, 20)  # a class, of probes
TUNED = 5  # labels a class, of fine-tuning
ARMS = {"none": "no pre-training", "upstream": "upstream set", "target": "target set itself"}


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracy on the target after no pre-training, and after SimCLR on either set."""
    random = lab.generator("self-pretraining", seed)
    learn, test = split(of_classes(OWN), TEST, random)
    counts = lab.pick(quick=LABELS, full=LABELS, tiny=(TUNED, 20))
    labelled = {count: a_class(learn, count, random) for count in counts}
    before = of_classes(UPSTREAM)
    same = min(len(learn), len(before))  # rows to pre-train on
    pictures = {"none": learn.x, "upstream": split(before, len(before) - same, random)[0].x}
    pictures["target"] = learn.x[:same]
    steps = 0 if lab.null else lab.pick(quick=150, full=2000, tiny=3)
    found: Numbers = {"labels": list(map(float, counts))}
    for arm, some in pictures.items():
        net = pretrained(lab, seed, "simclr", some, steps=0 if arm == "none" else steps)
        found[f"probe {arm}"] = [probe(net, rows, test) for rows in labelled.values()]
        length, draws = lab.pick(quick=60, full=300, tiny=3), lab.derive("tuning", seed)
        found[f"tuned {arm}"] = tune(net, labelled[TUNED], test, steps=length, seed=draws)
    return found


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Fine-tuning after each pre-training, and probes as labels grow."""
    marks = [Mark(name, mean_of(seeds, f"tuned {arm}"), arm == "target") for arm, name in ARMS.items()]
    curves = [curve(seeds, f"probe {arm}", name) for arm, name in ARMS.items()]
    return [
        Panel(f"Fine-tuned, {TUNED} labels a class", "accuracy on test rows", marks=marks),
        Panel("Linear probe", "accuracy on test rows", "labels a class", curves=curves, log=True),
    ]


CLAIM = Claim(
    number=9,
    name="pretrain-on-target",
    title="Pre-training on the target set itself is as good as on an upstream set",
    statement=(
        "Pre-training without labels on the rows of the target task itself, most of which have no label, "
        "helps fine-tuning with few labels, and is at most two points worse than the same pre-training on "
        "as many rows of an upstream set."
    ),
    paper="arXiv:2209.14389",
    data=(
        "The digits 5 to 9 are the target: 300 test rows, 5 labels a class to fine-tune on. The digits 0 "
        "to 4 are the upstream set."
    ),
    compared=(
        "Fine-tuning after SimCLR on the target's training rows without their labels, after SimCLR on as "
        "many upstream rows, and from random weights."
    ),
    null="no pre-training in any arm: all start from the same random weights",
    holds="Before you look for a related data set, pre-train on your own unlabelled rows.",
    fails=(
        "Your own rows were too few, or the upstream set knows something that they lack: pre-train on "
        "that, or on both."
    ),
    effects=(
        Effect("Target set over no pre-training, fine-tuned", difference("tuned target", "tuned none")),
        Effect(
            "Target set over upstream set, fine-tuned",
            difference("tuned target", "tuned upstream"),
            above=-0.02,
        ),
    ),
    measure=measure,
    draw=draw,
)
