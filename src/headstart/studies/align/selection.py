"""The table of a study: what was chosen without labels, and beside it what only labels could choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from headstart.core import Method
from headstart.records.record import Interval
from headstart.studies.align import SOURCE_ONLY, EvalPoint, MethodResult
from headstart.studies.align.data_split import HiddenTestLabels
from headstart.studies.align.trial import best

Trials = Mapping[int, dict[str, Any]]  # by seed; those that diverged are not there


@dataclass(frozen=True)
class Selection:
    """The model that is shipped: chosen by a score that no label of the target has touched."""

    method: str
    seed: int
    look: int  # its place among those of the trial
    score: float


def select_model(found: Mapping[str, Trials], select: str) -> Selection:
    """The method whose selected models score best in the mean over the seeds, and its best seed.

    Of two that are equal the first in the table's order: training on the source alone wins a tie.
    """
    means = {
        name: float(np.mean([_score(trial, select) for trial in trials.values()]))
        for name, trials in found.items()
        if trials
    }
    name = max(means, key=lambda one: means[one])
    seed = max(found[name], key=lambda one: _score(found[name][one], select))
    trial = found[name][seed]
    place = best(trial["looks"], select)
    return Selection(name, seed, place, _score(trial, select))


def eval_points(method: str, trials: Trials, test_labels: HiddenTestLabels) -> list[EvalPoint]:
    """All looks at the trainings of a method; the target's figure is for the report."""
    found = []
    for seed, trial in trials.items():
        for look in trial["looks"]:
            figure = test_labels.score(look["test"])
            found.append(
                EvalPoint(
                    method=method,
                    seed=seed,
                    step=look["step"],
                    progress=look["step"] / trial["steps"],
                    scores=look["scores"],
                    source=look["scores"].get("source", 0.0),
                    target=None if figure is None else figure.value,
                )
            )
    return found


def method_result(
    method: Method[Any],
    name: str,
    trials: Trials,
    baseline: Trials,
    select: str,
    test_labels: HiddenTestLabels,
) -> MethodResult:
    """One line of the table; `trials` has one seed at least."""
    tests = {seed: [look["test"] for look in trial["looks"]] for seed, trial in trials.items()}
    places = {seed: best(trial["looks"], select) for seed, trial in trials.items()}
    picked = {seed: tests[seed][places[seed]] for seed in trials}
    selected = [test_labels.score(outputs) for outputs in picked.values()]
    known = [one.value for one in selected if one is not None]
    sources = [trial["looks"][places[seed]]["scores"].get("source", 0.0) for seed, trial in trials.items()]
    return MethodResult(
        method=name,
        title=method.title,
        seeds=len(trials),
        score=float(np.mean([_score(trial, select) for trial in trials.values()])),
        source=float(np.mean(sources)),
        steps=[trial["looks"][places[seed]]["step"] for seed, trial in trials.items()],
        last=mean([test_labels.score(outputs[-1]) for outputs in tests.values()]),
        selected=mean(selected),
        oracle=mean([_oracle(outputs, test_labels) for outputs in tests.values()]),
        spread=float(np.std(known)) if known else None,
        gain=None if name == SOURCE_ONLY else _gain(picked, baseline, test_labels),
        notes=sorted({note for trial in trials.values() for note in trial["notes"]}),
    )


def mean(intervals: Sequence[Interval | None]) -> Interval | None:
    """The means of figures and of the ends of their intervals: as wide as that of one seed."""
    known = [one for one in intervals if one is not None]
    if not known:
        return None
    return Interval(
        *(float(np.mean([getattr(one, end) for one in known])) for end in ("value", "low", "high"))
    )


def _score(trial: dict[str, Any], select: str) -> float:
    look = trial["looks"][best(trial["looks"], select)]
    return float(look["scores"].get(select, -np.inf))


def _oracle(outputs: Sequence[Tensor], test_labels: HiddenTestLabels) -> Any:
    found = [test_labels.score(one) for one in outputs]
    known = [one for one in found if one is not None]
    return max(known, key=lambda one: one.value) if known else None


def _gain(picked: Mapping[int, Tensor], baseline: Trials, test_labels: HiddenTestLabels) -> Any:
    """Over the end of training on the source alone, of the same seed."""
    both = [seed for seed in picked if seed in baseline]
    return mean([test_labels.gain(picked[seed], baseline[seed]["looks"][-1]["test"]) for seed in both])
