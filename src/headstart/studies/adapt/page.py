"""The report: its parts, and the answer: how good the model is, against what, and how to use it."""

import re
import shlex
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any, NamedTuple

from headstart.records.record import Interval
from headstart.report.html import asset
from headstart.report.metric import USUAL, VERDICTS, Metric, get_metric, tone
from headstart.report.text import (
    SPACE,
    Terminal,
    capitalise,
    join_words,
    percent,
    pluralise,
    seconds,
    short,
    shorten_middle,
)
from headstart.studies._page import read_record
from headstart.studies.adapt import SPEC, Result, Tested, Timings
from headstart.studies.adapt.next_commands import USES, next_commands, sample_of
from headstart.studies.adapt.page_calibration import calibration
from headstart.studies.adapt.page_doubts import check, mistakes, smallprint
from headstart.studies.adapt.page_explained import explained
from headstart.studies.adapt.page_labels import hint, labels_to_check
from headstart.studies.adapt.page_next import next_steps
from headstart.studies.adapt.page_outputs import confusion, fit, held_out, tags
from headstart.studies.adapt.page_training import labels, layers, methods, training, untried
from headstart.studies.adapt.page_two_classes import told_apart, two_classes
from headstart.studies.adapt.summary import RunRecords, about_added, forgotten, table

BASELINES = {  # in a sentence, and after "over" on a card
    "from-scratch": ("training from scratch", "training from scratch"),
    "majority-class": ("always predicting the largest class", "the largest class"),
    "word-counts": ("learning from counts of words", "counts of words"),
    "tag-shares": ("predicting each tag as often as in training", "each tag's share"),
    "mean": ("always predicting the mean", "the mean"),
}
PYTHON = """\
import headstart as hs

model = hs.open({model!r})
print(model.predict({item}))"""


def headline(run: RunRecords) -> dict[str, Any]:
    """Headline, warnings, the large figure and the cards."""
    result, selected, metric = run.result, run.selected, get_metric(run.result.metric)
    figure = selected.scores.main_figure if selected else None
    cautions = list(result.warnings)
    if result.schema > SPEC.schema:
        newer = (
            f"These results have schema {result.schema}, and this version of headstart knows {SPEC.schema}"
        )
        cautions.append(f"{newer}: what is new in them is not shown.")
    opening = result.headline or f"{run.title} was selected for {result.task}."
    first, *rest = re.split(r"(?<=\.) (?=[A-Z])", opening, maxsplit=1)
    return {
        "headline": first,
        "lede": rest,
        "warnings": cautions,
        "metric": metric.title,
        "opened": capitalise(metric.title),
        "figure": metric.shown(figure) if figure else None,
        "unit": " %" if metric.is_share else "",
        "bar": _bar(figure) if figure and not metric.lower else None,
        "say": [_accuracy(run, selected, metric), _gains(run)] if selected else [],
        "gains": [_gain_card(tested, gain, metric) for tested, gain in run.baselines],
        "facts": _facts(run),
    }


def _bar(figure: Interval) -> Interval:
    return Interval(*(min(1.0, max(0.0, end)) for end in astuple(figure)))


def _accuracy(run: RunRecords, selected: Tested, metric: Metric) -> str:
    shown, kind = metric.shown(selected.scores.main_figure), run.result.label_kind
    unseen = f"On {pluralise(selected.scores.rows, 'test row')} that it had never seen, {run.title}"
    if metric.name != USUAL[kind]:
        article = "an" if metric.title[0] in "aAeR" else "a"  # AUC, exact match, RMSE
        had = f"{unseen} had {article} {metric.title} of {shown.value}"
        return f"{had} (95{SPACE}% interval {shown.interval})."
    if kind == "numbers":
        return f"{unseen} {_error(run.result, selected)}"
    if kind == "tags":
        exact = percent(selected.scores["exact_match"].value)
        return (
            f"{unseen} had an average precision of {shown.value} (95{SPACE}% interval {shown.interval}): "
            f"when all rows are sorted by the probability of a tag, it is the share of rows with it down to "
            f"each of them, on average. For {exact} of the rows all tags were right."
        )
    return (
        f"{unseen} classified {shown.value} correctly; the 95{SPACE}% interval is {shown.interval}{SPACE}%."
    )


