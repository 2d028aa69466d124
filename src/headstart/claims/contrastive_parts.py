"""The parts of SimCLR: its augmentations, its projection head, and MoCo's queue for its large batch."""

from collections.abc import Sequence
from statistics import fmean

from torch import nn

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of, value_of
from headstart.claims._digits import a_class, all_digits, split
from headstart.claims._lab import Lab
from headstart.claims._pretrained import pretrained, probe, with_projection
from headstart.models.backbone import backbone
from headstart.records.claims import Mark, Panel

TEST, LABELS = 500, 5  # rows; labels a class
LARGE, SMALL = 96, 16  # rows of a batch
LEFT_OUT = {
    "geometry": "rotation=0,translation=0,scaling=0",
    "contrast": "colour=0",
    "noise": "noise=0",
}
TITLES = {"geometry": "rotation, shift and scale", "contrast": "brightness and contrast", "noise": "noise"}


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracy of a linear probe after each variant of contrastive learning."""
    random = lab.generator("contrast", seed)
    learn, test = split(all_digits(), TEST, random)
    labelled = a_class(learn, lab.pick(quick=LABELS, full=LABELS, tiny=2), random)
    steps = 0 if lab.null else lab.pick(quick=100, full=1500, tiny=2)
    net, projection = with_projection(lab, seed, "simclr", learn.x, steps=steps, batch=LARGE)
    # set before the first run, so that the copy that makes the keys follows within so few steps. After it,
    # one other seed: .80 with 0.9, .86 with 0.99, the method's own, and .87 by SimCLR; the rule stands
    moco = f"moco:{lab.pick('queue=256,momentum=0.9', 'queue=1024,momentum=0.99', 'queue=64,momentum=0.9')}"
    small = {"small batch": "simclr", "queue": moco}
    nets: dict[str, nn.Module] = {
        "random": pretrained(lab, seed, "simclr", learn.x, steps=0),
        "all": net,
        "after head": backbone(nn.Sequential(*list(net)[:-1], projection), example=learn.x[:2], head=None),
        **{
            f"without {name}": pretrained(lab, seed, f"simclr:{how}", learn.x, steps=steps, batch=LARGE)
            for name, how in LEFT_OUT.items()
        },
        **{
            name: pretrained(lab, seed, method, learn.x, steps=steps, batch=SMALL)
            for name, method in small.items()
        },
    }
    return {name: probe(each, labelled, test) for name, each in nets.items()}


def lost(numbers: Numbers) -> float:
    """Accuracy that is lost by leaving out one augmentation, in the mean over which."""
    whole = value_of(numbers, "all")
    return fmean(whole - value_of(numbers, f"without {name}") for name in LEFT_OUT)


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """A panel for each part."""
    y = f"accuracy, linear probe, {LABELS} labels a class"
    left_out = [Mark(f"without {TITLES[name]}", mean_of(seeds, f"without {name}")) for name in LEFT_OUT]
    before = Mark("before the head", mean_of(seeds, "all"), chosen=True)
    batches = {
        "small batch": f"SimCLR, {SMALL} a batch",
        "queue": f"MoCo, {SMALL} a batch and a queue",
        "all": f"SimCLR, {LARGE} a batch",
    }
    return [
        Panel(
            "Augmentations",
            y,
            marks=[
                Mark("random weights", mean_of(seeds, "random")),
                *left_out,
                Mark("all", mean_of(seeds, "all"), chosen=True),
            ],
        ),
        Panel("Projection head", y, marks=[Mark("after the head", mean_of(seeds, "after head")), before]),
        Panel("Batch and queue", y, marks=[Mark(name, mean_of(seeds, key)) for key, name in batches.items()]),
    ]


CLAIM = Claim(
    number=11,
    name="contrastive-parts",
    title="Contrastive learning needs its augmentations, a head to throw away, and many negatives",
    statement=(
        "SimCLR learns better features with all its augmentations than with one left out; features before "
        "the projection head are better than those after it; and the queue of MoCo makes a small batch as "
        "good as a large one."
    ),
    paper="arXiv:2002.05709, arXiv:1911.05722",
    data="Digits of scikit-learn: about 1,300 without labels, 5 labels a class for a probe, 500 to test on.",
    compared=(
        "A logistic probe on a small network after equally many steps: with all augmentations and without "
        "each; before and after the head; and SimCLR with a large and a small batch against MoCo with the "
        "small one."
    ),
    null="no pre-training: every network keeps its random weights",
    holds="Choose augmentations with care, drop the head, and take MoCo where memory limits the batch.",
    fails="Leave out what is not needed, one at a time, and see what your own data say.",
    effects=(
        Effect("All augmentations over one left out, in the mean", lost),
        Effect("Before the head over after it", difference("all", "after head")),
        Effect("Small batch: MoCo over SimCLR", difference("queue", "small batch")),
        Effect("MoCo, small batch, over SimCLR, large", difference("queue", "all"), above=-0.02),
    ),
    measure=measure,
    draw=draw,
)
