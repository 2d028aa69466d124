"""The table of a study: what was chosen without labels, and beside it what only labels could choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from headstart.core import Method
from headstart.studies.align.record import SOURCE_ONLY, Look, Row
from headstart.studies.align.sealed import Sealed, mean
from headstart.studies.align.trying import best

Trials = Mapping[int, dict[str, Any]]  # by seed; those that diverged are not there


@dataclass(frozen=True)
class Chosen:
    """The model that is shipped: chosen by a score that no label of the target has touched."""

    method: str
    seed: int
    look: int  # its place among those of the trial
    score: float


def chosen(found: Mapping[str, Trials], select: str) -> Chosen:
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
    return Chosen(name, seed, place, _score(trial, select))


def looks_of(method: str, trials: Trials, sealed: Sealed) -> list[Look]:
    """All looks at the trainings of a method; the target's figure is for the report."""
    found = []
    for seed, trial in trials.items():
        for look in trial["looks"]:
            figure = sealed.score(look["test"])
            found.append(
                Look(
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


def row_of(
    method: Method[Any], name: str, trials: Trials, baseline: Trials, select: str, sealed: Sealed
) -> Row:
    """One line of the table; `trials` has one seed at least."""
    tests = {seed: [look["test"] for look in trial["looks"]] for seed, trial in trials.items()}
    places = {seed: best(trial["looks"], select) for seed, trial in trials.items()}
    picked = {seed: tests[seed][places[seed]] for seed in trials}
    selected = [sealed.score(outputs) for outputs in picked.values()]
    known = [one.value for one in selected if one is not None]
    sources = [trial["looks"][places[seed]]["scores"].get("source", 0.0) for seed, trial in trials.items()]
    return Row(
        method=name,
        title=method.title,
        seeds=len(trials),
        score=float(np.mean([_score(trial, select) for trial in trials.values()])),
        source=float(np.mean(sources)),
        steps=[trial["looks"][places[seed]]["step"] for seed, trial in trials.items()],
        last=mean([sealed.score(outputs[-1]) for outputs in tests.values()]),
        selected=mean(selected),
        oracle=mean([_oracle(outputs, sealed) for outputs in tests.values()]),
        spread=float(np.std(known)) if known else None,
        gain=None if name == SOURCE_ONLY else _gain(picked, baseline, sealed),
        notes=sorted({note for trial in trials.values() for note in trial["notes"]}),
    )


def _score(trial: dict[str, Any], select: str) -> float:
    look = trial["looks"][best(trial["looks"], select)]
    return float(look["scores"].get(select, -np.inf))


def _oracle(outputs: Sequence[Tensor], sealed: Sealed) -> Any:
    found = [sealed.score(one) for one in outputs]
    known = [one for one in found if one is not None]
    return max(known, key=lambda one: one.value) if known else None


def _gain(picked: Mapping[int, Tensor], baseline: Trials, sealed: Sealed) -> Any:
    """Over the end of training on the source alone, of the same seed."""
    both = [seed for seed in picked if seed in baseline]
    return mean([sealed.gain(picked[seed], baseline[seed]["looks"][-1]["test"]) for seed in both])
