"""Masked pre-training of a table: filling in hidden cells of unlabelled rows helps where labels are few."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of
from headstart.claims._digits import Rows, a_class, split
from headstart.claims._lab import Lab
from headstart.claims._perceptron import perceptron
from headstart.claims._pretrained import probe
from headstart.claims._tuning import curve
from headstart.core import Backbone, make
from headstart.data.load import load
from headstart.predictor.fit import fit
from headstart.records.claims import Mark, Panel
from headstart.run.recipe import Recipe

TYPES, GENES, PROGRAMS = 8, 100, 10
CELLS, DEPTH = 1500, 2.0  # rows; mean count of a gene, of which many are 0
LABELS, MAIN = (2, 5, 20), 5  # a class, of probes; that the verdict is about
ARMS = {"columns": "columns as they are", "random": "random weights", "masked": "masked pre-training"}


def made_up(random: torch.Generator, cells: int) -> Rows:
    """Counts of genes in cells of types: few programs of genes, which types and single cells use."""
    programs = torch.randn(PROGRAMS, GENES, generator=random) * 0.6
    of_type = torch.randn(TYPES, PROGRAMS, generator=random)
    base = torch.randn(GENES, generator=random)
    y = torch.randint(TYPES, (cells,), generator=random)
    used = of_type[y] + 0.7 * torch.randn(cells, PROGRAMS, generator=random)
    rate = (base + used @ programs).softmax(1) * GENES * DEPTH
    size = 0.5 + torch.rand(cells, 1, generator=random)
    counts = torch.poisson(rate * size, generator=random)
    return Rows(counts.log1p(), y)


def blood_cells() -> Rows:
    """700 blood cells of 10 types by 765 genes, which come with the package scanpy."""
    data = load("pbmc")
    assert data.table is not None
    x = torch.from_numpy(np.asarray(data.table.values, np.float32))
    return Rows(x, torch.from_numpy(data.labels).long())


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracy of linear probes on the columns, on random features, and after masked pre-training."""
    random = lab.generator("masked table", seed)
    cells = blood_cells() if lab.tier == "full" else made_up(random, lab.pick(CELLS, CELLS, 300))
    learn, test = split(cells, len(cells) // 3, random)
    middle, spread = learn.x.mean(0), learn.x.std(0).clamp(min=1e-3)
    learn, test = (Rows((each.x - middle) / spread, each.y) for each in (learn, test))
    counts = lab.pick(quick=LABELS, full=LABELS, tiny=(MAIN, 20))
    labelled = {count: a_class(learn, count, random) for count in counts}
    fresh = perceptron(lab.generator("masked start", seed), (learn.x.shape[1], 256, 64, TYPES))
    nets: dict[str, nn.Module] = {"columns": nn.Sequential(nn.Flatten()), "random": fresh}
    nets["masked"] = fresh if lab.null else _pretrained(lab, seed, fresh, learn)
    found: Numbers = {"labels": list(map(float, counts))}
    for arm, net in nets.items():
        scores = {count: probe(net, rows, test) for count, rows in labelled.items()}
        found[f"curve {arm}"], found[arm] = list(scores.values()), scores[MAIN]
    return found


def _pretrained(lab: Lab, seed: int, net: nn.Module, rows: Rows) -> Backbone:
    """The encoder after it filled in hidden cells of all rows that are learned from."""
    steps = lab.pick(quick=500, full=2000, tiny=5)
    recipe = Recipe(steps=steps, batch=128, lr=2e-3, seed=lab.derive("masked", seed))
    unlabelled: Any = rows.x.numpy()
    return fit(make("masked-imputation:then=nothing"), net, unlabelled, recipe).encoder


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Probes of all features, and as labels grow."""
    y = "accuracy on test rows"
    marks = [Mark(name, mean_of(seeds, arm), arm == "masked") for arm, name in ARMS.items()]
    curves = [curve(seeds, f"curve {arm}", name) for arm, name in ARMS.items()]
    return [
        Panel(f"Linear probe, {MAIN} labels a class", y, marks=marks),
        Panel("As labels grow", y, "labels a class", curves=curves, log=True),
    ]


CLAIM = Claim(
    number=10,
    name="masked-table",
    title="Masked pre-training of a table helps at few labels",
    statement=(
        "A network that has learned to fill in hidden cells of rows without labels has features by which a "
        "linear probe of 5 labels a class is more accurate than on random features, and than on the "
        "columns."
    ),
    paper="VIME, NeurIPS 2020; arXiv:2111.06377",
    data=(
        "Quick: made up after counts of RNA, 1,500 cells of 8 types and 100 genes, anew for each seed. "
        "Full: 700 blood cells of 10 types, by 765 genes (pbmc68k). A third of the rows are the test."
    ),
    compared=(
        "A logistic probe on a perceptron after masked pre-training, on the same perceptron with random "
        "weights, and on the standardised columns."
    ),
    null="no pre-training: the network keeps its random weights",
    holds="Pre-train on all rows of your table that have no label, and probe the features.",
    fails="Stay with the columns and a linear model, or trees: your columns say directly what is asked.",
    effects=(
        Effect("Over random features", difference("masked", "random")),
        Effect("Over the columns", difference("masked", "columns")),
    ),
    measure=measure,
    draw=draw,
)
