"""Scouts: copies of a pre-trained backbone that each learn an easier problem, a cousin of the target's."""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, count
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from headstart.core import Backbone, BadInput, Ctx, Descend, Labelled, Loss, On, Parts, derive_seed
from headstart.core.batches import join_samples
from headstart.core.moves import everything
from headstart.data.dataset import Dataset
from headstart.data.order import order
from headstart.data.random_draws import shuffled
from headstart.face import spell
from headstart.nn.task_weights import Way, forward_tasks
from headstart.run.loop import start_parts
from headstart.run.recipe import Recipe
from headstart.run.to_end import train_to_end
from headstart.run.ways import choose_way, way_of
from headstart.session.session_data import SessionData
from headstart.solvers.k_means import k_means

FEWEST = 2  # cousins
TOGETHER = 4_000_000  # weights of all scouts, above which they run one by one
EVERY = 50  # steps, after which a run is saved
NAME = "scouts"


@dataclass(frozen=True, eq=False)
class Cousin:
    """An easier problem of the same kind: some rows of the pre-training data, with labels of its own.

    Attributes:
        name: in words, such as "0, 3 and 7".
        rows: (n,) of the data.
        labels: (n,) from 0.
    """

    name: str
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]

    @property
    def classes(self) -> int:
        """How many."""
        return int(self.labels.max()) + 1


def class_subsets(
    labels: NDArray[np.int64], names: Sequence[str], classes: int, most: int, seed: int
) -> list[Cousin]:
    """Cousins of some of the classes each: all subsets of a size, or some that are drawn.

    Args:
        labels: (n,) of the data.
        names: of its classes.
        classes: of each cousin, >= 2 and fewer than there are.
        most: cousins, >= 2.
        seed: of the draw.

    Raises:
        BadInput: there are too few classes for two cousins.
    """
    if len(names) <= FEWEST:
        raise BadInput(
            f"The data have {len(names)} classes, of which no easier problem can be made: a cousin has 2 "
            "classes or more, and fewer than the data. Give data of more classes, or rows without labels, "
            "which are clustered."
        )
    if not 2 <= classes < len(names):
        raise BadInput(
            f"{spell('cousin_classes', classes)}: a cousin has 2 classes or more, and fewer than the "
            f"{len(names)} of the data."
        )
    found = list(combinations(range(len(names)), classes))
    chosen = sorted(shuffled(len(found), seed, "cousins")[:most].tolist())
    return [cousin_of(labels, names, found[place]) for place in chosen]


def cousin_of(labels: NDArray[np.int64], names: Sequence[str], classes: Sequence[int]) -> Cousin:
    """The cousin of the rows of some classes, numbered in this order."""
    classes = list(dict.fromkeys(classes))
    rows = np.flatnonzero(np.isin(labels, classes))
    places = np.full(len(names), -1)
    places[classes] = np.arange(len(classes))
    return Cousin(", ".join(names[place] for place in classes), rows, places[labels[rows]])


