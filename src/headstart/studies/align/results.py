"""From trials to the record: the selected model, the table, the verdict in sentences, the model card."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from operator import attrgetter

import numpy as np

from headstart.face import spell
from headstart.predictor.licences import backbone_licence, data_licence
from headstart.predictor.model_card import front_matter, model_index, task_of
from headstart.records.record import Interval
from headstart.report.metric import get_metric
from headstart.report.text import pluralise, round_percent
from headstart.studies.align import (
    BASELINES,
    SOURCE_ONLY,
    TITLES,
    Alignment,
    EvalPoint,
    LeftOut,
    MethodResult,
)
from headstart.studies.align.candidate import Candidate
from headstart.studies.align.data_split import HiddenTestLabels
from headstart.studies.align.selection import Agreement, Trials, best, mean_score, selected_evaluations

Failed = Mapping[tuple[str, int], str]  # why a method has no value with a seed
NO_SHIFT = "No shift between source and target was found, so there is nothing to gain"
CLEAR = 0.02  # of the main metric, from which a missed better method is worth a note


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
    candidate: Candidate,
    results: Mapping[str, Trials],
    select: str,
    agreement: Agreement | None,
    test_labels: HiddenTestLabels,
) -> MethodResult:
    """A row of the table; of the results by label, those of the candidate have one seed at least."""
    name, trials = candidate.label, results[candidate.label]
    parent = candidate.parent if results.get(candidate.parent) else SOURCE_ONLY
    evaluations = {seed: trial["evaluations"] for seed, trial in trials.items()}
    places = {seed: best(name, evaluations[seed], select) for seed in trials}
    selected = selected_evaluations(name, trials, select)
    figures = {
        seed: [test_labels.score(evaluation["test"]) for evaluation in evaluations[seed]] for seed in trials
    }
    picked = [figures[seed][places[seed]] for seed in trials]

    def gain(over: str) -> Interval | None:
        """Mean over the seeds that both have."""
        baseline = selected_evaluations(over, results[over], select)
        both = [seed for seed in selected if seed in baseline]
        return mean([test_labels.gain(selected[seed]["test"], baseline[seed]["test"]) for seed in both])

    values, by_value = [figure.value for figure in picked if figure], attrgetter("value")
    return MethodResult(
        method=name,
        title=candidate.title,
        seeds=len(trials),
        score=mean_score(selected, select),
        source=float(np.mean([evaluation["scores"].get("source", 0.0) for evaluation in selected.values()])),
        steps=[evaluation["step"] for evaluation in selected.values()],
        last=mean([figures[seed][-1] for seed in trials]),
        selected=mean(picked),
        oracle=mean([max(filter(None, figures[seed]), key=by_value, default=None) for seed in trials]),
        spread=float(np.std(values)) if values else None,
        gain=None if name in BASELINES else gain(parent),
        notes=sorted({note for trial in trials.values() for note in trial["notes"]}),
        parent=parent,
        agreement=None if agreement is None else agreement.method,
        baseline_agreement=None if agreement is None else agreement.source_only,
        over_source_only=None if name in BASELINES or parent == SOURCE_ONLY else gain(SOURCE_ONLY),
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


def verdict(row: MethodResult) -> str:
    """Of the selected method: "nothing", "unknown", "helped", "harmed" or "unclear".

    It helped if it is clearly better than its own baseline and than training on the source alone.
    """
    if row.method == SOURCE_ONLY:
        return "nothing"
    if row.gain is None:
        return "unknown"
    gains = [gain for gain in (row.gain, row.over_source_only) if gain is not None]
    if any(gain.high < 0 for gain in gains):
        return "harmed"
    return "helped" if all(gain.low > 0 for gain in gains) else "unclear"


def headline(row: MethodResult, metric: str, select: str, test_rows: int, why: str = "") -> str:
    """One sentence for the top of the page, or two.

    Args:
        row: of the selected method.
        metric: of all figures.
        select: a key of `TITLES`.
        test_rows: of the target; 0: no labels.
        why: source-only was kept, or ought to be: "no shift", "few voters" or "".
    """
    shown, score = get_metric(metric).plain(), TITLES[select]
    if row.method == SOURCE_ONLY:
        return {
            "no shift": f"{NO_SHIFT}: the model of the source alone is kept.",
            "few voters": "Too few methods were trained for a vote: the model of the source alone is kept.",
            "": f"No method is found to be better than the source alone, by {score}: that model is kept.",
        }[why]
    though = f" {NO_SHIFT}, whatever was selected." if why == "no shift" else ""
    if row.gain is None or row.selected is None:
        unknown = "how good it is on the target can't be said without labels there"
        return f"{row.title} was selected by {score}; {unknown}.{though}"
    figures = f"{shown.value(row.selected.value)} {shown.title} on {test_rows} target rows"

    def changed(gain: Interval, over: str) -> str:
        value, low, high = (shown.change(end) for end in (gain.value, gain.low, gain.high))
        return f"{value} ({low} to {high}) {shown.change_unit} against {over}"

    if row.over_source_only is None:
        gain = changed(row.gain, "training on the source alone")
    else:
        own = changed(row.gain, "the same probe without it")
        gain = f"{own}, {changed(row.over_source_only, 'source-only')}"
    sentence = {
        "helped": f"{row.title} helps: {figures}, {gain}.",
        "harmed": f"Negative transfer: {row.title}, selected by {score}, has {figures}, {gain}.",
        "unclear": f"{row.title} was selected by {score}: {figures}, {gain}, which may be chance.",
    }[verdict(row)]
    return sentence + though


def advice(row: MethodResult, why: str) -> list[str]:
    """What a reader can do about what the `headline` of the same row and reason says, as notes."""
    if row.method == SOURCE_ONLY and why == "few voters":
        unguarded = f"{spell('select', 'im')} selects without a vote, and nothing guards it"
        return [f"A vote takes four methods or more that have been trained: name more, or none; {unguarded}."]
    if row.method != SOURCE_ONLY and row.gain is None:
        return ["Label a few dozen rows of the target and give them with it: then it is known what helps."]
    return []


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


def hint(row: MethodResult) -> str:
    """What the reader may try: the method of a row, which "consensus" would have taken and "safe" did not."""
    assert row.agreement is not None
    assert row.baseline_agreement is not None
    own, alone = (round_percent(share) for share in (row.agreement, row.baseline_agreement))
    return (
        f"{row.title} is surer and agrees with the other methods on {own} of the target's rows, training on "
        f"the source alone on {alone}. {spell('select', 'consensus')} takes it, which helps more often and "
        "harms at times. A few dozen labelled target rows can tell."
    )


def card(result: Alignment) -> str:
    """Text for `README.md` in the model's folder."""
    metric, row = get_metric(result.metric).plain(), result.row(result.chosen)
    quality = "Not known: the target has no labels."
    if result.shipped is not None and row.selected is not None:
        quality = (
            f"{metric.value(result.shipped.value)} {metric.title} ({metric.span(result.shipped)}) on "
            f"{result.test_rows} target rows that served neither for training nor for selection; the mean "
            f"over {pluralise(row.seeds, 'seed')} is {metric.value(row.selected.value)}."
        )
    cautions = "\n".join(f"- {note}" for note in result.notes) or "- None beyond the intervals."
    title, task = f"{row.title} on {result.backbone}", task_of(result.kind, result.label_kind)
    index = []
    if result.shipped is not None:
        label = f"{metric.title}, 95 % interval {metric.span(result.shipped)}"
        figures = {result.metric: (result.shipped.value, label)}
        index = model_index(title, task, result.target, f"{result.test_rows} held-out rows", figures)
    front = front_matter(task, result.backbone, (result.kind, "domain-adaptation"), index)
    return f"""{front}
# {title}: {result.source} to {result.target}

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

## Licences

- Backbone `{result.backbone}`: {backbone_licence(result.backbone).text}.
- Data `{result.source}`: {data_licence(result.source)}.
- Data `{result.target}`: {data_licence(result.target)}.

Made with headstart {result.headstart}, seed {result.seed}.
"""
