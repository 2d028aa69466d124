"""Relative rotation: telling the angle between two patches of a picture teaches features without labels."""

from collections.abc import Sequence

import torch
from torch import nn

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of
from headstart.claims._clipart import all_clipart
from headstart.claims._digits import a_class, split
from headstart.claims._lab import Lab
from headstart.claims._pretrained import pretrained, probe
from headstart.claims._tuning import curve
from headstart.records.claims import Mark, Panel

TEST = 250  # pictures
LABELS = (5, 10, 20)  # a class, of probes; the smallest class has 49 pictures in all
MAIN = 10  # that the verdict is about
ARMS = {"pixels": "raw pixels", "random": "random weights", "rotation": "relative rotation"}


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracy of linear probes on pixels, on random features, and after relative rotation."""
    random = lab.generator("relative rotation", seed)
    learn, test = split(all_clipart(lab.pick(quick=20, full=48, tiny=8)), TEST, random)
    if lab.tier == "tiny":
        learn, test = learn.pick(torch.arange(200)), test.pick(torch.arange(60))
    counts = lab.pick(quick=LABELS, full=LABELS, tiny=(MAIN, 20))
    labelled = {count: a_class(learn, count, random) for count in counts}
    steps = 0 if lab.null else lab.pick(quick=170, full=3000, tiny=3)
    nets = {
        "pixels": nn.Sequential(nn.Flatten()),
        "random": pretrained(lab, seed, "relative-rotation", learn.x, steps=0),
        "rotation": pretrained(lab, seed, "relative-rotation", learn.x, steps=steps),
    }
    found: Numbers = {"labels": list(map(float, counts))}
    for arm, net in nets.items():
        scores = {count: probe(net, rows, test) for count, rows in labelled.items()}
        found[f"curve {arm}"], found[arm] = list(scores.values()), scores[MAIN]
    return found


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Probes of all features, and as labels grow."""
    marks = [Mark(name, mean_of(seeds, arm), arm == "rotation") for arm, name in ARMS.items()]
    curves = [curve(seeds, f"curve {arm}", name) for arm, name in ARMS.items()]
    return [
        Panel(f"Linear probe, {MAIN} labels a class", "accuracy on test pictures", marks=marks),
        Panel("As labels grow", "accuracy on test pictures", "labels a class", curves=curves, log=True),
    ]


CLAIM = Claim(
    number=12,
    name="relative-rotation",
    title="Relative rotation learns useful features",
    statement=(
        "A network that has learned, without labels, to tell the angle between two patches of one picture "
        "has features by which a linear probe is more accurate than on random features, and than on the "
        "pixels."
    ),
    paper="arXiv:1803.07728",
    data=(
        "Clip art of 13 classes at 20 x 20 pixels: about 600 pictures without labels, 10 labels a class "
        "for the probe, 250 pictures to test on."
    ),
    compared=(
        "A logistic probe on the features of a small network of convolutions after the proxy task, on "
        "those of the same network with random weights, and on the pixels."
    ),
    null="no pre-training: the network keeps its random weights",
    holds="A proxy task is a cheap start where pictures have an up and a down; still compare it with SimCLR.",
    fails="Take a method that compares views of pictures, such as SimCLR, and always keep the control.",
    effects=(
        Effect("Over random features", difference("rotation", "random")),
        Effect("Over raw pixels", difference("rotation", "pixels")),
    ),
    measure=measure,
    draw=draw,
)