def _error(result: Result, selected: Tested) -> str:
    """The typical error in the units of each column, and what R² means."""
    r2, mae, columns = selected.scores["r2"], get_metric("mae"), result.columns
    shown = get_metric("r2").shown(r2)
    means = (
        "that share of the variance is explained"
        if r2.value > 0
        else "it is no better than always predicting the mean"
    )
    share = f"R² is {shown.value} (95{SPACE}% interval {shown.interval}): {means}."
    if len(columns) == 1:
        error, mean = mae.shown(columns[0].mae), mae.value(columns[0].mean_mae)
        return (
            f"was off by {error.value} on average (95{SPACE}% interval {error.interval}); always predicting "
            f"the mean is off by {mean}. {share}"
        )
    parts = [f"{mae.value(c.mae.value)} ({c.name}; the mean {mae.value(c.mean_mae)})" for c in columns]
    return f"was off by {join_words(parts)} on average. {share}"


def _baseline(tested: Tested) -> tuple[str, str]:
    """A baseline in a sentence, and after "over" on a card."""
    if tested.name == "raw-pixels":  # or raw numbers: a regression on them
        features = tested.title.partition(" on ")[2]
        return f"learning from the {features}", f"the {features}"
    title = tested.title[:1].lower() + tested.title[1:]
    return BASELINES.get(tested.name, (title, title))


def _gains(run: RunRecords) -> str:
    parts = []
    for verdict, words in (
        ("good", "it is clearly better than"),
        ("bad", "it is clearly worse than"),
        ("even", "there is no clear difference from"),
    ):
        names = [_baseline(tested)[0] for tested, gain in run.baselines if tone(gain) == verdict]
        if names:
            parts.append(f"{words} {join_words(names)}")
    return capitalise("; ".join(parts)) + "." if parts else "It was compared with nothing else."


def _gain_card(tested: Tested, gain: Interval, metric: Metric) -> dict[str, str]:
    shown = metric.gained(gain)
    return {
        "label": f"over {_baseline(tested)[1]}",
        "value": shown.value,
        "detail": shown.interval,
        "tone": tone(gain),
        "verdict": VERDICTS[tone(gain)],
    }


def _facts(run: RunRecords) -> list[tuple[str, str, str]]:
    result, timings = run.result, run.timings
    return [
        (
            "rows",
            f"{result.train_rows + result.test_rows:,}",
            f"{result.train_rows:,} to train, {result.test_rows:,} to test",
        ),
        _outputs(result),
        ("backbone", result.backbone, f"{short(result.backbone_parameters)} parameters"),
        *([("time", seconds(timings.total_seconds), timings.machine)] if timings else []),
    ]


def _outputs(result: Result) -> tuple[str, str, str]:
    """How many classes, tags or numbers there are."""
    names, many = result.classes, f"{len(result.classes):,}"
    if result.label_kind == "tags":
        rate = sum(result.check.classes.values()) / max(1, result.check.rows)
        return "tags", many, f"a row has {rate:.1f} on average"
    if result.label_kind == "numbers":
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return "numbers a row", many, join_words([shorten_middle(name, 24) for name in names[:3]]) + more
    return "classes", many, f"chance is {percent(1 / len(names))}"


# --- how to use the model


def use(run: RunRecords) -> dict[str, Any]:
    """Code for Python, the command line and the export, to copy."""
    name = run.folder.resolve().name
    item, _, own = USES.get(run.result.kind, USES["pictures"])
    example = sample_of(run.result, f"{name}/")
    if run.result.kind == "pictures":
        item, own, example = (
            f"[{example!r}]",
            f"with your own file in place of {example}",
            shlex.quote(example),
        )
    blocks = [
        ("In Python", PYTHON.format(model=f"{name}/model", item=item)),
        ("On the command line", f"headstart predict {shlex.quote(f'{name}/model')} {example}"),
        ("Why it answers so", f"headstart explain {shlex.quote(name)} {example}"),
        ("As ONNX, for other programs", f"headstart export {shlex.quote(name)} model.onnx"),
    ]
    return {"say": [], "run": name, "own": own, "blocks": blocks}


TEMPLATE = "page.html"


