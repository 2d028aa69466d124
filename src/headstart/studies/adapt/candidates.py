"""Cross-validate candidates on the training part; expensive ones are dropped as soon as they clearly lag."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadInput, Diverged, HeadstartError, Method, derive_seed
from headstart.report.metric import get_metric
from headstart.session.recipes import recipe_for
from headstart.session.scoring import difference, selection_metric, selection_score
from headstart.session.session import Session
from headstart.studies._store import StudyFolder
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.plan import Plan


@dataclass
class CandidateResult:
    """A method and its out-of-fold predictions.

    Attributes:
        method: with its settings.
        logits: (rows, classes) for the rows it was tried on, in the order of `rows`.
        rows: (n,) numbers in the training part.
        folds: that it was tried on.
        dropped: why not on all of them; "" if on all.
        curves: losses of each fold's training; empty for what is solved.
        trained: parameters that it changed or made.
        notes: what the runs had to say.
        diverged: on one of the folds, which drops it.
    """

    method: Method[Any]
    logits: Tensor
    rows: NDArray[np.int64]
    folds: int = 0
    dropped: str = ""
    curves: list[list[float]] = field(default_factory=list)
    trained: int = 0
    notes: list[str] = field(default_factory=list)
    diverged: bool = False

    @property
    def name(self) -> str:
        """Of the method."""
        return self.method.label


@dataclass(frozen=True)
class CrossValidation:
    """Cross-validation of methods on one session's data; every fold of every method is a step."""

    session: Session
    folds: NDArray[np.int64]  # (rows,) which fold holds a row out
    settings: AdaptSettings
    plan: Plan
    folder: StudyFolder

    def run(self, methods: Sequence[Method[Any]]) -> list[CandidateResult]:
        """All methods in the given order; those solved in one pass first, as they lead the race.

        A method that diverges is dropped.

        Raises:
            BadInput: the budget has no room for any of them.
            Diverged: all that were tried have diverged.
        """
        tried = [self._race(self._new(m), self.settings.folds, []) for m in methods if m.about.closed_form]
        whole: list[CandidateResult] = []
        for method in (m for m in methods if not m.about.closed_form):
            whole.append(self._race(self._new(method), self.plan.rivals, tried + whole))
        self._continue_best(whole, tried)
        tried += whole
        if not any(one.folds for one in tried):
            raise _nothing(tried, self.settings)
        return tried

    def _new(self, method: Method[Any]) -> CandidateResult:
        return CandidateResult(method, torch.zeros(0, len(self.session.data.classes)), np.zeros(0, np.int64))

    def _race(self, mine: CandidateResult, upto: int, others: list[CandidateResult]) -> CandidateResult:
        """Add folds until there are `upto`, or the method has clearly lost against others."""
        if not upto:
            mine.dropped = "the budget is too small"
        while mine.folds < upto and not mine.dropped:
            self._add_fold(mine, mine.folds)
            if others and not mine.dropped:
                mine.dropped = self._reason_to_drop(mine, others)
        return mine

    def _continue_best(self, whole: list[CandidateResult], others: list[CandidateResult]) -> None:
        """The best whole model takes the folds that the budget has room for; the others leave."""
        alive = [one for one in whole if not one.dropped]
        leader = best(alive, self.session.data.labels)
        if leader is not None and self.plan.folds > self.plan.rivals:
            for one in alive:
                if one is not leader:
                    one.dropped = (
                        f"after {one.folds} of {self.settings.folds} folds {leader.method.title} was better, "
                        f"and the budget had no room for both"
                    )
            self._race(leader, self.plan.folds, others)
        for one in alive:
            if one.folds < self.settings.folds and not one.dropped:
                one.dropped = "the budget had no room for more"

    def _reason_to_drop(self, mine: CandidateResult, others: list[CandidateResult]) -> str:
        """Why a method has lost already: it is clearly worse than the best so far; else ""."""
        leader = best(others, self.session.data.labels)
        if leader is None:
            return ""
        lag = self._difference(mine, leader)
        if lag.high >= 0:
            return ""
        metric = get_metric(selection_metric(self.session.data.labels)).plain()
        return (
            f"after {mine.folds} of {self.settings.folds} folds its {metric.title} was "
            f"{metric.size(-lag.value)} below {leader.method.title}'s "
            f"(95 % interval {metric.change(-lag.high).lstrip('+')} to {metric.change(-lag.low).lstrip('+')})"
        )

    def _add_fold(self, mine: CandidateResult, number: int) -> None:
        held = np.flatnonzero(self.folds == number)
        rest = np.flatnonzero(self.folds != number)
        step = f"try {mine.name} fold {number}"
        found = self.folder.once(step, lambda: self._fold(mine.method, step, rest, held))
        if "diverged" in found:  # its predictions on other folds are of no use then
            mine.logits, mine.rows = mine.logits[:0], mine.rows[:0]
            mine.folds, mine.curves, mine.diverged = 0, [], True
            mine.dropped = (
                f"on fold {number + 1} of {self.settings.folds} its loss stopped being a number; a lower "
                f"learning rate than {self.settings.lr:g} may help"
            )
            return
        mine.logits = torch.cat([mine.logits, found["logits"]])
        mine.rows = np.concatenate([mine.rows, held])
        mine.folds += 1
        mine.trained = found["trained"]
        mine.notes += [note for note in found["notes"] if note not in mine.notes]
        mine.curves += [found["curve"]] if found["curve"] else []

    def _fold(
        self, method: Method[Any], step: str, rest: NDArray[np.int64], held: NDArray[np.int64]
    ) -> dict[str, Any]:
        seed = derive_seed(self.settings.seed, step)
        recipe = recipe_for(method, self.settings, self.plan.epochs_of(method), len(rest), seed)
        checkpoint = self.folder.steps.checkpoint(step)
        fitted = self.session.fit(method, rest, recipe, name=step, checkpoint=checkpoint)
        return {
            "logits": fitted.logits(held),
            "curve": fitted.curve,
            "trained": fitted.trained,
            "notes": fitted.notes,
        }

    def _difference(self, mine: CandidateResult, leader: CandidateResult) -> Any:
        ours, theirs, rows = shared(mine, leader)
        labels = self.session.data.labels[rows]
        return difference(ours, theirs, labels, self.settings.seed, selection_metric(labels))


