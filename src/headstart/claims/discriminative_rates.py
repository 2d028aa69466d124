"""Lower rates for earlier layers, and unfreezing one after the other, against one rate for all layers."""

from collections.abc import Sequence

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of
from headstart.claims._digits import accuracy
from headstart.claims._lab import Lab
from headstart.claims._shifts import robust, shifted
from headstart.claims._tuning import DIGITS, FULL, few_of, own_task, tune
from headstart.records.claims import Mark, Panel

DECAY = 0.38  # from each layer to the one below: 1 / 2.6, as in the paper
ARMS = {
    "one": "one rate for all layers",
    "low": f"one rate, {DECAY} of it",
    "falling": "lower rates for earlier layers",
    "gradual": "gradual unfreezing",
}


def way(lab: Lab, arm: str) -> str:
    """The method of an arm; the null sets what it is about to nothing."""
    if arm == "low":
        return f"fine-tune:backbone_lr={DECAY}"
    if arm == "falling":
        return f"{FULL},lr_decay={1.0 if lab.null else DECAY}"
    if arm == "gradual":
        return f"gradual-unfreezing:backbone_lr=1.0{',begin=0.0,full=0.0' if lab.null else ''}"
    return FULL


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies on pictures as they were learned from, and on shifted ones."""
    base, steps = robust(lab, seed), lab.pick(quick=150, full=1000, tiny=5)
    rows, test = own_task(lab, seed)
    rows, other = few_of(lab, seed, rows, 5), shifted(test, lab.generator("shifted test", seed))
    found: Numbers = {}
    for arm in ARMS:  # one seed: the same head and the same order of the rows
        model = tune(way(lab, arm), base, rows, steps, lab.derive("rates", seed))
        found[f"same {arm}"], found[f"shifted {arm}"] = accuracy(model, test), accuracy(model, other)
    return found


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Both kinds of pictures."""

    def marks(what: str) -> list[Mark]:
        chosen = ("falling", "gradual")
        return [Mark(name, mean_of(seeds, f"{what} {arm}"), arm in chosen) for arm, name in ARMS.items()]

    return [
        Panel("Pictures like those learned from", "accuracy", marks=marks("same"), zero=0.2),
        Panel("Shifted pictures", "accuracy", marks=marks("shifted"), zero=0.2),
    ]


CLAIM = Claim(
    number=5,
    name="discriminative-rates",
    title="Lower rates for earlier layers keep what was learned",
    statement=(
        "With five labels a class, lower learning rates for earlier layers, and gradual unfreezing, keep "
        "more accuracy on shifted pictures than one rate for all layers, and lose no more than 2 points on "
        "pictures like those learned from."
    ),
    paper="arXiv:1801.06146",
    data=(
        f"{DIGITS.format(labels='5 labels')} The network has learned 0 to 4 inverted and noisy, too; "
        "5 to 9 are learned as they are, and tested so and inverted or noisy."
    ),
    compared=(
        f"One rate for all layers; {DECAY} of it from each layer to the one below; layers that begin one "
        "after the other; and, as a control, one lower rate for all layers."
    ),
    null="the same rate for all layers from the first step, in all arms",
    holds="Set lr_decay, or take gradual-unfreezing, where new data may differ from the training data.",
    fails="Keep one rate for all layers, unless shifted pictures of your own say otherwise.",
    effects=(
        Effect("Lower rates for earlier layers, shifted", difference("shifted falling", "shifted one")),
        Effect("Gradual unfreezing, shifted", difference("shifted gradual", "shifted one")),
        Effect("Lower rates for earlier layers, the same", difference("same falling", "same one"), -0.02),
        Effect("Gradual unfreezing, the same", difference("same gradual", "same one"), -0.02),
    ),
    measure=measure,
    draw=draw,
)
