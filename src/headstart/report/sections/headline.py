"""The answer first: how good the model is, and against what."""

from typing import Any

from headstart.report.given import Given
from headstart.report.words import (
    SPACE,
    counted,
    in_percent,
    in_points,
    listed,
    opened,
    percent,
    seconds,
    short,
)
from headstart.study.records import SCHEMA, Interval, Tested

BASELINES = {
    "from-scratch": "training from scratch",
    "majority-class": "always answering the largest class",
    "raw-pixels": "learning from raw pixels",
    "word-counts": "learning from counts of words",
    "columns": "logistic regression on the columns",
}
SHORT = {
    "from-scratch": "over training from scratch",
    "majority-class": "over the largest class",
    "raw-pixels": "over raw pixels",
    "word-counts": "over counts of words",
    "columns": "over logistic regression on the columns",
}
VERDICTS = {"good": "better", "bad": "worse", "even": "no clear difference"}


def view(given: Given) -> dict[str, Any]:
    """Headline, warnings, the large figure and the cards."""
    result, chosen = given.result, given.chosen
    return {
        "headline": result.headline or f"{given.title} was selected for {result.task}.",
        "warnings": [*result.warnings, *_newer(result.schema)],
        "accuracy": in_percent(chosen.scores.accuracy) if chosen else None,
        "bar": chosen.scores.accuracy if chosen else None,
        "say": [_accuracy(given, chosen), _gains(given.baselines)] if chosen else [],
        "gains": [_gain_card(t.title, t.name, t.gain) for t in given.baselines if t.gain],
        "facts": _facts(given),
    }


def baseline(tested: Tested) -> str:
    """A baseline as part of a sentence."""
    return BASELINES.get(tested.name, tested.title)


def tone(gain: Interval) -> str:
    """Whether a gain is "good", "bad" or "even": its interval reaches zero."""
    if gain.low > 0:
        return "good"
    return "bad" if gain.high < 0 else "even"


def _accuracy(given: Given, chosen: Tested) -> str:
    shown = in_percent(chosen.scores.accuracy)
    rows = counted(chosen.scores.rows, "test row")
    return (
        f"On {rows} that it had never seen, {given.title} was right {shown.value} of the time; "
        f"the 95{SPACE}% interval is {shown.interval}{SPACE}%."
    )


def _gains(baselines: list[Tested]) -> str:
    by_tone: dict[str, list[str]] = {"good": [], "bad": [], "even": []}
    for tested in baselines:
        if tested.gain:
            by_tone[tone(tested.gain)].append(baseline(tested))
    parts = []
    if by_tone["good"]:
        parts.append(f"it is clearly better than {listed(by_tone['good'])}")
    if by_tone["bad"]:
        parts.append(f"it is clearly worse than {listed(by_tone['bad'])}")
    if by_tone["even"]:
        parts.append(f"there is no clear difference from {listed(by_tone['even'])}")
    return opened("; ".join(parts)) + "." if parts else "It was compared with nothing else."


def _gain_card(title: str, name: str, gain: Interval) -> dict[str, str]:
    shown = in_points(gain)
    return {
        "label": SHORT.get(name, f"over {title}"),
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
        ("classes", f"{len(result.classes):,}", f"chance is {percent(1 / len(result.classes))}"),
        ("backbone", result.backbone, known),
    ]
    if given.timings:
        facts.append(("time", seconds(given.timings.total_seconds), given.timings.machine))
    return facts


def _newer(schema: int) -> list[str]:
    if schema <= SCHEMA:
        return []
    told = (
        f"These results have schema {schema}, and this version of headstart knows {SCHEMA}: "
        "what is new in them is not shown."
    )
    return [told]
