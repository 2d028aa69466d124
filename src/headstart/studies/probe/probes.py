"""Probes: small readers that are fitted to the output of a block, and judged on rows they have not seen.

A probe is asked about several tasks on the same features at once: first the true labels, then random
ones. For each it makes its own choices (a penalty, neighbours, steps), so that the control has the same
luck in choosing as the probe itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import normalize, one_hot

from headstart.core import LabelKind, label_kind_of
from headstart.losses.label import label_loss
from headstart.methods.outputs.probing.knn import SHARPNESS, SIZES
from headstart.nn.neighbour_head import NeighbourHead
from headstart.solvers.leave_one_out import LeaveOneOut
from headstart.solvers.logistic import Logistic, logistic
from headstart.solvers.penalty_selection import RIDGE_GRID, ROUGHLY, SelectedHead, select_logistic, spread
from headstart.solvers.scales import scaled_losses
from headstart.studies.probe.attentive import attentive
from headstart.studies.probe.outputs import Outputs

CHUNK = 2**24  # cosines that are held at once


@dataclass(frozen=True)
class Bench:
    """What all probes of a study have in common.

    Attributes:
        tasks: labels of the n rows; the first are the true ones, the others random.
        outputs: classes, tags, or columns of numbers.
        groups: (n,) rows that are left out together.
        folds: (n,) which fold holds a row out, for probes that can't leave out one row at a time.
    """

    tasks: list[Tensor]
    outputs: int
    groups: Tensor
    folds: Tensor

    @property
    def kind(self) -> LabelKind:
        """Of the labels."""
        return label_kind_of(self.tasks[0])


class Said(NamedTuple):
    """What a probe says of n rows in one task, (n, outputs) each."""

    held_out: Tensor  # by fits that had not seen the row
    fitted: Tensor  # by the fit on all rows, with the settings that were chosen for the true labels


def ridge_probe(block: Outputs, bench: Bench) -> list[Said]:
    """Ridge regression with exact leave-one-out; of groups, leave-one-group-out.

    The penalty is the one whose held-out predictions have the least log loss at their best scale; of tags
    and numbers, the least squared error. All tasks share one factorisation of the features.
    """
    x = block.features
    left = LeaveOneOut(x.double(), [spread(x) * factor for factor in RIDGE_GRID], bench.groups)
    found, chosen = [], -1
    for y in bench.tasks:
        answers = left.answers(_goals(y, bench.outputs))
        best = int(_losses(answers.held_out, y).argmin())
        chosen = best if chosen < 0 else chosen
        found.append(Said(answers.held_out[best], answers.fitted[chosen]))
    return found


def logistic_probe(block: Outputs, bench: Bench) -> list[Said]:
    """Logistic regression, held out by folds; the penalty is the one of the least held-out log loss."""
    x, found = block.features, []
    penalty: float | None = None
    for y in bench.tasks:
        own = select_logistic(x, y, bench.outputs, folds=bench.folds)
        penalty = own.penalty if penalty is None else penalty
        fit: SelectedHead | Logistic = own
        if penalty != own.penalty and bench.kind == "classes":
            fit = logistic(x, y, bench.outputs, penalty, until=ROUGHLY)
        elif penalty != own.penalty:
            fit = select_logistic(x, y, bench.outputs, penalty, bench.folds)
        found.append(Said(own.held_out, x @ fit.weight.T + fit.bias))
    return found


def knn_probe(block: Outputs, bench: Bench) -> list[Said]:
    """The votes of the most similar rows outside a row's group; as the method, k and sharpness are chosen.

    A row that may look at itself is what the fit on all rows says.
    """
    x = block.features
    rows = normalize(x - x.mean(0), dim=1)
    sizes = [k for k in SIZES if k < len(rows)] or [1]
    others, itself = _nearest(rows, bench.groups, max(sizes))
    found: list[Said] = []
    chosen: NeighbourHead | None = None
    for y in bench.tasks:
        votes = (one_hot(y, bench.outputs) if bench.kind == "classes" else y).to(rows.dtype)
        tried = [(head, _count(head, others, votes)) for head in _counters(sizes, bench)]
        best, held_out = min(tried, key=lambda one: float(label_loss(one[1], y)))
        chosen = chosen or best
        found.append(Said(held_out, _count(chosen, itself, votes)))
    return found


def attentive_probe(block: Outputs, bench: Bench) -> list[Said]:
    """Attention pooling and a linear layer, held out by folds; see `probing_attentive`."""
    found = attentive(block.places(), bench.tasks, bench.outputs, bench.folds)
    return [Said(*one) for one in found]


PROBES: Mapping[str, Callable[[Outputs, Bench], list[Said]]] = {
    "ridge": ridge_probe,
    "logistic": logistic_probe,
    "knn": knn_probe,
    "attentive": attentive_probe,
}
BY_FOLDS = ("logistic", "attentive")  # the others leave out one row, or one group, at a time


def _goals(y: Tensor, outputs: int) -> Tensor:
    """What is regressed, (n, outputs) in float64."""
    return one_hot(y, outputs).double() if label_kind_of(y) == "classes" else y.double()


def _losses(held_out: Tensor, y: Tensor) -> Tensor:
    """The loss (p,) of predictions (p, n, k) by p penalties."""
    if label_kind_of(y) == "classes":
        return scaled_losses(held_out, y)
    size = y.double().var(0, correction=0)
    return ((held_out - y.double()).square().mean(1) / torch.where(size > 0, size, 1)).mean(1)


class _Near(NamedTuple):
    """The k most similar rows of each, from the most similar on."""

    cosine: Tensor  # (n, k); -inf where there are no more
    row: Tensor  # (n, k)


def _nearest(rows: Tensor, groups: Tensor, k: int) -> tuple[_Near, _Near]:
    """Among rows of other groups, and among all."""
    others, everyone = [], []
    for some in torch.split(torch.arange(len(rows)), max(1, CHUNK // len(rows))):
        similar = rows[some] @ rows.T
        everyone.append(similar.topk(k))
        similar[groups[some][:, None] == groups] = -torch.inf
        others.append(similar.topk(k))
    return _Near(*map(torch.cat, zip(*others, strict=True))), _Near(
        *map(torch.cat, zip(*everyone, strict=True))
    )


def _counters(sizes: list[int], bench: Bench) -> list[NeighbourHead]:
    heads = []
    for k in sizes:
        for sharpness in SHARPNESS:
            head = NeighbourHead(1, 1, bench.outputs, k, bench.kind)
            head.sharpness.fill_(sharpness)
            heads.append(head)
    return heads


def _count(head: NeighbourHead, near: _Near, votes: Tensor) -> Tensor:
    return head.count(near.cosine[:, : head.k], votes[near.row[:, : head.k]])