class ScoutWeights(nn.Module):
    """The weights of several copies of a backbone, and their heads: (k, n, *shape) -> (k, n, classes).

    The copies are in evaluation mode: without dropout, and with the statistics that norms have.

    Args:
        backbone: the pre-trained one, which is not changed.
        classes: of each copy's cousin.
        way: how the copies are computed.
    """

    def __init__(self, backbone: Backbone, classes: Sequence[int], way: Way) -> None:
        super().__init__()
        self.way = way
        self.shared = (backbone.eval(),)  # in a tuple, so that its weights are not of this module
        named = dict(backbone.named_parameters())
        self.names = tuple(named)
        many = len(classes)
        self.weights = nn.ParameterList(
            one.detach()[None].repeat(many, *[1] * one.ndim) for one in named.values()
        )
        most = max(classes)
        self.head = nn.Parameter(torch.zeros(many, backbone.width, most))
        self.bias = nn.Parameter(torch.zeros(many, 1, most))
        absent = torch.arange(most) >= torch.tensor(classes)[:, None]
        self.register_buffer("absent", absent[:, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, -inf for classes that a cousin has not."""
        given = dict(zip(self.names, self.weights, strict=True))
        features = forward_tasks(self.shared[0], given, x, self.way)
        logits = torch.baddbmm(self.bias, features, self.head)
        absent = self.get_buffer("absent")
        return logits.masked_fill(absent, -torch.inf)

    def each(self) -> Iterator[dict[str, Tensor]]:
        """The backbone's weights of each copy by name."""
        for number in range(len(self.head)):
            yield {name: one[number] for name, one in zip(self.names, self.weights, strict=True)}


@dataclass(frozen=True, eq=False)
class Scouted:
    """What some scouts learned.

    Attributes:
        squares: sums over the scouts of the squared movement of each weight, float64, by name.
        losses: of each step, the mean over the scouts.
        accuracies: of each scout on its last batches, in [0, 1].
    """

    squares: dict[str, Tensor]
    losses: list[float]
    accuracies: list[float]


def run_scouts(
    session: SessionData,
    cousins: Sequence[Cousin],
    recipe: Recipe,
    way: Way = "loop",
    checkpoint: Path | None = None,
) -> Scouted:
    """Let copies of the session's backbone learn cousins at the same time, each from the same start.

    What a scout sees is a function of its cousin alone, so that scouts that run together move as those that
    run one after the other, up to rounding.

    Args:
        session: its backbone is the start, its data the pre-training data.
        cousins: one for each scout.
        recipe: steps and rates of each; its `clip` and `ema` are not used.
        way: "vmap" computes them at once, "loop" one after the other.
        checkpoint: file that it is saved in, and goes on from; None: none.

    Raises:
        Diverged: a loss is not finite.
    """
    backbone = copy.deepcopy(session.backbone).to(session.engine.device)
    plain = replace(recipe, clip=None, ema=None)

    def build() -> Parts:
        return Parts({NAME: ScoutWeights(backbone, [each.classes for each in cousins], way)})

    run = start_parts(NAME, build, (Descend(_loss, on=(On(NAME, everything),)),), plain, session.engine)
    train_to_end(run, _batches(session, cousins, plain), checkpoint, session.watch, EVERY)
    network = run.parts[NAME]
    assert isinstance(network, ScoutWeights)
    base = {name: one.detach().double().cpu() for name, one in backbone.named_parameters()}
    squares = {name: torch.zeros_like(one) for name, one in base.items()}
    for weights in network.each():
        for name, one in weights.items():
            squares[name] += (one.detach().double().cpu() - base[name]).square()
    losses = [loss / len(cousins) for loss in run.notes["curve"]]
    return Scouted(squares, losses, _accuracies(network, session, cousins, plain))


def _loss(parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
    """The sum over the scouts of their mean cross-entropies, so that each has its own gradient."""
    logits = parts[NAME](batch.x.transpose(0, 1))  # (k, n, classes)
    each = cross_entropy(logits.flatten(0, 1), batch.y.T.flatten(), reduction="none")
    return Loss.sum(scouts=each.view(len(logits), -1).mean(1).sum())


def _batches(
    session: SessionData, cousins: Sequence[Cousin], recipe: Recipe
) -> Callable[[int], Iterator[Labelled]]:
    """Batches x (n, k, *shape), y (n, k): a row has one sample of each cousin."""

    def stream(step: int) -> Iterator[Labelled]:
        for now in count(step):
            yield _batch(session, cousins, recipe, now)

    return stream


def _batch(session: SessionData, cousins: Sequence[Cousin], recipe: Recipe, step: int) -> Labelled:
    samples, labels = [], []
    for cousin in cousins:
        seed = derive_seed(recipe.seed, NAME, cousin.name)
        places, _ = order(seed, len(cousin.rows), recipe.batch, step)
        samples.append(session.samples(cousin.rows[places]))
        labels.append(torch.from_numpy(cousin.labels[places]))
    x = join_samples(samples)
    x = x.view(len(cousins), recipe.batch, *x.shape[1:])
    return Labelled(x.transpose(0, 1).contiguous(), torch.stack(labels, 1))


@torch.no_grad()
def _accuracies(
    network: ScoutWeights, session: SessionData, cousins: Sequence[Cousin], recipe: Recipe
) -> list[float]:
    """The share of right answers of each scout on the rows of a few batches that it learned from."""
    hits = torch.zeros(len(cousins), dtype=torch.float64)
    last = range(max(0, recipe.steps - 4), recipe.steps)
    for step in last:
        batch = _batch(session, cousins, recipe, step).to(session.engine.device)
        hits += (batch.y == network(batch.x.transpose(0, 1)).argmax(-1).T).double().mean(0).cpu()
    return (hits / len(last)).tolist()


def require_two(cousins: list[Cousin], data: Dataset) -> list[Cousin]:
    """Refuse fewer than two cousins, or one with a single class."""
    if len(cousins) < FEWEST:
        raise BadInput(
            f"{data.name} gives {len(cousins)} cousin, and guides are means over {FEWEST} scouts or more. "
            f"Give more classes or clusters, or smaller cousins: {spell('cousin_classes', 2)}."
        )
    for cousin in cousins:
        if cousin.classes < 2:
            raise BadInput(f"The cousin {cousin.name} has one class; there is nothing to learn in it.")
    return cousins


def cluster_pairs(session: SessionData, clusters: int, most: int, seed: int) -> list[Cousin]:
    """Cousins of rows without labels: pairs of the clusters of their features, by k-means.

    Args:
        session: its backbone gives the features.
        clusters: of the rows, >= 3.
        most: cousins.
        seed: of clusters and pairs.
    """
    backbone = copy.deepcopy(session.backbone).to(session.engine.device).eval()
    with torch.no_grad():
        rows = np.array_split(np.arange(len(session.data)), max(1, len(session.data) // 64))
        parts = [backbone(session.samples(some).to(session.engine.device)).cpu() for some in rows]
    features = torch.nn.functional.normalize(torch.cat(parts), dim=1)
    labels = k_means(features, min(clusters, len(features)), seed).numpy()
    kept = [c for c in range(clusters) if (labels == c).sum() > 1]
    pairs = list(combinations(kept, 2))
    chosen = sorted(shuffled(len(pairs), seed, "cousins")[:most].tolist())
    names = [f"cluster {c + 1}" for c in range(clusters)]
    return [cousin_of(labels, names, pairs[place]) for place in chosen]


def choose_scouts_way(session: SessionData, cousins: Sequence[Cousin], recipe: Recipe) -> Way:
    """Whether scouts are quicker at once: tried on a step where there are few weights, else one by one."""
    weights = sum(one.numel() for one in session.backbone.parameters())
    if weights * len(cousins) > TOGETHER:
        return "loop"
    batch = _batch(session, cousins, recipe, 0).to(session.engine.device)
    backbone = copy.deepcopy(session.backbone).to(session.engine.device)
    networks: dict[Way, ScoutWeights] = {}

    def gradient(way: Way) -> list[Tensor]:
        if way not in networks:
            made = ScoutWeights(backbone, [each.classes for each in cousins], way)
            with torch.no_grad():
                made.head.add_(0.01)  # zeros pass no gradient on
                made.head[:, ::2].mul_(-1)
            networks[way] = made.to(session.engine.device)
        network = networks[way]
        loss = _loss(Parts({NAME: network}), batch, Ctx(0, 0.0, lambda x: x)).total
        return list(torch.autograd.grad(loss, list(network.weights), allow_unused=False))

    return way_of(choose_way(gradient, (NAME, id(session.backbone), len(cousins), recipe.batch)))
