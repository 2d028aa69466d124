"""Cross-validate candidates on the training part; expensive ones are dropped as soon as they clearly lag."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadInput, Diverged, HeadstartError, Method, derive_seed
from headstart.data.dataset import Dataset
from headstart.face import spell
from headstart.records.record import Interval
from headstart.report.metric import get_metric
from headstart.session.recipes import recipe_for
from headstart.session.scoring import difference, selection_score
from headstart.session.session import Session
from headstart.studies._store import StudyFolder
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.budget import Budget, solution_seconds
from headstart.studies.adapt.plan import FOLDED, NO_ROOM, PROBES, Plan, fold_name, majority, refit_name


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
    notes: list[str] = field(default_factory=list)  # of the trainings
    diverged: bool = False  # on one of the folds, which drops it
    lost: bool = False  # dropped since another was better


@dataclass(frozen=True)
class CrossValidation:
    """Cross-validation of methods on one session's data; every fold of every method is a step."""

    session: Session
    folds: NDArray[np.int64]  # (rows,) which fold holds a row out
    settings: AdaptSettings
    folder: StudyFolder
    budget: Budget
    plan: Plan = PROBES  # of what takes time
    probed: Session | None = None  # the session with the features that probes read; None: the same

    def session_of(self, method: Method[Any]) -> Session:
        """Where a method is fitted: probes read features where that serves them best, or words."""
        session = self.probed if self.probed and method.about.transfers == "mapping" else self.session
        return session.suited_to(method)

    def solve(
        self, methods: Sequence[Method[Any]], quick: Method[Any] | None = None
    ) -> list[CandidateResult]:
        """The methods that are solved in one pass, on all folds that half of the budget has room for.

        All take a fold before any takes the next. The others are passed over; `quick` takes all in any case.
        """
        found = [self._untried(method) for method in methods if method.about.closed_form]
        for number in range(self.settings.folds):
            for result in sorted(found, key=lambda result: result.method is not quick):
                if not result.dropped and result.method is not quick and not self._may_solve(result, number):
                    result.dropped = f"the budget {'had no room for more' if number else 'is too small'}"
                    self.folder.progress.forget(f"try {result.method.label} fold ")
                if not result.dropped:
                    self._add_fold(result, number)
        return found

    def _may_solve(self, result: CandidateResult, number: int) -> bool:
        """Whether there is time for a fold: the first takes what fewer rows say, others as the last."""
        name, method = fold_name(result.method, number), result.method
        rows, session = int((self.folds != number).sum()), self.session_of(method)
        return self.budget.fits_solution(
            name,
            len(self.folds) / rows,
            lambda: 0.0 if number else solution_seconds(session, self.settings, method, rows),
        )

    def race(
        self, methods: Sequence[Method[Any]], solved: Sequence[CandidateResult]
    ) -> list[CandidateResult]:
        """All methods: those that are `solved`, then whole models, fold by fold, so that all have the same.

        A method that diverges or has clearly lost is dropped.

        Raises:
            BadInput: the budget has no room for any of them.
            Diverged: all that were tried have diverged.
        """
        whole = [self._untried(method) for method in methods if not method.about.closed_form]
        tried = [*solved, *whole]
        for number in range(self.plan.rivals):
            alive = [result for result in whole if not result.dropped]
            if not self._has_room(alive, number):
                break
            for result in alive:
                self._advance(result, tried)
        self._continue_best(whole, tried)
        if not any(result.folds for result in tried):
            raise _nothing(tried, self.settings)
        return tried

    def _untried(self, method: Method[Any]) -> CandidateResult:
        return CandidateResult(method, torch.zeros(0, len(self.session.data.classes)), np.zeros(0, np.int64))

    def _has_room(self, alive: Sequence[CandidateResult], number: int) -> bool:
        """Whether all have time for the next fold, and one of them for as many as a comparison needs."""
        if not alive:
            return False
        first = alive[0].method
        steps = [fold_name(result.method, number) for result in alive]
        steps += [fold_name(first, later) for later in range(number + 1, majority(self.settings.folds))]
        said = f"{FOLDED} {number} of {self.settings.folds} folds: {NO_ROOM}"
        return self.budget.fits(f"fold {number} of {len(alive)}", steps, [refit_name(first)], said)

    def _advance(self, result: CandidateResult, others: Sequence[CandidateResult]) -> None:
        """Add a fold, and drop the method if it has clearly lost against others on as many."""
        with self.budget.bounded([refit_name(result.method)]):
            self._add_fold(result, result.folds)
        rivals = [other for other in others if other is not result and not other.lost]
        if not result.dropped and (reason := self._reason_to_drop(result, rivals)):
            result.dropped, result.lost = reason, True
        if result.dropped:
            self.folder.progress.forget(f"try {result.method.label} fold ")

    def _continue_best(self, whole: Sequence[CandidateResult], tried: Sequence[CandidateResult]) -> None:
        """The best whole model takes the folds that are planned for one; the others leave."""
        alive = [result for result in whole if not result.dropped]
        leader = best(alive, self.session.data.labels, self.session.metric)
        if leader is not None and self.plan.folds > self.plan.rivals:
            for result in (one for one in alive if one is not leader):
                self.folder.progress.forget(f"try {result.method.label} fold ")
                result.lost, result.dropped = True, self._beaten(result, leader)
            ahead = (fold_name(leader.method, number) for number in range(leader.folds, self.plan.folds))
            rows = (self.folds != 0).sum()
            self.folder.progress.expect(dict.fromkeys(ahead, self.plan.seconds(leader.method, rows)))
            while leader.folds < self.plan.folds and self._has_room([leader], leader.folds):
                self._advance(leader, tried)
                if leader.dropped:
                    break
        for result in alive:
            if result.folds < self.settings.folds and not result.dropped:
                result.dropped = "no more folds were planned" if result.folds else "the budget is too small"

    def _beaten(self, result: CandidateResult, leader: CandidateResult) -> str:
        """Why another whole model goes on instead, with the figures of both on the same rows."""
        data, metric = self.session.data, get_metric(self.session.metric).plain()
        *both, rows = shared(result, leader)
        own, better = (abs(selection_score(one, data.labels[rows], self.session.metric)) for one in both)
        figures = f"better ({metric.value(better)}, not {metric.value(own)}, of the same rows)"
        was = "as good" if own == better else figures
        after = f"after {result.folds} of {self.settings.folds} folds {leader.method.title} was {was}"
        return f"{after}, and there was time for one"

    def _reason_to_drop(self, result: CandidateResult, others: list[CandidateResult]) -> str:
        """Why a method has lost already: it is clearly worse than the best so far; else ""."""
        data, by, metric = self.session.data, self.session.metric, get_metric(self.session.metric).plain()
        if self.settings.transfer_only and transfers(result.method):  # the others are not selected anyway
            others = [other for other in others if transfers(other.method)]
        leader = best(others, data.labels, by)
        if leader is None or (lag := lead(result, leader, data, by, self.settings.seed)).high >= 0:
            return ""
        return (
            f"after {result.folds} of {self.settings.folds} folds its {metric.title} was "
            f"{metric.size(-lag.value)} {'above' if metric.lower else 'below'} {leader.method.title}'s "
            f"(95 % interval {metric.change(-lag.high).lstrip('+')} to {metric.change(-lag.low).lstrip('+')})"
        )

    def _add_fold(self, result: CandidateResult, number: int) -> None:
        held = np.flatnonzero(self.folds == number)
        rest = np.flatnonzero(self.folds != number)
        step = fold_name(result.method, number)
        fold = self.folder.once(step, lambda: self._fold(result.method, step, rest, held))
        if "diverged" in fold:  # its predictions on other folds are of no use then
            result.logits, result.rows = result.logits[:0], result.rows[:0]
            result.folds, result.curves, result.diverged = 0, [], True
            result.dropped = (
                f"on fold {number + 1} of {self.settings.folds} its loss stopped being a number; a lower "
                f"learning rate than {self.settings.lr:g} may help"
            )
            return
        if "cut" in fold:
            result.dropped = f"its training on fold {number + 1} was stopped when the budget was used up"
            return
        result.logits = torch.cat([result.logits, fold["logits"]])
        result.rows = np.concatenate([result.rows, held])
        result.folds += 1
        result.trained = fold["trained"]
        result.notes += [note for note in fold["notes"] if note not in result.notes]
        result.curves += [fold["curve"]] if fold["curve"] else []

    def _fold(
        self, method: Method[Any], step: str, rest: NDArray[np.int64], held: NDArray[np.int64]
    ) -> dict[str, Any]:
        seed = derive_seed(self.settings.seed, step)
        recipe = recipe_for(method, self.settings, self.plan.epochs_of(method), len(rest), seed)
        checkpoint = self.folder.steps.checkpoint(step)
        fitted = self.session_of(method).fit(method, rest, recipe, name=step, checkpoint=checkpoint)
        figures = {"curve": fitted.curve, "trained": fitted.trained, "notes": fitted.notes}
        return {"logits": fitted.logits(held), **figures}


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
    if len(able) > 1 and not any(one is not leader and len(one.rows) == len(leader.rows) for one in able):
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


def _nothing(tried: Sequence[CandidateResult], settings: AdaptSettings) -> HeadstartError:
    reasons = "; ".join(f"{result.method.title}: {result.dropped}" for result in tried)
    if any(result.diverged for result in tried):
        return Diverged(f"No method could be tried to the end. {reasons}.")
    way = f"a larger {spell('budget')}, or a method that needs no training, such as ridge-probe"
    return BadInput(f"No method could be tried in {settings.seconds:g} seconds. {reasons}. Take {way}.")


def lead(result: CandidateResult, other: CandidateResult, data: Dataset, metric: str, seed: int) -> Interval:
    """How much better a result is by a metric, paired over the rows that both methods were tried on."""
    left, right, rows = shared(result, other)
    return difference(left, right, data.labels[rows], data.groups_of(rows), seed, metric)


def shared(result: CandidateResult, other: CandidateResult) -> tuple[Tensor, Tensor, NDArray[np.int64]]:
    """Both methods' predictions on the rows that both were tried on, and those rows."""
    rows, here, there = np.intersect1d(result.rows, other.rows, return_indices=True)
    return result.logits[torch.from_numpy(here)], other.logits[torch.from_numpy(there)], rows
