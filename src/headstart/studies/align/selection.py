"""Which model is shipped: by a score, or by it and the vote of the other methods, without target labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.metrics.votes import count_votes, vote_agreement
from headstart.studies.align import BY_VOTE, SOURCE_ONLY, SOURCE_ONLY_PROBE, TITLES, EvalPoint

Trials = Mapping[int, dict[str, Any]]  # values of `TrialRunner.run` by seed, without those that diverged
VOTERS = 3  # beside a method and source-only, below which there is no vote
QUIET = ("snd", "dev")  # scores that say nothing of a model: one prefers collapse, one repeats another


@dataclass(frozen=True)
class Selected:
    """The model to ship, and why source-only's was kept, if it was for want of something."""

    method: str
    seed: int
    step: int
    why: str = ""  # "no shift" or "few voters"

    def of(self, points: Sequence[EvalPoint]) -> EvalPoint:
        """Its evaluation among those of all methods."""
        key = (self.method, self.seed, self.step)
        return next(point for point in points if (point.method, point.seed, point.step) == key)

    def outputs(self, results: Mapping[str, Trials]) -> Any:
        """Its outputs for the test rows."""
        looks = results[self.method][self.seed]["evaluations"]
        return next(look["test"] for look in looks if look["step"] == self.step)


@dataclass(frozen=True)
class Agreement:
    """Mean shares in [0, 1] over the seeds of target rows on which a method says what the others vote for."""

    method: float
    source_only: float  # with the same vote


def score_of(select: str) -> str:
    """The score that a rule of `TITLES` takes the highest of."""
    return "im" if select in BY_VOTE else select


def best(name: str, evaluations: Sequence[dict[str, Any]], select: str) -> int:
    """The place of the evaluation with the highest score of a method; the earlier of two that are equal.

    Training on the source alone is taken at its best on held-out source rows, the later of equals.
    """
    if name == SOURCE_ONLY and all("source" in evaluation["scores"] for evaluation in evaluations):
        figures = [_score(evaluation, "source") for evaluation in evaluations]
        return len(figures) - 1 - int(np.argmax(figures[::-1]))
    return int(np.argmax([_score(evaluation, score_of(select)) for evaluation in evaluations]))


def selected_evaluations(name: str, trials: Trials, select: str) -> dict[int, dict[str, Any]]:
    """Of each seed of a method the evaluation that `best` finds."""
    return {
        seed: trial["evaluations"][best(name, trial["evaluations"], select)] for seed, trial in trials.items()
    }


def mean_score(selected: Mapping[int, dict[str, Any]], select: str) -> float:
    """Mean over the seeds of the scores of the selected evaluations."""
    return float(np.mean([_score(evaluation, score_of(select)) for evaluation in selected.values()]))


def agreements(results: Mapping[str, Trials], classes: int) -> dict[str, Agreement]:
    """How often each method, and source-only, says what the others vote for; {} where there is no vote.

    The others of a method are all but itself and source-only, each with one vote however many seeds it has.
    They answer for the target's rows that are learned from. Source-only's others are all methods.
    """
    answers = {
        name: [evaluation["answers"] for evaluation in selected_evaluations(name, trials, "im").values()]
        for name, trials in results.items()
        if trials and name != SOURCE_ONLY_PROBE
    }
    methods, alone = [name for name in answers if name != SOURCE_ONLY], answers[SOURCE_ONLY]
    found = {}
    for name in answers:
        others = [answers[other] for other in methods if other != name]
        if len(others) >= VOTERS:
            votes = count_votes(others, classes)
            means = [
                float(np.mean([vote_agreement(one, votes) for one in x])) for x in (answers[name], alone)
            ]
            found[name] = Agreement(*means)
    return found


def select_model(
    results: Mapping[str, Trials], select: str, found: Mapping[str, Agreement], shifted: bool = True
) -> Selected:
    """The model to ship, by scores and votes that no label of the target has touched.

    By a score alone it is of the method whose selected models score best in the mean over the seeds, and of
    its best seed. "consensus" takes information maximisation among the methods that agree with the vote of
    the others at least as often as source-only does, "safe" its choice if it agrees more often, and else
    source-only; both keep source-only where no shift is found. Of two that are equal the first in the table's
    order: source-only wins a tie. The probe of source-only is there to compare with and never taken.

    Args:
        results: trials by method, source-only's first.
        select: a key of `TITLES`.
        found: what `agreements` gives.
        shifted: whether the domains differ as far as can be seen without labels.
    """
    by = score_of(select)
    selected = {
        name: selected_evaluations(name, trials, by)
        for name, trials in results.items()
        if trials and name != SOURCE_ONLY_PROBE
    }
    why, allowed = "", list(selected)
    if select in BY_VOTE:
        voted = [name for name in found if name != SOURCE_ONLY]
        why = "no shift" if not shifted else "" if voted else "few voters"
        agreed = [name for name in voted if found[name].method >= found[name].source_only]
        allowed = [SOURCE_ONLY, *([] if why else agreed)]
    if select == "safe" and not why:
        name = max(selected, key=lambda name: mean_score(selected[name], by))
        more = name in found and found[name].method > found[name].source_only
        allowed = [name if more else SOURCE_ONLY]
    name = max(allowed, key=lambda name: mean_score(selected[name], by))
    seed = max(selected[name], key=lambda seed: _score(selected[name][seed], by))
    return Selected(name, seed, selected[name][seed]["step"], why)


def passed_over(
    results: Mapping[str, Trials], found: Mapping[str, Agreement], picked: Selected
) -> str | None:
    """The method that "consensus" would take where "safe" keeps source-only; None: it would keep it, too."""
    if picked.method != SOURCE_ONLY or picked.why:
        return None
    other = select_model(results, "consensus", found).method
    return None if other == SOURCE_ONLY else other


def dissent(chosen: EvalPoint, alone: EvalPoint, select: str) -> list[str]:
    """A note if most scores but `select` prefer the end of training on the source to the shipped model."""
    names = [name for name in TITLES if name not in (score_of(select), *QUIET)]
    both = [name for name in names if name in chosen.scores and name in alone.scores]
    against = [name for name in both if alone.scores[name] > chosen.scores[name]]
    if chosen.method == SOURCE_ONLY or 2 * len(against) <= len(both):
        return []
    named = f"{len(against)} of {len(both)} others ({', '.join(TITLES[name] for name in against)})"
    preference = f"{named} prefer training on the source alone to the model that is shipped."
    return [f"The scores disagree: {preference} Label a few dozen target rows before you trust it."]


def _score(evaluation: Mapping[str, Any], select: str) -> float:
    return float(evaluation["scores"].get(select, -np.inf))
