"""Cross-validate candidates on the training part; expensive ones are dropped as soon as they clearly lag."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import BadInput, Diverged, HeadstartError, Method, derive_seed
from headstart.face import spell
from headstart.report.metric import get_metric
from headstart.run.recipe import Recipe
from headstart.session.fitted import Fitted
from headstart.session.recipes import recipe_for
from headstart.session.scoring import selection_score
from headstart.session.session import Session
from headstart.studies._store import StudyFolder
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.added_bytes import added_bytes
from headstart.studies.adapt.budget import Budget, solution_seconds
from headstart.studies.adapt.choice import CandidateResult, best, lead, shared, transfers
from headstart.studies.adapt.generated_rows import GeneratedRows
from headstart.studies.adapt.plan import (
    FOLDED,
    NO_ROOM,
    PROBES,
    Plan,
    fold_name,
    limited,
    majority,
    refit_name,
)
from headstart.studies.adapt.usual_methods import usual_adapters


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
    generated: GeneratedRows | None = None  # that final fits learn from beside the data; None: none

    def session_of(self, method: Method[Any]) -> Session:
        """Where a method is fitted: probes read features where that serves them best, or words."""
        session = self.probed if self.probed and method.about.transfers == "mapping" else self.session
        return session.suited_to(method)

    def fit(self, method: Method[Any], rows: NDArray[np.int64], recipe: Recipe, **how: Any) -> Fitted:
        """Fit a method on rows (n,) of the data, and on the generated ones beside them."""
        session = self.session_of(method)
        if self.generated is None:
            return session.fit(method, rows, recipe, **how)
        return self.generated.fit(session, method, rows, recipe, **how)

    def solve(
        self, methods: Sequence[Method[Any]], quick: Method[Any] | None = None
    ) -> list[CandidateResult]:
        """The methods that are solved in one pass, on all folds that half of the budget has room for.

        All take a fold before any takes the next, and none begins if not even more than half of the folds, as
        many as its comparison needs, would end in time. The others are passed over; `quick` takes all in any
        case.
        """
        found = [self._untried(method) for method in methods if method.about.closed_form]
        for number in range(self.settings.folds):
            for result in sorted(found, key=lambda result: result.method is not quick):
                if (
                    not result.dropped
                    and result.method is not quick
                    and not self._may_solve(result, number, found)
                ):
                    result.dropped = f"the budget {'had no room for more' if number else 'is too small'}"
                    self.folder.progress.forget(f"try {result.method.label} fold ")
                if not result.dropped:
                    self._add_fold(result, number)
        return found

    def _may_solve(self, result: CandidateResult, number: int, others: Sequence[CandidateResult]) -> bool:
        """Whether there is time for a fold: the first takes what fewer rows say, others as the last.

        The first brings others with it, beside those of the methods that have begun. If fewer rows say
        nothing, it takes as long as theirs did.
        """
        name, method, enough = fold_name(result.method, number), result.method, majority(self.settings.folds)
        rows, session = int((self.folds != number).sum()), self.session_of(method)
        begun = [other for other in others if other.folds and not other.dropped]
        ahead = [fold_name(other.method, later) for other in begun for later in range(other.folds, enough)]
        took = [self.folder.progress.by_siblings([fold_name(other.method, 0)]) for other in begun]

        def first() -> float:
            return solution_seconds(session, self.settings, method, rows) or median(took or [0.0])

        if number:
            return self.budget.fits_solution(name, len(self.folds) / rows, lambda: 0.0)
        return self.budget.fits_solution(name, len(self.folds) / rows, first, enough, ahead)

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

    def race_adapters(self, tried: Sequence[CandidateResult]) -> list[CandidateResult]:
        """An adapter where a whole model is in the race, on as many folds, if time is left for all of them.

        That is beside all that is planned, with some to spare: nothing is left out for it.
        """
        whole = [one for one in tried if not (one.method.about.closed_form or one.dropped)]
        leader, settings = best(whole, self.session.data.labels, self.session.metric), self.settings
        if leader is None or settings.quality != "good" or settings.methods or settings.limit is None:
            return []
        found = next(usual_adapters(self.session.backbone, self.session.data), None)
        if found is None:
            return []
        result = self._untried(limited(found, self.plan.last))
        while result.folds < leader.folds and not result.dropped:
            number, progress = result.folds, self.folder.progress
            seconds = progress.by_siblings([fold_name(leader.method, number)])  # adapters take no longer
            ahead = [fold_name(result.method, later) for later in range(number, leader.folds)]
            if not self.budget.fits_beside(ahead[0], (len(ahead) + 1) * seconds):  # a fit on all rows, too
                result.dropped = f"time was left for {number} of {settings.folds} folds"
                progress.forget(f"try {result.method.label} fold ")
                break
            progress.expect(dict.fromkeys([*ahead, refit_name(result.method)], seconds))
            self._advance(result, tried)
        return [result] if result.folds or result.diverged else []

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
            why = (
                fold["diverged"].rstrip(".")
                if result.method.about.closed_form
                else "its loss stopped being a number; a lower learning rate than "
                f"{self.settings.lr:g} may help"
            )
            result.dropped = f"on fold {number + 1} of {self.settings.folds} {why}"
            return
        if "cut" in fold:
            result.dropped = f"its training on fold {number + 1} was stopped when the budget was used up"
            return
        result.logits = torch.cat([result.logits, fold["logits"]])
        result.rows = np.concatenate([result.rows, held])
        result.folds += 1
        result.trained, result.added = fold["trained"], fold.get("added", 0)  # an older run has not counted
        result.notes += [note for note in fold["notes"] if note not in result.notes]
        result.curves += [fold["curve"]] if fold["curve"] else []

    def _fold(
        self, method: Method[Any], step: str, rest: NDArray[np.int64], held: NDArray[np.int64]
    ) -> dict[str, Any]:
        seed = derive_seed(self.settings.seed, step)
        recipe = recipe_for(method, self.settings, self.plan.epochs_of(method), len(rest), seed)
        checkpoint = self.folder.steps.checkpoint(step)
        session = self.session_of(method)
        fitted = session.fit(method, rest, recipe, name=step, checkpoint=checkpoint)
        figures = {"curve": fitted.curve, "trained": fitted.trained, "notes": fitted.notes}
        figures["added"] = added_bytes(fitted, session.backbone)
        return {"logits": fitted.logits(held), **figures}


def _nothing(tried: Sequence[CandidateResult], settings: AdaptSettings) -> HeadstartError:
    reasons = "; ".join(f"{result.method.title}: {result.dropped}" for result in tried)
    if any(result.diverged for result in tried):
        return Diverged(f"No method could be tried to the end. {reasons}.")
    way = f"a larger {spell('budget')}, or a method that needs no training, such as ridge-probe"
    return BadInput(f"No method could be tried in {settings.seconds:g} seconds. {reasons}. Take {way}.")
