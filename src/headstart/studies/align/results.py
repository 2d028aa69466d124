"""From trials to the record: the selected model, the table, the verdict in sentences, the model card."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from operator import attrgetter
from typing import Any

import numpy as np

from headstart.records.record import Interval
from headstart.report.metric import get_metric
from headstart.studies.align import SOURCE_ONLY, TITLES, Alignment, EvalPoint, LeftOut, MethodResult
from headstart.studies.align.data_split import HiddenTestLabels

Trials = Mapping[int, dict[str, Any]]  # values of `TrialRunner.run` by seed, without those that diverged
Failed = Mapping[tuple[str, int], str]  # why a method has no value with a seed
CLEAR = 0.02  # of the main metric, from which a missed better method is worth a note


def best(evaluations: Sequence[dict[str, Any]], select: str) -> int:
    """The place of the evaluation with the highest score; the earlier of two that are equal."""
    return int(np.argmax([_score(evaluation, select) for evaluation in evaluations]))


def select_model(results: Mapping[str, Trials], select: str) -> tuple[str, int, int]:
    """Method, seed and step of the model to ship, by a score that no label of the target has touched.

    The method whose selected models score best in the mean over the seeds, and its best seed. Of two that are
    equal the first in the table's order: training on the source alone wins a tie.
    """
    selected = {
        name: {
            seed: trial["evaluations"][best(trial["evaluations"], select)] for seed, trial in trials.items()
        }
        for name, trials in results.items()
        if trials
    }
    name = max(selected, key=lambda name: _mean_score(selected[name], select))
    seed = max(selected[name], key=lambda seed: _score(selected[name][seed], select))
    return name, seed, selected[name][seed]["step"]


def eval_points(method: str, trials: Trials, test_labels: HiddenTestLabels) -> list[EvalPoint]:
    """All evaluations of a method; the target's figure is for the report."""
    return [
        EvalPoint(
            method=method,
            seed=seed,
            step=evaluation["step"],
            progress=evaluation["step"] / trial["steps"],
            scores=evaluation["scores"],
            source=evaluation["scores"].get("source", 0.0),
            target=None if (figure := test_labels.score(evaluation["test"])) is None else figure.value,
        )
        for seed, trial in trials.items()
        for evaluation in trial["evaluations"]
    ]


def method_result(
    name: str, title: str, trials: Trials, baseline: Trials, select: str, test_labels: HiddenTestLabels
) -> MethodResult:
    """A row of the table; `trials` has one seed at least."""
    evaluations = {seed: trial["evaluations"] for seed, trial in trials.items()}
    places = {seed: best(evaluations[seed], select) for seed in trials}
    selected = {seed: _selected(evaluations[seed], select) for seed in trials}
    figures = {
        seed: [test_labels.score(evaluation["test"]) for evaluation in evaluations[seed]] for seed in trials
    }
    picked = [figures[seed][places[seed]] for seed in trials]
    gains = [
        test_labels.gain(selected[seed]["test"], baseline[seed]["evaluations"][-1]["test"])
        for seed in trials
        if seed in baseline and name != SOURCE_ONLY
    ]
    values, by_value = [figure.value for figure in picked if figure], attrgetter("value")
    return MethodResult(
        method=name,
        title=title,
        seeds=len(trials),
        score=_mean_score(selected, select),
        source=float(np.mean([evaluation["scores"].get("source", 0.0) for evaluation in selected.values()])),
        steps=[evaluation["step"] for evaluation in selected.values()],
        last=mean([figures[seed][-1] for seed in trials]),
        selected=mean(picked),
        oracle=mean([max(filter(None, figures[seed]), key=by_value, default=None) for seed in trials]),
        spread=float(np.std(values)) if values else None,
        gain=mean(gains),
        notes=sorted({note for trial in trials.values() for note in trial["notes"]}),
    )


def left_out(titles: Mapping[str, str], trials: Mapping[str, Trials], failed: Failed) -> list[LeftOut]:
    """The methods, by label, that failed with every seed."""
    without: dict[str, str] = {}
    for (name, _), why in failed.items():
        if not trials[name]:
            without.setdefault(name, why)
    return [LeftOut(name, title, without[name]) for name, title in titles.items() if name in without]


def failures(titles: Mapping[str, str], trials: Mapping[str, Trials], failed: Failed) -> list[str]:
    """A note for each method that could not be carried out, or for each seed with which it could not."""
    seeds = {key: f"{titles[key[0]]}, seed {key[1]}, is left out: {why}" for key, why in failed.items()}
    whole = [f"{row.title} was not run: {row.reason}" for row in left_out(titles, trials, failed)]
    return whole + [note for (name, _), note in seeds.items() if trials[name]]


