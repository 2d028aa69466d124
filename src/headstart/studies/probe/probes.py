"""Probes: small models that are fitted to the output of a block and evaluated on rows they have not seen.

A probe is fitted to several tasks on the same features at once: first the true labels, then random ones. For
each it makes its own choices (a penalty, neighbours, steps), so that the control has the same luck in
choosing as the probe itself.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, normalize, one_hot

from headstart.core import LabelKind, label_kind_of
from headstart.losses.label import label_loss
from headstart.methods.outputs.probing.knn import SHARPNESS, sizes_for
from headstart.models.places import Places
from headstart.nn.attention import AttentionReaders
from headstart.nn.neighbour_head import NeighbourHead
from headstart.solvers.leave_one_out import LeaveOneOut
from headstart.solvers.logistic import Logistic, logistic
from headstart.solvers.penalty_selection import RIDGE_GRID, ROUGHLY, SelectedHead, select_logistic, spread
from headstart.solvers.scales import scaled_losses
from headstart.solvers.temperature import best_scale
from headstart.studies.probe.outputs import Outputs

CHUNK = 2**24  # cosines that are held at once
# of the attentive probe:
STEPS = 80
MARKS = (10, 20, 40, 80)
LR = 0.02
DECAY = 0.05
WIDEST = 256  # features that are read; wider blocks are reduced to their first principal axes
NUMBERS = 2**24  # read by all readers at once; of more, rows are taken in turn


@dataclass(frozen=True)
class Tasks:
    """What all probes of a study have in common.

    Attributes:
        labels: of the n rows, task by task; the first are the true ones, the others random.
        outputs: classes, tags, or columns of numbers.
        groups: (n,) rows that are left out together.
        folds: (n,) which fold holds a row out, for probes that can't leave out one row at a time.
        metric: of the scores.
    """

    labels: list[Tensor]
    outputs: int
    groups: Tensor
    folds: Tensor
    metric: str = "accuracy"

    @property
    def kind(self) -> LabelKind:
        """Of the labels."""
        return label_kind_of(self.labels[0])


class Predictions(NamedTuple):
    """Outputs of a probe for n rows in one task, (n, outputs) each."""

    held_out: Tensor  # by fits that had not seen the row
    fitted: Tensor  # by the fit on all rows, with the settings that were chosen for the true labels


def ridge_probe(block: Outputs, tasks: Tasks) -> list[Predictions]:
    """Ridge regression with exact leave-one-out; of groups, leave-one-group-out.

    The penalty is the one whose held-out predictions have the least log loss at their best scale; of tags
    and numbers, the least squared error. All tasks share one factorisation of the features.
    """
    x = block.features
    unit = spread(x)
    left_out = LeaveOneOut(x.double(), [unit * factor for factor in RIDGE_GRID], tasks.groups)
    predictions, chosen = [], -1
    for y in tasks.labels:
        regressed = one_hot(y, tasks.outputs).double() if tasks.kind == "classes" else y.double()
        answers = left_out.answers(regressed)
        best = int(_ridge_losses(answers.held_out, y).argmin())
        chosen = best if chosen < 0 else chosen
        predictions.append(Predictions(answers.held_out[best], answers.fitted[chosen]))
    return predictions


def _ridge_losses(held_out: Tensor, y: Tensor) -> Tensor:
    """The loss (p,) of predictions (p, n, k) by p penalties."""
    if label_kind_of(y) == "classes":
        return scaled_losses(held_out, y)
    size = y.double().var(0, correction=0)
    return ((held_out - y.double()).square().mean(1) / torch.where(size > 0, size, 1)).mean(1)


def logistic_probe(block: Outputs, tasks: Tasks) -> list[Predictions]:
    """Logistic regression, held out by folds; the penalty is the one of the least held-out log loss."""
    x, predictions = block.features, []
    penalty: float | None = None
    for y in tasks.labels:
        own = select_logistic(x, y, tasks.outputs, folds=tasks.folds)
        penalty = own.penalty if penalty is None else penalty
        fit: SelectedHead | Logistic = own
        if penalty != own.penalty and tasks.kind == "classes":
            fit = logistic(x, y, tasks.outputs, penalty, until=ROUGHLY)
        elif penalty != own.penalty:
            fit = select_logistic(x, y, tasks.outputs, penalty, tasks.folds)
        predictions.append(Predictions(own.held_out, x @ fit.weight.T + fit.bias))
    return predictions


class _Neighbours(NamedTuple):
    """The k most similar rows of each, the most similar first."""

    cosine: Tensor  # (n, k); -inf where there are no more
    row: Tensor  # (n, k)

    def vote(self, head: NeighbourHead, votes: Tensor) -> Tensor:
        """The outputs (n, outputs) of the head, from the votes (n, outputs) of the rows."""
        return head.count(self.cosine[:, : head.k], votes[self.row[:, : head.k]])


def knn_probe(block: Outputs, tasks: Tasks) -> list[Predictions]:
    """The votes of the most similar rows outside a row's group; as the method, k and sharpness are chosen.

    For the fit on all rows, a row counts among its own neighbours.
    """
    x = block.features
    rows = normalize(x - x.mean(0), dim=1)
    sizes = sizes_for(tasks.kind, len(rows))
    heads = []
    for k, sharpness in product(sizes, SHARPNESS):
        heads.append(NeighbourHead(1, 1, tasks.outputs, k, tasks.kind))
        heads[-1].sharpness.fill_(sharpness)
    others, all_rows = _nearest(rows, tasks.groups, max(sizes))
    predictions: list[Predictions] = []
    chosen: tuple[NeighbourHead, float] | None = None
    for y in tasks.labels:
        votes = (one_hot(y, tasks.outputs) if tasks.kind == "classes" else y).to(rows.dtype)
        outputs = [others.vote(head, votes) for head in heads]
        scales = [best_scale(each, y) if tasks.kind == "classes" else 1.0 for each in outputs]
        tried = [
            ((head, scale), each * scale) for head, scale, each in zip(heads, scales, outputs, strict=True)
        ]
        best, held_out = min(tried, key=lambda pair: float(label_loss(pair[1], y)))
        head, scale = chosen = chosen or best
        predictions.append(Predictions(held_out, all_rows.vote(head, votes) * scale))
    return predictions


def _nearest(rows: Tensor, groups: Tensor, k: int) -> tuple[_Neighbours, _Neighbours]:
    """The neighbours among rows of other groups, and among all."""
    others, all_rows = [], []
    for some in torch.split(torch.arange(len(rows)), max(1, CHUNK // len(rows))):
        similar = rows[some] @ rows.T
        all_rows.append(similar.topk(k))
        similar[groups[some][:, None] == groups] = -torch.inf
        others.append(similar.topk(k))
    first, second = (_Neighbours(*map(torch.cat, zip(*each, strict=True))) for each in (others, all_rows))
    return first, second


def attentive_probe(block: Outputs, tasks: Tasks) -> list[Predictions]:
    """Attention pooling and a linear layer, held out by folds; see `attend`."""
    return attend(block.places(), tasks.labels, tasks.outputs, tasks.folds)


def attend(places: Places, labels: Sequence[Tensor], outputs: int, folds: Tensor) -> list[Predictions]:
    """Which places of a block's output are read is learned along with what is read there.

    Readers of all folds and all tasks are trained side by side by full-batch descent (AdamW, rates that fall
    along a cosine). As every probe has something to choose, this one chooses how many steps to take: at a few
    marks the held-out rows are predicted, and the mark of the least loss on them counts.

    Args:
        places: (n, p, d) and which of them are no padding.
        labels: of the n rows in each task; how many steps the fit on all rows takes is chosen for the first.
        outputs: classes, tags or columns.
        folds: (n,) the fold that holds a row out.
    """
    numbers = torch.unique(folds)
    seen = torch.stack([folds != number for number in numbers] + [torch.ones_like(folds, dtype=torch.bool)])
    places = Places(_standardise(places), places.there)
    readers = AttentionReaders(len(seen) * len(labels), places.value.shape[2], outputs)
    marks = _descend(readers, places, torch.stack(list(labels)), seen)
    predictions, chosen = [], -1
    for number, y in enumerate(labels):
        own = [answers[number * len(seen) : (number + 1) * len(seen)] for answers in marks]
        reader = (~seen).int().argmax(0)  # the one that has not seen a row
        held_out = [answers[reader, torch.arange(len(reader))] for answers in own]
        best = min(range(len(marks)), key=lambda i: float(label_loss(held_out[i], y)))
        chosen = best if chosen < 0 else chosen
        predictions.append(Predictions(held_out[best], own[chosen][-1]))
    return predictions


def _standardise(places: Places) -> Tensor:
    """Features of mean 0 and deviation 1 over all places but padding; of many, their principal axes."""
    real = places.value[places.there]
    deviation, mean = torch.std_mean(real, 0, correction=0)
    scale = torch.where(deviation > 1e-6 * deviation.max(), 1 / deviation, 0)
    value = (places.value - mean) * scale * places.there[..., None]
    if value.shape[2] <= WIDEST:
        return value
    rows = value.flatten(0, 1)
    turned: Tensor = value @ torch.linalg.eigh(rows.T @ rows).eigenvectors[:, -WIDEST:]
    return turned


def _descend(readers: AttentionReaders, places: Places, labels: Tensor, seen: Tensor) -> list[Tensor]:
    """Outputs (h, n, outputs) of the readers at each mark; labels (tasks, n, ...), seen (folds + 1, n)."""
    groups = [
        {"params": [readers.query, readers.weight], "weight_decay": DECAY},
        {"params": [readers.bias], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=LR)
    counts = (seen / seen.sum(1, keepdim=True)).repeat(len(labels), 1)  # (h, n): of each row to each reader
    labels = labels.repeat_interleave(len(seen), 0)
    shares = torch.split(torch.arange(len(places.value)), max(1, NUMBERS // readers.query.numel()))
    marks = []
    for step in range(1, STEPS + 1):
        for group in optimiser.param_groups:
            group["lr"] = LR * 0.5 * (1 + math.cos(math.pi * (step - 1) / STEPS))
        optimiser.zero_grad()
        for rows in shares:
            outputs = readers(places.value[rows], places.there[rows])
            (_reader_losses(outputs, labels[:, rows]) * counts[:, rows]).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if step in MARKS:
            with torch.no_grad():
                marks.append(torch.cat([readers(places.value[r], places.there[r]) for r in shares], 1))
    return marks


def _reader_losses(outputs: Tensor, labels: Tensor) -> Tensor:
    """The loss (h, n) of each row by each reader; see `label_loss`."""
    if labels.ndim == 2:
        return cross_entropy(outputs.mT, labels, reduction="none")
    if labels.dtype == torch.bool:
        return binary_cross_entropy_with_logits(outputs, labels.to(outputs), reduction="none").mean(2)
    return (outputs - labels.to(outputs)).square().mean(2)


PROBES: Mapping[str, Callable[[Outputs, Tasks], list[Predictions]]] = {
    "ridge": ridge_probe,
    "logistic": logistic_probe,
    "knn": knn_probe,
    "attentive": attentive_probe,
}
BY_FOLDS = ("logistic", "attentive")  # the others leave out one row, or one group, at a time
