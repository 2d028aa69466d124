"""What fits into the budget: decided once from how fast training is here, and written down."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from headstart.core import Method
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.run.state import Run, Tick
from headstart.run.step_cache import release_memory
from headstart.session.recipes import recipe_for
from headstart.session.requirements import needs_source
from headstart.session.session import Session
from headstart.studies._runner import Job
from headstart.studies.adapt import AdaptSettings
from headstart.studies.curve.run import default_sizes, n_strata, strata_for_subsets

EPOCHS = (20, 12, 8, 6, 4, 3, 2)  # of a training, the most that fits is taken
ENOUGH = 6  # epochs; below it, tuning fewer blocks for longer is the better use of the time
FOLDS = 3  # that the best whole model should take part in before more epochs or blocks are of use
LEAST = 3  # epochs from scratch
SHARE = 0.8  # of the budget that is planned for; the rest is for what takes longer than thought
SIZES = (2, 5, 10, 20, 50)  # labels a class in the size curve
CHEAP = 20.0  # seconds set aside for probes, layers and the report
TIMED = 4  # steps that the speed is measured over; the first warms up


@dataclass(frozen=True)
class Plan:
    """What is tried."""

    epochs: int  # of each training
    tuning: bool  # whether whole models are trained as candidates
    scratch: int  # epochs of the same architecture from random weights, to compare with; 0: not trained
    folds: int  # of the cross-validation that the best whole model may take part in; probes take all
    rivals: int  # folds after which the other whole models leave
    sizes: list[int]  # labels a class in the size curve of probes
    tuned_sizes: list[int]  # labels a class in the size curve of whole models
    decisions: list[str]  # what was left out and why, in plain sentences
    rate: float  # samples a second in training a whole model that the plan counted on
    last: int | None = None  # how many of the backbone's last blocks are tuned; None: all
    relative: float = 1.0  # how many times faster tuning is than training a whole model

    def epochs_of(self, method: Method[Any]) -> int:
        """Of a training with the method."""
        return self.scratch or self.epochs if method.about.transfers == "nothing" else self.epochs


def plan_study(job: Job[AdaptSettings], session: Session, methods: Sequence[Method[Any]]) -> Plan:
    """What fits the budget; the speed is measured once, so that a resumed run keeps to the plan."""
    settings, data = job.settings, session.data
    smallest = int(np.bincount(strata_for_subsets(data), minlength=n_strata(data)).min())
    amounts = Amounts(len(data), smallest, n_strata(data), default_sizes(SIZES, data))

    def compute() -> dict[str, Any]:
        ways = sum(1 + needs_source(m, data.label_kind) for m in methods if not m.about.closed_form)
        rate = training_rate(session, settings, FineTune())
        plan = make_plan(settings, amounts, rate, ways=ways)
        for last in () if settings.methods else upper_parts(len(job.inputs["backbone"].blocks)):
            if enough(plan, settings):
                break
            relative = training_rate(session, settings, FineTune(last=last)) / rate
            plan = only_upper(make_plan(settings, amounts, rate, relative, ways), last)
        return asdict(plan)

    return Plan(**job.folder.once("plan", compute))


def training_rate(session: Session, settings: AdaptSettings, method: FineTune) -> float:
    """Samples a second in fine-tuning; inf if the settings say how long to train."""
    if settings.epochs is not None:
        return float("inf")
    data = session.data.subset(np.arange(min(len(session.data), settings.batch)))
    rows = np.arange(len(data))
    recipe = replace(recipe_for(method, settings, 1, len(rows), settings.seed), steps=TIMED)
    times: list[float] = []

    def note(ticks: Iterable[Tick], _run: Run[Any]) -> Iterator[Tick]:
        for tick in ticks:
            times.append(time.perf_counter())
            yield tick

    replace(session, data=data, logbook=None, watch=note).fit(method, rows, recipe)
    release_memory()
    return len(rows) / float(np.diff(times).min())


@dataclass(frozen=True)
class Amounts:
    """How much there is to learn from."""

    rows: int  # in the training part
    smallest: int  # rows of its smallest class; all of them where there are no classes
    kinds: int  # number of classes; 1 where there are none
    sizes: tuple[int, ...] = SIZES  # labels a class in a size curve; labels where there are no classes


def make_plan(
    settings: AdaptSettings, amounts: Amounts, rate: float, relative: float = 1.0, ways: int = 2
) -> Plan:
    """The plan for a training part and a speed.

    From scratch is trained for as long as tuning takes, which is fewer epochs where only some
    blocks are tuned. Where time is short, all whole models are tried on one fold and the best of
    them goes on.

    Args:
        settings: budget, folds, epochs and whether a size curve is wanted.
        amounts: of rows.
        rate: samples a second that a whole model is trained on; inf if time does not matter.
        relative: how many times faster tuning is than training a whole model.
        ways: of tuning a whole model that are tried.
    """
    sizes = [k for k in amounts.sizes if k <= amounts.smallest * (settings.folds - 1) // settings.folds]
    tuned_sizes = sizes[-2::-3][::-1] or sizes[-1:] if settings.curve else []
    room = max(0.0, SHARE * settings.budget - CHEAP) * rate if math.isfinite(rate) else rate  # samples
    fold_rows = amounts.rows * (settings.folds - 1) // settings.folds
    costs = _Costs(amounts.rows, fold_rows, amounts.kinds, relative, ways)
    wishes: tuple[tuple[bool, bool, list[int], str], ...] = (
        (True, True, tuned_sizes, ""),
        (True, True, [], "The size curve has no whole models in it: the budget is too small."),
        (True, False, [], "No model was trained from scratch to compare with: the budget is too small."),
        (False, True, [], "No whole model was fine-tuned: the budget is too small."),
        (False, False, [], "Nothing but probes was trained: the budget is too small."),
    )
    for tuning, scratch, curved, sentence in wishes:
        again = (min(FOLDS, settings.folds) - 1) * tuning
        cost = partial(costs.all, tuning=tuning, scratch=scratch, curved=curved)
        epochs = _epochs(settings, cost, again * costs.fold(1), room)
        if not epochs and (tuning or scratch):
            continue
        decisions = [sentence] if sentence and (tuned_sizes or not scratch or not tuning) else []
        left = (room - cost(epochs)) / max(1, costs.fold(epochs))
        rivals = settings.folds if left >= ways * (settings.folds - 1) else 1
        folds = settings.folds if rivals > 1 else 1 + int(min(settings.folds - 1, left))
        if tuning and folds < settings.folds:
            decisions.append(
                f"Whole models were cross-validated on {folds} of {settings.folds} folds at most: "
                f"the budget has no room for more."
            )
        scratch_epochs = from_scratch(epochs, relative) if scratch else 0
        if 0 < scratch_epochs < epochs:
            decisions.append(
                f"From scratch was trained for {scratch_epochs} epochs, tuning for {epochs}: about the "
                f"same time, as all blocks have to learn."
            )
        return Plan(
            epochs=epochs,
            tuning=tuning,
            scratch=scratch_epochs,
            folds=folds * tuning,
            rivals=rivals * tuning,
            sizes=sizes * settings.curve,
            tuned_sizes=curved,
            decisions=decisions,
            rate=rate,
            relative=relative,
        )
    raise AssertionError("the last wish is always granted")


def from_scratch(epochs: int, relative: float) -> int:
    """Epochs of training everything in the time that `epochs` of tuning take, at least `LEAST`."""
    return min(epochs, max(LEAST, round(epochs / relative)))


@dataclass(frozen=True)
class _Costs:
    """In samples that a whole model could be trained on meanwhile."""

    rows: int
    fold_rows: int
    kinds: int
    relative: float
    ways: int

    def fold(self, epochs: int) -> float:
        """Of one whole model on one fold."""
        return epochs * self.fold_rows / self.relative

    def all(self, epochs: int, tuning: bool, scratch: bool, curved: list[int]) -> float:
        """Of every way of tuning on one fold and one on all rows, from scratch, and the size curve."""
        alone = from_scratch(epochs, self.relative) if scratch else 0
        tuned = tuning * (self.ways * self.fold(epochs) + epochs * self.rows / self.relative)
        curve = (epochs / self.relative + alone) * sum(curved) * self.kinds
        return tuned + alone * self.rows + curve


def enough(plan: Plan, settings: AdaptSettings) -> bool:
    """Whether whole models are tuned for long enough, and often enough, to show what that brings."""
    if not math.isfinite(plan.rate):
        return True
    often = plan.folds >= min(FOLDS, settings.folds)
    return plan.tuning and plan.scratch > 0 and plan.epochs >= ENOUGH and often


def upper_parts(blocks: int) -> tuple[int, ...]:
    """How many of the last blocks may learn where there is no time for all: half, then a third."""
    return tuple(-(-blocks // share) for share in (2, 3) if blocks > 1)


def only_upper(plan: Plan, last: int) -> Plan:
    """The plan, if it tunes, for the last blocks of the backbone alone."""
    if not plan.tuning:
        return plan
    decision = (
        f"Only the last {last} blocks of the backbone were fine-tuned, from recorded outputs of those "
        f"below: the budget has no room for all of them."
    )
    return replace(plan, last=last, decisions=[decision, *plan.decisions])


def limited(method: Method[Any], last: int | None) -> Method[Any]:
    """The method, which tunes the last blocks only if it would tune all."""
    return method if last is None else method.limit_blocks(last)


def _epochs(settings: AdaptSettings, cost: Callable[[int], float], more: float, room: float) -> int:
    """The most epochs that fit, at least 2; 0 if none does.

    Enough epochs come first, then more folds (`more` an epoch), then more epochs.
    """
    if settings.epochs is not None:
        return settings.epochs if cost(settings.epochs) <= room else 0
    often = (e for e in EPOCHS if e >= ENOUGH and cost(e) + more * e <= room)
    return next(often, 0) or next((e for e in EPOCHS if e <= ENOUGH and cost(e) <= room), 0)
