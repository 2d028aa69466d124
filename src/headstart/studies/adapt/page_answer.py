"""The answer first: how good the model is, against what, and how to use it."""

import shlex
from typing import Any

from headstart.records.record import Interval
from headstart.report.figures import Dot, dots, metric_dots
from headstart.report.metric import VERDICTS, Metric, get_metric, tone
from headstart.report.text import (
    SPACE,
    capitalise,
    join_words,
    percent,
    pluralise,
    seconds,
    short,
    shorten_middle,
)
from headstart.studies.adapt import SPEC, Result, Tested
from headstart.studies.adapt.summary import RunRecords, metrics

BASELINES = {  # in a sentence, and after "over" on a card
    "from-scratch": ("training from scratch", "training from scratch"),
    "majority-class": ("always predicting the largest class", "the largest class"),
    "raw-pixels": ("learning from the raw numbers", "the raw numbers"),
    "word-counts": ("learning from counts of words", "counts of words"),
    "tag-shares": ("predicting each tag as often as in training", "each tag's share"),
    "mean": ("always predicting the mean", "the mean"),
}
PYTHON = """\
import headstart as hs

model = hs.open({model!r})
print(model.predict({item}))"""
USES = {  # by kind of sample: one in Python, one on the command line, and what to put in its place
    "pictures": ('["photo.jpg"]', "photo.jpg", "with your own file in place of photo.jpg"),
    "tables": ('"rows.csv"', "rows.csv", "with your own file in place of rows.csv"),
    "texts": ('["A text."]', "--text 'A text.'", "with a text of your own"),
}


# --- the headline


def headline(run: RunRecords) -> dict[str, Any]:
    """Headline, warnings, the large figure and the cards."""
    result, selected, metric = run.result, run.selected, get_metric(run.result.metric)
    figure = selected.scores.main_figure if selected else None
    return {
        "headline": result.headline or f"{run.title} was selected for {result.task}.",
        "warnings": [*result.warnings, *_newer(result.schema)],
        "metric": metric.title,
        "opened": capitalise(metric.title),
        "figure": metric.shown(figure) if figure else None,
        "unit": " %" if metric.is_share else "",
        "bar": _bar(figure) if figure else None,
        "say": [_accuracy(run, selected, metric), _gains(run)] if selected else [],
        "gains": [_gain_card(tested, gain, metric) for tested, gain in run.baselines],
        "facts": _facts(run),
    }


def _newer(schema: int) -> list[str]:
    newer = (
        f"These results have schema {schema}, and this version of headstart knows {SPEC.schema}: "
        "what is new in them is not shown."
    )
    return [newer] if schema > SPEC.schema else []


def _bar(figure: Interval) -> Interval:
    """Where a figure and its interval lie between 0 and 1, cut off there."""
    return Interval(*(min(1.0, max(0.0, value)) for value in (figure.value, figure.low, figure.high)))


def _accuracy(run: RunRecords, selected: Tested, metric: Metric) -> str:
    shown, kind = metric.shown(selected.scores.main_figure), run.result.label_kind
    unseen = f"On {pluralise(selected.scores.rows, 'test row')} that it had never seen, {run.title}"
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
    rows = f"{result.train_rows:,} to train, {result.test_rows:,} to test"
    return [
        ("rows", f"{result.train_rows + result.test_rows:,}", rows),
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


# --- all models on the held-out test part


def held_out(run: RunRecords) -> dict[str, Any]:
    """Scores of every tested model and the paired differences."""
    result, metric = run.result, get_metric(run.result.metric)
    title = capitalise(metric.title)
    figures = [(t.title, t.scores.main_figure, "" if t.gain else "selected") for t in result.tested]
    return {
        "say": [_promise(run, metric)],
        "headings": [get_metric(name).title for name in metrics(result)],
        "rows": [_row(model, metrics(result), metric) for model in result.tested],
        "metric": title,
        "gained": "Points gained" if metric.is_share else f"{title} gained",
        "figures": metric_dots(metric, figures, f"{title} on the test part"),
        "gains": _gain_figure(run, metric),
    }


def _promise(run: RunRecords, metric: Metric) -> str:
    """The score that cross-validation estimated, against that on the test part."""
    if not run.selected or not run.candidate or not run.candidate.scores:
        return ""
    estimated, measured = run.candidate.scores.main_figure, run.selected.scores.main_figure.value
    where = "inside that interval"
    if measured < estimated.low:
        where = "below that interval, so the choice was made on figures that were too good"
    elif measured > estimated.high:
        where = "above that interval"
    return (
        f"Cross-validation estimated {metric.shown(estimated)} for the selected method. "
        f"The test part, which took no part in the choice, gave {metric.value(measured)}, {where}."
    )


def _row(model: Tested, names: list[str], metric: Metric) -> dict[str, Any]:
    figures, gain = model.scores.figures, model.gain
    return {
        "title": model.title,
        "figures": [get_metric(name).shown(figures[name]) if name in figures else None for name in names],
        "parameters": short(model.trained_parameters),
        "gain": metric.gained(gain) if gain else None,
        "tone": tone(gain) if gain else "",
        "verdict": VERDICTS[tone(gain)] if gain else "",
    }


def _gain_figure(run: RunRecords, metric: Metric) -> str:
    gains = run.baselines
    if not gains:
        return ""
    rows = [Dot(model.title, gain, metric.change(gain.value), tone(gain)) for model, gain in gains]
    low, high = min(0.0, *(gain.low for _, gain in gains)), max(0.0, *(gain.high for _, gain in gains))
    axis = metric.change_axis(low, high, "points" if metric.is_share else metric.title)
    words = ", ".join(f"against {model.title} {metric.gained(gain)}" for model, gain in gains)
    title = f"{capitalise(metric.title)} gained by the selected model"
    return dots(rows, axis, f"{title} with 95 % intervals: {words}", zero=0.0)


# --- how to use the model


def use(run: RunRecords) -> dict[str, Any]:
    """Code for Python, the command line and the export, to copy."""
    name = run.folder.resolve().name
    model = f"{name}/model"
    item, arguments, own = USES.get(run.result.kind, USES["pictures"])
    blocks = [
        ("In Python", PYTHON.format(model=model, item=item)),
        ("On the command line", f"headstart predict {shlex.quote(model)} {arguments}"),
        ("As ONNX, for other programs", f"headstart export {shlex.quote(name)} model.onnx"),
    ]
    return {"say": [], "run": name, "own": own, "blocks": blocks}