def mean(intervals: Sequence[Interval | None]) -> Interval | None:
    """The means of figures and of the ends of their intervals: as wide as that of one seed."""
    given = [astuple(interval) for interval in intervals if interval is not None]
    return Interval(*(float(np.mean(ends)) for ends in zip(*given, strict=True))) if given else None


def _selected(evaluations: Sequence[dict[str, Any]], select: str) -> dict[str, Any]:
    return evaluations[best(evaluations, select)]


def _score(evaluation: Mapping[str, Any], select: str) -> float:
    return float(evaluation["scores"].get(select, -np.inf))


def _mean_score(selected: Mapping[int, dict[str, Any]], select: str) -> float:
    return float(np.mean([_score(evaluation, select) for evaluation in selected.values()]))


def verdict(row: MethodResult) -> str:
    """Of the selected method: "nothing", "unknown", "helped", "harmed" or "unclear"."""
    if row.method == SOURCE_ONLY:
        return "nothing"
    if row.gain is None:
        return "unknown"
    if row.gain.low > 0:
        return "helped"
    return "harmed" if row.gain.high < 0 else "unclear"


def headline(row: MethodResult, metric: str, select: str, test_rows: int) -> str:
    """One sentence for the top of the page."""
    shown, score = get_metric(metric).plain(), TITLES[select]
    if row.method == SOURCE_ONLY:
        return f"Nothing was better than training on the source alone, by {score}: that model is kept."
    if row.gain is None or row.selected is None:
        return (
            f"{row.title} was selected by {score}. How good it is on the target can't be said without "
            "labelled target rows; label a few dozen and give them with the target."
        )
    figures = f"{shown.value(row.selected.value)} {shown.title} on {test_rows} target rows"
    value, low, high = (shown.change(end) for end in (row.gain.value, row.gain.low, row.gain.high))
    gain = f"{value} ({low} to {high}) {shown.change_unit}"
    return {
        "helped": f"{row.title} helps: {figures}, {gain} against training on the source alone.",
        "harmed": f"Negative transfer: {row.title}, selected by {score}, has {figures}, {gain} against the "
        "source alone.",
        "unclear": f"{row.title} was selected by {score}: {figures}, {gain} against the source alone, which "
        "may be chance.",
    }[verdict(row)]


def dissent(chosen: EvalPoint, alone: EvalPoint, select: str) -> list[str]:
    """A note if most scores but `select` prefer the end of training on the source to the shipped model."""
    both = [name for name in TITLES if name != select and name in chosen.scores and name in alone.scores]
    against = [name for name in both if alone.scores[name] > chosen.scores[name]]
    if chosen.method == SOURCE_ONLY or 2 * len(against) <= len(both):
        return []
    named = f"{len(against)} of {len(both)} others ({', '.join(TITLES[name] for name in against)})"
    preference = f"{named} prefer training on the source alone to the model that is shipped."
    return [f"The scores disagree: {preference} Label a few dozen target rows before you trust it."]


def cautions(table: Sequence[MethodResult], chosen: MethodResult, metric: str) -> list[str]:
    """What a reader must know besides: methods that harm, a selection that missed a better one."""
    notes = []
    harmed = [row.title for row in table if row.gain is not None and row.gain.high < 0]
    if harmed:
        verb = "is" if len(harmed) == 1 else "are"
        notes.append(f"Negative transfer: {', '.join(harmed)} {verb} clearly worse than the source alone.")
    if chosen.selected is not None:
        tested = [(row.selected.value, row.title) for row in table if row.selected is not None]
        value, title = max(tested, key=lambda pair: pair[0])
        if value - chosen.selected.value > CLEAR:
            figure = get_metric(metric).plain().value(value)
            notes.append(
                f"By its labels {title} would have been better ({figure}): "
                "the selection without labels missed it."
            )
    return notes


def card(result: Alignment) -> str:
    """Text for `README.md` in the model's folder."""
    metric, row = get_metric(result.metric).plain(), result.row(result.chosen)
    quality = "Not known: the target has no labels."
    if row.selected is not None:
        quality = (
            f"{metric.value(row.selected.value)} {metric.title} ({metric.span(row.selected)}) on "
            f"{result.test_rows} target rows that served neither for training nor for selection; mean over "
            f"{row.seeds} seeds."
        )
    cautions = "\n".join(f"- {note}" for note in result.notes) or "- None beyond the intervals."
    return f"""---
library_name: headstart
tags: [transfer-learning, domain-adaptation]
---
# {row.title} on {result.backbone}: {result.source} to {result.target}

{result.headline}

Trained on {result.source_rows} labelled rows of {result.source} and {result.target_rows} rows of
{result.target} without labels; selected by {TITLES[result.chosen_by]}, without labels of the target.

## Use

```python
import headstart as hs

model = hs.open("model")
```

## How good

{quality}

## Cautions

{cautions}

Made with headstart {result.headstart}, seed {result.seed}.
"""
