"""The answer first: how good the model is, and against what."""

from typing import Any

from headstart.records.record import Interval
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
from headstart.studies.adapt import SPEC, Tested
from headstart.studies.adapt.run_records import Given

BASELINES = {
    "from-scratch": "training from scratch",
    "majority-class": "always answering the largest class",
    "raw-pixels": "learning from the raw numbers",
    "word-counts": "learning from counts of words",
    "tag-shares": "telling each tag as often as in training",
    "mean": "always telling the mean",
}
SHORT = {
    "from-scratch": "over training from scratch",
    "majority-class": "over the largest class",
    "raw-pixels": "over the raw numbers",
    "word-counts": "over counts of words",
    "tag-shares": "over each tag's share",
    "mean": "over the mean",
}


def view(given: Given) -> dict[str, Any]:
    """Headline, warnings, the large figure and the cards."""
    result, chosen, metric = given.result, given.chosen, get_metric(given.result.metric)
    return {
        "headline": result.headline or f"{given.title} was selected for {result.task}.",
        "warnings": [*result.warnings, *_newer(result.schema)],
        "metric": metric.title,
        "opened": capitalise(metric.title),
        "figure": metric.shown(chosen.scores.main_figure) if chosen else None,
        "unit": " %" if metric.is_share else "",
        "bar": _bar(chosen.scores.main_figure) if chosen else None,
        "say": [_answers(given, chosen, metric), _gains(given.baselines)] if chosen else [],
        "gains": [_gain_card(t, t.gain, metric) for t in given.baselines if t.gain],
        "facts": _facts(given),
    }


def baseline(tested: Tested) -> str:
    """A baseline as part of a sentence."""
    return BASELINES.get(tested.name, tested.title[:1].lower() + tested.title[1:])


def _bar(figure: Interval) -> Interval:
    """Where a figure and its interval lie between 0 and 1, cut off there."""
    return Interval(*(min(1.0, max(0.0, value)) for value in (figure.value, figure.low, figure.high)))


def _answers(given: Given, chosen: Tested, metric: Metric) -> str:
    shown = metric.shown(chosen.scores.main_figure)
    seen = f"On {pluralise(chosen.scores.rows, 'test row')} that it had never seen, {given.title}"
    if given.result.label_kind == "numbers":
        return f"{seen} {_off(given, chosen)}"
    if given.result.label_kind == "tags":
        exact = percent(chosen.scores["exact_match"].value)
        return (
            f"{seen} had an average precision of {shown.value} (95{SPACE}% interval {shown.interval}): "
            f"when all rows are sorted by the probability of a tag, it is the share of rows with it down to "
            f"each of them, on average. For {exact} of the rows all tags were right."
        )
    return f"{seen} was right {shown.value} of the time; the 95{SPACE}% interval is {shown.interval}{SPACE}%."


def _off(given: Given, chosen: Tested) -> str:
    """The typical error in the target's units, and what explaining means."""
    r2, columns = get_metric("r2").shown(chosen.scores["r2"]), given.result.columns
    share = f"R² is {r2.value} (95{SPACE}% interval {r2.interval}): "
    if chosen.scores["r2"].value > 0:
        share += "that share of the variance is explained."
    else:
        share += "it is no better than always telling the mean."
    if len(columns) == 1:
        error, mean = (
            get_metric("mae").shown(columns[0].mae),
            get_metric("mae").value(columns[0].mean_mae),
        )
        return (
            f"was off by {error.value} on average (95{SPACE}% interval {error.interval}); always telling the "
            f"mean is off by {mean}. {share}"
        )
    mae = get_metric("mae")
    parts = [f"{mae.value(c.mae.value)} ({c.name}; the mean {mae.value(c.mean_mae)})" for c in columns]
    return f"was off by {join_words(parts)} on average. {share}"


def _gains(baselines: list[Tested]) -> str:
    by_tone: dict[str, list[str]] = {"good": [], "bad": [], "even": []}
    for tested in baselines:
        if tested.gain:
            by_tone[tone(tested.gain)].append(baseline(tested))
    parts = []
    if by_tone["good"]:
        parts.append(f"it is clearly better than {join_words(by_tone['good'])}")
    if by_tone["bad"]:
        parts.append(f"it is clearly worse than {join_words(by_tone['bad'])}")
    if by_tone["even"]:
        parts.append(f"there is no clear difference from {join_words(by_tone['even'])}")
    return capitalise("; ".join(parts)) + "." if parts else "It was compared with nothing else."


def _gain_card(tested: Tested, gain: Interval, metric: Metric) -> dict[str, str]:
    shown = metric.gained(gain)
    return {
        "label": SHORT.get(tested.name, f"over {baseline(tested)}"),
        "value": shown.value,
        "detail": shown.interval,
        "tone": tone(gain),
        "verdict": VERDICTS[tone(gain)],
    }


def _facts(given: Given) -> list[tuple[str, str, str]]:
    result = given.result
    rows = f"{result.train_rows + result.test_rows:,}"
    known = f"{short(result.backbone_parameters)} parameters"
    facts = [
        ("rows", rows, f"{result.train_rows:,} to train, {result.test_rows:,} to test"),
        _outputs(given),
        ("backbone", result.backbone, known),
    ]
    if given.timings:
        facts.append(("time", seconds(given.timings.total_seconds), given.timings.machine))
    return facts


def _outputs(given: Given) -> tuple[str, str, str]:
    """How many classes, tags or numbers there are."""
    result, many = given.result, f"{len(given.result.classes):,}"
    if result.label_kind == "tags":
        rate = sum(result.check.classes.values()) / max(1, result.check.rows)
        return "tags", many, f"a row has {rate:.1f} on average"
    if result.label_kind == "numbers":
        names = join_words([shorten_middle(name, 24) for name in result.classes[:3]])
        more = f" and {len(result.classes) - 3} more" if len(result.classes) > 3 else ""
        return "numbers a row", many, names + more
    return "classes", many, f"chance is {percent(1 / len(result.classes))}"


def _newer(schema: int) -> list[str]:
    if schema <= SPEC.schema:
        return []
    newer = (
        f"These results have schema {schema}, and this version of headstart knows {SPEC.schema}: "
        "what is new in them is not shown."
    )
    return [newer]
