"""Trials: trainings of a study that are computed once, kept, and left out where time is short."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.face import spell
from headstart.records.settings import StudySettings
from headstart.report.text import seconds
from headstart.studies._store import StudyFolder
from headstart.studies._unsolved import as_diverged

MOST = 6  # rounds that a note names


@dataclass(frozen=True)
class Trial:
    """One training whose value is kept when it is finished."""

    key: Any  # of its value in what `carry_out` returns
    name: str  # of its step, unique in the study
    label: str  # how a note calls it
    # returns the value (plain values, lists, dicts and tensors) given the path where the training may keep a
    # checkpoint
    compute: Callable[[Path], Any]
    seconds: float = 1.0  # a guess, for the progress bar and the budget
    round: str = ""  # trials that are compared with each other: where time is short, all of a round or none
    after: Any = None  # key of a trial without which it is left out, too
    # measures the seconds that it takes before it is begun under a budget, given those that are left, and
    # may stop where they are too few; None: what its siblings took, or the guess, has to do
    measure: Callable[[float], float] | None = None


def carry_out(
    trials: Iterable[Trial],
    folder: StudyFolder,
    notes: list[str],
    budget: float | None = None,
    failed: dict[Any, str] | None = None,
    keep: float = 0.0,
) -> dict[Any, Any]:
    """The values of the trials by key, each computed once and kept; those that diverge are noted.

    Args:
        trials: in their order; those of a round need not follow each other.
        folder: where they are kept.
        notes: of the study, which are added to.
        budget: seconds since the start of the study, with those of former runs of it. A round is left out,
            with a note, if by the time that its trials' siblings took, or that was measured, it would end
            later; never the first one, nor what is kept already.
        failed: gets why a trial has no value, by key, in the place of notes. Then trials are of methods by
            themselves, and any error of one is such a reason, not the end of the study.
        keep: seconds of the budget that are kept for what comes after the trials.
    """
    rounds: dict[str, list[Trial]] = {}
    for trial in trials:
        rounds.setdefault(trial.round, []).append(trial)
    folder.progress.expect({_step(trial): trial.seconds for each in rounds.values() for trial in each})
    values: dict[Any, Any] = {}
    left_out: dict[Any, str] = {}  # round of each trial by key
    for number, (name, planned) in enumerate(rounds.items()):
        possible = [trial for trial in planned if trial.after not in left_out]
        late = budget is not None and number and not _fits(possible, folder, budget - keep)
        for trial in planned:
            if late or trial not in possible:
                left_out[trial.key] = name
                folder.progress.forget(_step(trial))
        for trial in [] if late else possible:
            kept = folder.trial(trial.name, trial.compute if failed is None else _alone(trial.compute))
            if "value" in kept:
                values[trial.key] = kept["value"]
            else:
                _note(trial, kept["diverged"], notes, failed)
    if left_out:
        names = [name for name in rounds if name in left_out.values()]
        shown = ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if names[MOST:] else "")
        them = "it" if len(names) == 1 else "them"
        notes.append(
            f"Left out, as a budget of {budget:g} seconds has no time for {them}: {shown}. "
            f"{spell('resume', True)} with a larger {spell('budget')} adds {them}."
        )
    return values


def tell_time(settings: StudySettings, folder: StudyFolder) -> None:
    """Tell at the end how long a study took of the budget that it had."""
    budget = getattr(settings, "budget", None)
    if budget is not None and settings.limit is None:
        took = folder.progress.elapsed() + folder.steps.carried
        folder.progress.tell([("Time", f"{seconds(took)} of a budget of {seconds(budget)}")])


def _note(trial: Trial, why: str, notes: list[str], failed: dict[Any, str] | None) -> None:
    if failed is None:
        notes.append(f"{trial.label}, is left out: {why}")
    else:
        failed[trial.key] = why


def _alone(compute: Callable[[Path], Any]) -> Callable[[Path], Any]:
    """A trial whose errors are its own."""

    def guarded(checkpoint: Path) -> Any:
        with as_diverged():
            return compute(checkpoint)

    return guarded


def _fits(planned: list[Trial], folder: StudyFolder, budget: float) -> bool:
    """Whether what of a round is not done ends in time; what was measured counts as a sibling's time."""
    progress, ahead = folder.progress, [trial for trial in planned if not folder.steps.done(_step(trial))]
    steps = [_step(trial) for trial in ahead]

    def left() -> float:
        return budget - progress.elapsed() - folder.steps.carried

    for trial, step in zip(ahead, steps, strict=True):
        if trial.measure is not None and left() > 0 and not progress.by_siblings([step]):
            progress.learn(step, trial.measure(left()))
    return not ahead or progress.estimate(steps) <= left()


def _step(trial: Trial) -> str:
    return f"try {trial.name}"