def best(tried: Sequence[CandidateResult], labels: NDArray[np.int64]) -> CandidateResult | None:
    """The one with the highest figure of selection among those tried on the most rows."""
    most = max((len(one.rows) for one in tried), default=0)
    full = [one for one in tried if len(one.rows) == most and most]
    return max(full, key=lambda one: selection_score(one.logits, labels[one.rows]), default=None)


def choose(
    tried: Sequence[CandidateResult], labels: NDArray[np.int64], seed: int
) -> tuple[CandidateResult, str]:
    """The winner, and why, in a sentence.

    A method that was tried on some folds only wins if it is clearly better there: if the 95 %
    interval of the paired difference to the best of the others lies above zero. Of several such
    methods, the one with the largest difference wins.
    """
    leader = best(tried, labels)
    assert leader is not None, "at least one method is tried on at least one fold"
    winner = leader
    metric = selection_metric(labels)
    why = f"it has the highest {get_metric(metric).title} in the cross-validation on the training part"
    most = 0.0
    for one in tried:
        if 0 < len(one.rows) < len(leader.rows):
            ours, theirs, rows = shared(one, leader)
            gain = difference(ours, theirs, labels[rows], seed, metric)
            if gain.low > 0 and gain.value > most:
                winner, most = one, gain.value
                folds = "fold" if one.folds == 1 else f"{one.folds} folds"
                why = f"on the {folds} it was tried on, it was clearly better than {leader.method.title}"
    return winner, f"{winner.method.title} was selected because {why}."


def _nothing(tried: Sequence[CandidateResult], settings: AdaptSettings) -> HeadstartError:
    reasons = "; ".join(f"{one.method.title}: {one.dropped}" for one in tried)
    if any(one.diverged for one in tried):
        return Diverged(f"No method could be tried to the end. {reasons}.")
    return BadInput(
        f"No method could be tried in {settings.budget:g} seconds. {reasons}. Give a larger --budget, or "
        f"a method that needs no training, such as --method ridge-probe."
    )


def shared(one: CandidateResult, other: CandidateResult) -> tuple[Tensor, Tensor, NDArray[np.int64]]:
    """Both methods' predictions on the rows that both were tried on, and those rows."""
    rows, here, there = np.intersect1d(one.rows, other.rows, return_indices=True)
    return one.logits[torch.from_numpy(here)], other.logits[torch.from_numpy(there)], rows
