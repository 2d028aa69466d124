"""The records of a run, and what they say: the headline, warnings, the table of methods."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.face import spell
from headstart.records.record import Interval
from headstart.report.metric import Metric, get_metric
from headstart.report.text import (
    SPACE,
    Shown,
    capitalise,
    data_size,
    join_words,
    megabytes,
    percent,
    pluralise,
    seconds,
    short,
    significant,
)
from headstart.studies.adapt import Candidate, Result, Tested, Timings

SMALL = 0.5  # share of the bytes of a backbone below which a task adds little to it
BYTES = 4  # of a parameter
SAME = 1e-6  # of a figure: smaller differences are those of rounding


def headline(tested: Sequence[Tested], groups: int, task: str, outputs: int, sample: str = "row") -> str:
    """What the selected model does on the held-out test part, and what transfer brought.

    Args:
        tested: the selected model first.
        groups: independent units of the test part; named where they have two rows or more on average.
        task: name of the data.
        outputs: how many classes, tags or columns of numbers there are.
        sample: what a row is called, such as "picture".
    """
    metric, rows = get_metric(tested[0].scores.main).plain(), tested[0].scores.rows
    size = pluralise(rows, f"unseen {sample}")
    if 2 * groups <= rows:
        size += f" in {pluralise(groups, 'group')}"
    text = _opening(metric, tested, f"{size} of {task}", outputs)
    text += f" (95 % interval {metric.span(tested[0].scores.main_figure)})"
    gain = next((other.gain for other in tested if other.name == "from-scratch"), None)
    if gain is None:
        return text + "."
    if metric.change(gain.value) == metric.change(0.0):
        return text + ", as much as training from scratch."
    return f"{text}, {metric.comparison(gain.value)} than training from scratch."


def _opening(metric: Metric, tested: Sequence[Tested], rows: str, outputs: int) -> str:
    """The main figure; of one column of numbers also the typical error in its units."""
    scores = tested[0].scores
    figure = metric.value(scores.main_figure.value)
    if metric.name == "accuracy":
        return f"{figure} of {rows} classified correctly"
    if metric.name == "average_precision" and "accuracy" not in scores.figures:  # of tags
        of = "a tag" if outputs == 1 else f"{outputs} tags"
        return f"{metric.title.capitalize()} of {figure} for {of} on {rows}"
    if metric.name != "r2":
        return f"{capitalise(metric.title)} of {figure} on {rows}"
    if outputs > 1:
        return f"{metric.title} is {figure} on average of {outputs} numbers on {rows}"
    mean = next((other.scores["mae"].value for other in tested if other.name == "mean"), None)
    than = "" if mean is None else f"; always predicting the mean is off by {significant(mean)}"
    error = significant(scores["mae"].value)
    return f"Off by {error} on average on {rows}{than}. {metric.title} is {figure}"


def _better(other: Tested, hurts: str, between: str) -> str:
    """That a rival is better, and the way out; `hurts` begins the sentence if something was transferred."""
    if other.name == "real-rows":
        return f"The generated rows hurt (difference {between}): leave {spell('augment_with')} out."
    return (
        f"{hurts}{other.title.lower() if hurts else other.title} is better on the held-out test part "
        f"(difference {between}). Use it instead{', or another backbone' * bool(hurts)}."
    )


def warnings(tested: Sequence[Tested], transferred: bool = True) -> list[str]:
    """Where the selected model is not clearly better than what needs no transfer."""
    sentences, hurts = [], "Transfer hurts here: " if transferred else ""
    level: list[tuple[str, str]] = []  # no clear gain over which, and the difference
    metric, mine = get_metric(tested[0].scores.main).plain(), tested[0].scores.main_figure.value
    for other in tested[1:]:
        if other.gain is None:
            continue
        low, high = metric.change(other.gain.low), metric.change(other.gain.high)
        between = f"{low} to {high} {metric.change_unit}"
        if other.gain.high < 0:
            sentences.append(_better(other, hurts, between))
        elif max(abs(other.gain.low), abs(other.gain.high)) <= SAME * abs(mine):
            sentences.append(
                f"No clear gain over {other.title.lower()}: both are equally good on the test part."
            )
        elif other.gain.low <= 0:
            level.append((other.title.lower(), between))
    if len(level) == 1:
        title, between = level[0]
        sentences.append(f"No clear gain over {title}: the difference is {between}, so it may be chance.")
    elif level:
        each = "; ".join(between for _, between in level)
        titles = join_words([title for title, _ in level])
        sentences.append(f"No clear gain over {titles}: the differences are {each}, so they may be chance.")
    return sentences


def forgotten(result: Result) -> list[str]:
    """What was forgotten of each old task, in a sentence each."""
    sentences = []
    for each in result.forgetting:
        metric = get_metric(each.metric).plain()
        now, before = metric.value(each.after.value), metric.value(each.before.value)
        rows = f"{pluralise(each.rows, 'held-out row')} of {each.task}"
        text = f"With the old head, {metric.title} on {rows} is {now}"
        if (each.change.low, each.change.high) == (0.0, 0.0):
            sentences.append(f"{text}, as it was: nothing is forgotten.")
            continue
        verdict = "it is not clear that anything is forgotten"
        if each.change.high < 0:
            verdict = "that much is forgotten"
        if each.change.low > 0:
            verdict = "it is better than before"
        sentences.append(f"{text} and was {before}: {metric.gained(each.change)}, so {verdict}.")
    return sentences


# --- how little of the backbone was changed


def trained_share(candidate: Candidate, result: Result) -> str:
    """How many of the parameters a method trained, such as "1.3 %"."""
    whole = result.backbone_parameters
    part = min(1.0, candidate.trained_parameters / whole) if whole else 1.0
    return f"under 0.1{SPACE}%" if part < 0.001 else percent(part)


def about_added(result: Result) -> list[str]:
    """A sentence on what the selected method leaves of the backbone as it was, where that is most of it."""
    chosen = next((one for one in result.candidates if one.name == result.selected), None)
    whole = BYTES * result.backbone_parameters
    if chosen is None or chosen.transfers != "start" or not 0 < chosen.added_bytes < SMALL * whole:
        return []
    share, size = trained_share(chosen, result), data_size(chosen.added_bytes)
    said = f"{chosen.title} trained {share} of the parameters: beside {result.backbone} a task needs {size}"
    return [f"{said}, not {data_size(whole)}."]


# --- the records in a folder, and the table of methods


@dataclass(frozen=True)
class RunRecords:
    """The records of a run and the folder that they lie in."""

    folder: Path
    result: Result
    timings: Timings | None

    @property
    def selected(self) -> Tested | None:
        """The selected model on the test part."""
        return next((tested for tested in self.result.tested if tested.gain is None), None)

    @property
    def baselines(self) -> list[tuple[Tested, Interval]]:
        """The models that it is compared with on the test part, and what it gains over each."""
        return [(tested, tested.gain) for tested in self.result.tested if tested.gain is not None]

    @property
    def candidate(self) -> Candidate | None:
        """The selected model in cross-validation."""
        return next((c for c in self.result.candidates if c.name == self.result.selected), None)

    @property
    def title(self) -> str:
        """The selected method in plain words."""
        return self.candidate.title if self.candidate else self.result.selected


@dataclass(frozen=True)
class Row:
    """A candidate in words; figures that are not known are None or ""."""

    candidate: Candidate
    selected: bool
    figures: tuple[Shown | None, ...]  # of each metric, in the order of `metrics`
    main: Shown | None  # of the main metric
    trained_parameters: str
    added: str  # bytes beside the backbone
    seconds: str
    peak_memory: str
    folds: str

    @property
    def tried(self) -> bool:
        """Whether it was fitted at all."""
        return self.candidate.folds > 0

    @property
    def title(self) -> str:
        """The candidate in words, and whether it transfers nothing."""
        return self.candidate.title + " (no transfer)" * (self.candidate.transfers == "nothing")


def metrics(result: Result) -> list[str]:
    """The metrics that the candidates and the tested models were evaluated by, in order."""
    scores = [tested.scores for tested in result.tested] + [c.scores for c in result.candidates if c.scores]
    return list(scores[0].figures) if scores else []


def table(result: Result, timings: Timings | None) -> list[Row]:
    """The candidates as `ranked`; without timings of the same run, seconds and memory are ""."""
    rows = []
    for candidate in ranked(result):
        figures = candidate.scores.figures if candidate.scores else {}
        shown = {name: get_metric(name).shown(figure) for name, figure in figures.items()}
        cost = timings.steps.get(candidate.name) if timings else None
        row = Row(
            candidate=candidate,
            selected=candidate.name == result.selected,
            figures=tuple(shown.get(name) for name in metrics(result)),
            main=shown.get(result.metric),
            trained_parameters=short(candidate.trained_parameters),
            added=data_size(candidate.added_bytes) if candidate.added_bytes else "",
            seconds=seconds(cost.seconds) if cost else "",
            peak_memory=megabytes(cost.peak_megabytes) if cost else "",
            folds=f"{candidate.folds} of {candidate.of_folds}",
        )
        rows.append(row)
    return rows


def ranked(result: Result) -> list[Candidate]:
    """The selected candidate, the finished ones from the best by the main metric, then the dropped ones."""
    metric = get_metric(result.metric)

    def order(candidate: Candidate) -> tuple[bool, bool, int, float, str]:
        figure = metric.merit(candidate.scores.main_figure.value) if candidate.scores else -math.inf
        cut = bool(candidate.dropped)
        folds = candidate.folds if cut else 0
        return candidate.name != result.selected, cut, -folds, -figure, candidate.name

    return sorted(result.candidates, key=order)