class Section(NamedTuple):
    """A part of the page; its macro in `sections.html` has its name."""

    id: str
    heading: str
    short: str  # in the contents
    view: Callable[[RunRecords], dict[str, Any] | None]  # what the macro shows; None: nothing, it is left out


SECTIONS = (
    Section("headline", "The result", "Result", headline),
    Section("methods", "Methods compared", "Methods", methods),
    Section("tested", "On the held-out test part", "Held-out test", held_out),
    Section("layers", "What each layer knows", "Layers", layers),
    Section("labels", "Accuracy against labels per class", "Labels", labels),
    Section("training", "Learning curves", "Learning curves", training),
    Section("confusion", "Confusion matrix", "Confusion", confusion),
    Section("two_classes", "ROC, precision and recall", "ROC", two_classes),
    Section("mistakes", "The most confident mistakes", "Mistakes", mistakes),
    Section("explained", "Why these answers", "Why", explained),
    Section("calibration", "Calibration of the probabilities", "Calibration", calibration),
    Section("label_errors", "Labels to check", "Labels to check", labels_to_check),
    Section("check", "The data check", "Data check", check),
    Section("use", "How to use the model", "Use it", use),
    Section("smallprint", "The small print", "Small print", smallprint),
    Section("next", "What to do next", "Next steps", next_steps),
)
INSTEAD: dict[str, dict[str, Section | None]] = {  # of what other kinds of label have in place of classes
    "tags": {
        "labels": Section("labels", "Average precision against labelled rows", "Labels", labels),
        "confusion": Section("tags", "Tag by tag", "Tags", tags),
    },
    "numbers": {
        "labels": Section("labels", "R² against labelled rows", "Labels", labels),
        "confusion": Section("fit", "Predicted against true", "Predictions", fit),
        "mistakes": Section("mistakes", "The largest errors", "Errors", mistakes),
        "calibration": None,
    },
}


def sections_of(label_kind: str) -> list[Section]:
    """The parts of a page about a kind of label."""
    instead = INSTEAD.get(label_kind, {})
    return [part for section in SECTIONS if (part := instead.get(section.id, section))]


def view(record: Result, folder: Path) -> dict[str, Any]:
    """What the template shows of the records and pictures in a run folder."""
    timings = folder / "timings.json"
    run = RunRecords(folder, record, read_record(Timings, timings) if timings.is_file() else None)
    shown = [(section, section.view(run)) for section in sections_of(record.label_kind)]
    sections = [(_headed(section, seen), seen) for section, seen in shown if seen is not None]
    return {"sections": sections, "script": asset("script.js")}


def _headed(section: Section, shown: dict[str, Any]) -> Section:
    """The section under the heading of what it shows, where that has its own."""
    return section._replace(heading=shown.get("heading", section.heading))


def terminal(record: Result, folder: Path | None) -> Terminal:
    """What the command prints: the candidates as in the page's table, what happened, how to go on."""
    rows = table(record, None if folder is None else Timings.read(folder / "timings.json"))
    cautions = [f"Note: {each}" for each in record.warnings]
    return Terminal(
        title="Cross-validation on the training part",
        headings=("method", get_metric(record.metric).title, "time", "folds", "note"),
        rows=[(r.title, str(r.main or ""), r.seconds, r.folds, r.candidate.dropped) for r in rows if r.tried],
        sentences=[
            *(*apart(record), *untried(record.candidates), record.why, *about_added(record)),
            *(*told_apart(record.two_classes), beside_baselines(record)),
            *(*forgotten(record), *cautions, *hint(folder)),
        ],
        answer=[record.headline],
        next=next_commands(record, folder),
        places=[("Model", "model")],
    )


def beside_baselines(record: Result) -> str:
    """The main figure of the selected model on the test part, and of all that it is compared with."""
    metric = get_metric(record.metric)
    figures = [f"{model.title} {metric.shown(model.scores.main_figure)}" for model in record.tested]
    return f"On the test part, {metric.title}: {'; '.join(figures)}."


def apart(record: Result) -> list[str]:
    """What to know of figures in the table that are of other rows than the selected method's."""
    folds = {candidate.folds for candidate in record.candidates if candidate.scores}
    if len(folds) < 2:
        return []
    return ["A figure is of the folds beside it: of fewer folds it is of fewer rows, and not comparable."]
