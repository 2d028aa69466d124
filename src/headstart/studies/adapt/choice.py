"""What candidates predicted out of fold, how two of them compare, and which one is chosen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadInput, Method
from headstart.data.dataset import Dataset
from headstart.face import spell
from headstart.records.record import Interval
from headstart.report.metric import get_metric
from headstart.session.scoring import difference, selection_score
from headstart.studies.adapt.plan import majority


@dataclass
class CandidateResult:
    """A method and its out-of-fold predictions."""

    method: Method[Any]
    logits: Tensor  # (rows, classes) for the rows it was tried on, in the order of `rows`
    rows: NDArray[np.int64]  # (n,) numbers in the training part
    folds: int = 0  # that it was tried on
    dropped: str = ""  # why not on all of them; "" if on all
    curves: list[list[float]] = field(default_factory=list)  # losses by fold; [] of what is solved
    trained: int = 0  # parameters that it changed or made
    added: int = 0  # bytes that it adds to the backbone
    notes: list[str] = field(default_factory=list)  # of the trainings
    diverged: bool = False  # on one of the folds, which drops it
    lost: bool = False  # dropped since another was better


LACK = ("budget", "there was time for", "no more folds")  # of reasons that are the time's


def lacks_time(dropped: str) -> bool:
    """Whether a method was dropped, or not tried on all folds, for lack of time."""
    return any(word in dropped for word in LACK)


def best(tried: Sequence[CandidateResult], labels: NDArray[np.int64], metric: str) -> CandidateResult | None:
    """The best result by a metric among those on the most rows."""
    most = max((len(result.rows) for result in tried), default=0)
    full = [result for result in tried if len(result.rows) == most and most]

    def score(result: CandidateResult) -> float:
        return selection_score(result.logits, labels[result.rows], metric)

    return max(full, key=score, default=None)


def transfers(method: Method[Any]) -> bool:
    """Whether a method takes anything over."""
    return method.about.transfers != "nothing"


def choose(
    tried: Sequence[CandidateResult], data: Dataset, metric: str, seed: int, transfer_only: bool = False
) -> tuple[CandidateResult, str]:
    """The winner on the training part, and why, in a sentence or more.

    A method that was tried on more than half of the folds is compared with the best of those that were tried
    on all, on the rows that both were tried on. On fewer, it only wins if it is clearly better there: if the
    95 % interval of the paired difference lies above zero. Of several such methods, the one with the largest
    difference wins. With `transfer_only`, methods that transfer nothing take no part.

    Raises:
        BadInput: none is left.
    """
    able = [result for result in tried if transfers(result.method) or not transfer_only]
    leader = best(able, data.labels, metric)
    if leader is None:
        raise BadInput("No method that transfers something was tried. Leave transfer_only out.")
    winner, most = leader, 0.0
    words = get_metric(metric)
    why = f"it has the {words.best} {words.title} in the cross-validation on the training part"
    others = [one for one in able if one is not leader and len(one.rows)]
    if not others:
        why = "it is the only method that was tried"
    elif not any(len(one.rows) == len(leader.rows) for one in others):
        why = "no other method was tried on as many folds, and on fewer none was clearly better"
    for result in able:
        if 0 < len(result.rows) < len(leader.rows) and not result.lost:
            gain = lead(result, leader, data, metric, seed)
            often = majority(leader.folds) <= result.folds
            if (gain.value if often else gain.low) > 0 and gain.value > most:
                winner, most = result, gain.value
                folds = "fold" if result.folds == 1 else f"{result.folds} folds"
                clearly = "clearly " if gain.low > 0 else ""
                why = f"on the {folds} it was tried on, it was {clearly}better than {leader.method.title}"
    why = f"{winner.method.title} was selected because {why}."
    apart = [one for one in tried if transfers(one.method) != transfers(winner.method)]
    said = _about_transfer(winner, best(apart, data.labels, metric), data, metric, transfer_only)
    return winner, " ".join([why, *said])


def _about_transfer(
    winner: CandidateResult, apart: CandidateResult | None, data: Dataset, metric: str, only: bool
) -> Iterator[str]:
    """Sentences on a winner that transfers nothing, or on what is better and does so."""
    if not transfers(winner.method):
        yield "It transfers nothing: it learned from these rows alone."
    if apart is None:
        return
    figures = [selection_score(one.logits, data.labels[one.rows], metric) for one in (apart, winner)]
    had = f"{apart.method.title}, had {get_metric(metric).plain().value(abs(figures[0]))}"
    if not transfers(winner.method):
        yield f"The best that transfers something, {had}; {spell('transfer_only', True)} would ship it."
    elif figures[0] > figures[1]:
        mine, _, rows = shared(winner, apart)
        there = get_metric(metric).plain().value(abs(selection_score(mine, data.labels[rows], metric)))
        why = f"on the same rows {winner.method.title} had {there}, and the lead is not clear"
        yield f"The best that transfers nothing, {had}; {'it was left out of the choice' if only else why}."


def lead(result: CandidateResult, other: CandidateResult, data: Dataset, metric: str, seed: int) -> Interval:
    """How much better a result is by a metric, paired over the rows that both methods were tried on."""
    left, right, rows = shared(result, other)
    return difference(left, right, data.labels[rows], data.groups_of(rows), seed, metric)


def shared(result: CandidateResult, other: CandidateResult) -> tuple[Tensor, Tensor, NDArray[np.int64]]:
    """Both methods' predictions on the rows that both were tried on, and those rows."""
    rows, here, there = np.intersect1d(result.rows, other.rows, return_indices=True)
    return result.logits[torch.from_numpy(here)], other.logits[torch.from_numpy(there)], rows
