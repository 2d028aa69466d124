"""Guided transfer: scouts tell how far each weight may move; controls ask whether it matters which."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of
from headstart.claims._digits import OWN, UPSTREAM, Rows, a_class, accuracy, of_classes, split, upstream
from headstart.claims._lab import Lab
from headstart.core import make
from headstart.core.guides import Guides, weights_digest
from headstart.data.load import load
from headstart.models.backbone import AnyBackbone, backbone
from headstart.predictor.fit import fit
from headstart.records.claims import Mark, Panel
from headstart.run.recipe import Recipe
from headstart.session.scouting import class_subsets, run_scouts
from headstart.session.session import Session
from headstart.solvers.guides import min_max

LABELS, DRAWS = 5, 2  # of each class; sets of labelled rows for a seed
RATES = (1e-3, 1e-2)  # each way takes the one that is better on rows that are not tested on
SCOUTS, COUSIN = 6, 3  # in the quick tier; classes of the easier problem of each
CONTROLS = {
    "plain": "no guides",
    "shuffled": "guides in random order",
    "constant": "one constant guide a tensor",
    "inverted": "inverted guides",
}


def scouted(lab: Lab, seed: int, base: AnyBackbone) -> Guides:
    """Guides of a backbone: how far its weights move as copies of it learn three of the first digits."""
    data = load(of_classes(UPSTREAM).arrays)
    session = Session(base, data)
    most = lab.pick(quick=SCOUTS, full=10, tiny=2)
    cousins = class_subsets(data.labels, data.classes, COUSIN, most, lab.derive("cousins", seed))
    steps = lab.pick(quick=40, full=200, tiny=2)
    recipe = Recipe(steps=steps, batch=32, weight_decay=0.0, seed=lab.derive("scouts", seed))
    values = min_max(run_scouts(session, cousins, recipe).squares)
    return Guides(values, weights_digest(base, values))


def ways_of(lab: Lab, seed: int, guides: Guides) -> dict[str, Guides | None]:
    """The guides of each way of training."""
    mixed = guides.shuffled(lab.derive("mixed", seed))
    return {
        "plain": None,
        "guided": mixed if lab.null else guides,
        "shuffled": mixed,
        "constant": guides.constant(),
        "inverted": guides.inverted(),
    }


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies on held-out digits 5 to 9 of five ways of training on few labels."""
    base = backbone(upstream(lab, seed), example=torch.zeros(2, 1, 8, 8))
    guides = scouted(lab, seed, base)
    pool, test = split(of_classes(OWN), 500, lab.generator("guided test", seed))
    ways = ways_of(lab, seed, guides)
    recipe = Recipe(steps=lab.pick(quick=30, full=100, tiny=2), batch=25, weight_decay=0.0)

    def score(way: str, rate: float, number: int, held: Rows | None) -> float:
        random = lab.generator("guided rows", seed, number)
        order = torch.randperm(len(pool), generator=random)
        few = a_class(pool.pick(order[:200]), LABELS, random)
        how = replace(recipe, lr=rate, seed=lab.derive("guided", seed, number))
        model = fit(make("fine-tune:backbone_lr=1.0"), base, few.arrays, how, guides=ways[way])
        return accuracy(model, pool.pick(order[200:]) if held is None else held)

    found: Numbers = {"mean guide": guides.mean}
    for way in ways:
        best = max(RATES, key=lambda rate: score(way, rate, DRAWS, None))
        found[way] = float(np.mean([score(way, best, number, test) for number in range(DRAWS)]))
        found[f"rate {way}"] = best
    return found


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Accuracies of all ways."""
    marks = [Mark(title, mean_of(seeds, way)) for way, title in CONTROLS.items()]
    marks.append(Mark("the scouts' guides", mean_of(seeds, "guided"), chosen=True))
    return [Panel("Digits 5 to 9, five labels each", "accuracy", marks=marks)]


CLAIM = Claim(
    number=27,
    name="guided-transfer",
    title="Guided transfer beats plain fine-tuning",
    statement=(
        "Fine-tuning that scales each weight's updates by how far it moved in scouts, copies that learned "
        "easier problems, is more accurate with few labels than plain fine-tuning, and than with the same "
        "guides in random order, one constant guide a tensor, or inverted guides."
    ),
    paper="arXiv:2303.16154",
    data="Digits: the network and its scouts have learned 0 to 4; 5 to 9 with 5 labels each, 500 to test.",
    compared=(
        "Guided fine-tuning with plain fine-tuning and three controls that lose which weight a guide is of: "
        "the same start, labels and steps, each at the better of two learning rates, chosen on other rows."
    ),
    null="the guides in random order are given as the scouts' own",
    holds="Make guides from the pre-training data where labels are few: headstart scouts.",
    fails="Nothing says that it matters which weights may move: try a smaller learning rate, without scouts.",
    effects=tuple(
        Effect(f"Guided over {title}", difference("guided", way)) for way, title in CONTROLS.items()
    ),
    measure=measure,
    draw=draw,
)
