"""What fits into the budget: decided once from how fast training is here, and written down."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from headstart.core import Method
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.costs import ENOUGH, SAFE, Amounts, Costs, from_scratch, most_epochs

STEPS = 50  # of a training from scratch, below which it learns nothing that a curve could show
HOUR = 3600
# seconds up to which a larger budget is rounded up to so many seconds
ROUNDED = ((HOUR // 6, 60), (HOUR, 300), (4 * HOUR, 900))
NO_ROOM = "the budget has no room for more."
FOLDED = "Whole models were cross-validated on"
WITHOUT_SCRATCH = "No model was trained from scratch to compare with: "
NO_SCRATCH = WITHOUT_SCRATCH + NO_ROOM
STOPPED_SCRATCH = WITHOUT_SCRATCH + "the training was begun, and stopped as its time was over."
TAKEN_BACK = {  # by what the time turned out not to have room for: starts of planned decisions
    FOLDED: (FOLDED,),
    WITHOUT_SCRATCH: ("The size curve has no training from scratch", "From scratch was trained for"),
}


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
    scratch_sizes: list[int] | None = None  # those of `tuned_sizes` for training from scratch; None: all
    short: float = 0.0  # seconds that tuning would have needed beside those there are
    left_out: list[str] = field(default_factory=list)  # methods that are not tried at all
    larger: float = 0.0  # a budget in seconds that has room for what was left out, about; 0: nothing was

    def epochs_of(self, method: Method[Any]) -> int:
        """Of a training with the method."""
        return self.scratch or self.epochs if method.about.transfers == "nothing" else self.epochs

    def sizes_of(self, method: Method[Any]) -> list[int]:
        """Labels a class in the size curve of a whole model."""
        fewer = method.about.transfers == "nothing" and self.scratch_sizes is not None
        return self.scratch_sizes or [] if fewer else self.tuned_sizes

    def seconds(self, method: Method[Any], rows: float) -> float:
        """Of a training on so many rows; 0 if the plan does not know how fast it is."""
        faster = 1.0 if method.about.transfers == "nothing" else self.relative
        return self.epochs_of(method) * rows / (self.rate * faster)


PROBES = Plan(1, False, 0, 0, 0, [], [], [], math.inf)  # nothing but methods that are solved


def fold_name(method: Method[Any], number: int) -> str:
    """The name of the step that tries a method on a fold."""
    return f"try {method.label} fold {number}"


def refit_name(method: Method[Any]) -> str:
    """The name of the step that fits a method on all rows."""
    return f"fit {method.label} on the whole training part"


def majority(folds: int) -> int:
    """More than half of the folds: as many a method needs to be compared by its mean."""
    return folds // 2 + 1


def make_plan(
    settings: AdaptSettings,
    amounts: Amounts,
    rate: float,
    relative: float = 1.0,
    ways: int = 2,
    *,
    seconds: tuple[float, float] = (math.inf, math.inf),
) -> Plan:
    """The plan for a training part, a speed and a time.

    From scratch is trained for as long as tuning takes, which is fewer epochs where only some
    blocks are tuned. All whole models are tried on one fold at least and the best of them on more than half,
    as it could not be selected otherwise.

    Args:
        settings: folds, epochs and whether a size curve is wanted.
        amounts: of rows.
        rate: samples a second that a whole model is trained on; inf if time does not matter.
        relative: how many times faster tuning is than training a whole model.
        ways: of tuning a whole model that are tried.
        seconds: for trainings; and how many of them may go to more than enough epochs and folds.
    """
    sizes = [k for k in amounts.sizes if k <= amounts.smallest * (settings.folds - 1) // settings.folds]
    tuned_sizes = sizes[-2::-3][::-1] or sizes[-1:] if settings.curve else []
    # in samples that a whole model could be trained on meanwhile
    room, spare = (max(0.0, some) * rate if math.isfinite(rate) else rate for some in seconds)
    fold_rows = amounts.rows * (settings.folds - 1) // settings.folds
    steps = 0 if math.isinf(rate) else STEPS * settings.batch  # what was asked for is trained
    costs = Costs(amounts.rows, fold_rows, amounts.kinds, relative, ways, majority(settings.folds), steps)
    wishes: tuple[tuple[bool, bool, list[int], str], ...] = (
        (True, True, tuned_sizes, ""),
        (True, True, [], "The size curve has no whole models in it: the budget is too small."),
        (True, False, [], "No model was trained from scratch to compare with: the budget is too small."),
        (False, True, [], "No whole model was fine-tuned: the budget is too small."),
        (False, False, [], "Nothing but probes was trained: the budget is too small."),
    )
    for tuning, scratch, curved, sentence in wishes:
        cost = partial(costs.all, tuning=tuning, scratch=scratch, curved=curved)
        ladder = amounts.epochs(settings.batch)
        epochs = most_epochs(settings, cost, room, min(room, spare), ladder)
        if not epochs and (tuning or scratch):
            continue
        decisions = [sentence] if sentence and (tuned_sizes or not scratch or not tuning) else []
        rivals, folds = costs.folds(epochs, settings.folds, min(room, spare) - cost(epochs))
        if tuning and folds < settings.folds:
            others = ", all but the best on one" if rivals < folds and ways > 1 else ""
            decisions.append(
                f"{FOLDED} {folds} of {settings.folds} folds{others}: more would "
                f"take over half of the budget."
            )
        scratch_epochs = from_scratch(epochs, relative) if scratch else 0
        if 0 < scratch_epochs < epochs:
            decisions.append(
                f"From scratch was trained for {scratch_epochs} epochs, tuning for {epochs}: about the "
                f"same time, as all blocks have to learn."
            )
        shown = costs.in_curve(scratch_epochs, curved)
        if scratch and len(shown) < len(curved):
            few = ", ".join(str(k) for k in curved if k not in shown)
            decisions.append(
                f"The size curve has no training from scratch with {few} labels in it: fewer than {STEPS} "
                f"steps teach random weights nothing."
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
            scratch_sizes=shown,
            short=0.0 if tuning else max(0.0, costs.fewest(settings.epochs) - room) / rate,
        )
    raise AssertionError("the last wish is always granted")


def enough(plan: Plan) -> bool:
    """Whether whole models are tuned for long enough to show what that brings."""
    return math.isinf(plan.rate) or (plan.tuning and plan.scratch > 0 and plan.epochs >= ENOUGH)


def upper_parts(blocks: int) -> tuple[int, ...]:
    """How many of the last blocks may learn where there is no time for all: half, then a third."""
    return tuple(-(-blocks // share) for share in (2, 3) if blocks > 1)


def missing_folds(plan: Plan, ways: int, folds: int) -> int:
    """Folds of whole models that the plan leaves out, for so many ways of tuning and folds in all."""
    return ways * folds - (ways - 1) * plan.rivals - plan.folds if plan.tuning else 0


def with_way_out(plan: Plan, budget: float, missing: int = 0, fold_rows: int = 0, given: str = "") -> Plan:
    """The plan with the budget that would have room for what is left out.

    Args:
        plan: that tunes nothing, or not on all folds.
        budget: that it was made for, in seconds.
        missing: folds of whole models that are left out, if it tunes.
        fold_rows: that a model is trained on for a fold.
        given: what the figure depends on, to be said with it.
    """
    extra, what = plan.short, "tuning"
    if plan.tuning:
        extra = missing * plan.epochs * fold_rows / (plan.rate * plan.relative)
        what = "all whole models on all folds"
    if not extra:
        return plan
    least = rounded_up(budget + extra / SAFE)
    said = f"A budget of about {least} seconds has room for {what}{given}."
    return replace(plan, decisions=[*plan.decisions, said], larger=float(least))


def rounded_up(seconds: float) -> int:
    """To whole minutes; longer times more roughly, so that two runs on a machine say the same.

    >>> rounded_up(61), rounded_up(601), rounded_up(3601), rounded_up(15000)
    (120, 900, 4500, 18000)
    """
    step = next((step for most, step in ROUNDED if seconds <= most), HOUR)
    return step * math.ceil(seconds / step)


def kept_decisions(decisions: Sequence[str], notes: Sequence[str]) -> list[str]:
    """What was planned, without that which `notes` on the time take back: one figure for one thing."""
    gone = [start for said, starts in TAKEN_BACK.items() for start in starts if _any(notes, said)]
    return [decision for decision in decisions if not decision.startswith(tuple(gone))]


def _any(notes: Sequence[str], start: str) -> bool:
    return any(note.startswith(start) for note in notes)


def only_upper(plan: Plan, last: int, recorded: bool = True) -> Plan:
    """The plan, if it tunes, for the last blocks of the backbone alone."""
    if not plan.tuning:
        return plan
    how = ", from recorded outputs of those below" if recorded else ""
    decision = (
        f"Only the last {last} blocks of the backbone were fine-tuned{how}: the budget has no room for all "
        f"of them."
    )
    return replace(plan, last=last, decisions=[decision, *plan.decisions])


def limited(method: Method[Any], last: int | None) -> Method[Any]:
    """The method, which tunes the last blocks only if it would tune all."""
    return method if last is None else method.limit_blocks(last)
