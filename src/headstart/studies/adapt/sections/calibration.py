"""Whether the model is right as often as it says."""

from typing import Any, NamedTuple

from headstart.records.record import Bin
from headstart.report.figures.axis import Axis, linear
from headstart.report.figures.plot import Plot
from headstart.report.metric import get_metric
from headstart.report.text import percent, pluralise, round_percent
from headstart.studies.adapt.run_records import Given

HALF = 0.02  # of the width of a bar


class Words(NamedTuple):
    """How calibration is told."""

    one: str  # what is counted
    many: str
    sure: str  # across
    right: str  # upwards
    average: str
    each: str
    titles: tuple[str, str]
    diagonal: str  # under the two figures
    counts: str


ROWS = Words(
    "row",
    "rows",
    "confidence",
    "right",
    "On average the model says {says} and is right {right} of the time",
    "says {says}, is right {right}",
    ("How often it is right", "How sure it is"),
    "On the dashed line a model is right as often as it says; below it, it is too sure. Larger dots hold "
    "more rows.",
    "Test rows by the confidence of their answer.",
)
TAGS = Words(
    "pair",
    "pairs",
    "probability",
    "so",
    "On average over all pairs of a row and a tag the model gives the tag {says}; {right} of them have it",
    "given {says}, so in {right}",
    ("How often a tag is there", "How probable tags are"),
    "On the dashed line a tag is there as often as its probability says; below it, the model is too sure. "
    "Larger dots hold more pairs of a row and a tag.",
    "Pairs of a test row and a tag by the probability of the tag.",
)


def view(given: Given) -> dict[str, Any]:
    """The reliability diagram and the counts."""
    bins = [b for b in given.result.bins if b.rows]
    if not bins:
        return {"say": ["This run recorded no confidences."], "figure": "", "counts": ""}
    words = TAGS if given.result.label_kind == "tags" else ROWS
    say = [_verdict(bins, words)]
    if given.chosen and "calibration_error" in given.chosen.scores.figures:
        error = get_metric("calibration_error").shown(given.chosen.scores["calibration_error"])
        say.append(f"The expected calibration error is {error}; 0 is perfect.")
    return {
        "say": say,
        "words": words,
        "figure": _reliability(bins, words),
        "counts": _counts(bins, words),
    }


def _verdict(bins: list[Bin], words: Words) -> str:
    """Over-confident, under-confident, or neither by more than two standard errors."""
    rows = sum(b.rows for b in bins)
    says = sum(b.rows * b.confidence for b in bins) / rows
    right = sum(b.rows * b.accuracy for b in bins) / rows
    spread = sum(b.rows * b.accuracy * (1 - b.accuracy) for b in bins) ** 0.5 / rows
    told = words.average.format(says=percent(says), right=percent(right))
    gap = says - right
    if abs(gap) <= 2 * spread:
        return f"{told}: that difference is within chance, so it is neither over- nor under-confident."
    kind = "over-confident" if gap > 0 else "under-confident"
    return f"{told}: it is {kind} by {get_metric('calibration_error').size(abs(gap))}."


def _percents() -> Axis:
    return linear(0, 1, round_percent, most=6)


def _reliability(bins: list[Bin], words: Words) -> str:
    base = _percents()
    x, y = Axis(0, 1, base.ticks, words.sure), Axis(0, 1, base.ticks, words.right)
    plot = Plot(x, y, 280)
    plot.line([(0, 0), (1, 1)], "ideal")
    ordered = sorted(bins, key=lambda b: b.confidence)
    plot.line([(b.confidence, b.accuracy) for b in ordered], "s1")
    most = max(b.rows for b in bins)
    for b in ordered:
        size = 3 + 6 * (b.rows / most) ** 0.5
        plot.dot((b.confidence, b.accuracy), "s1", _hover(b, words), size)
    told = [words.each.format(says=percent(b.confidence), right=percent(b.accuracy)) for b in ordered]
    return plot.figure(f"Reliability diagram of {len(bins)} bins: {'; '.join(told)}")


def _counts(bins: list[Bin], words: Words) -> str:
    x = Axis(0, 1, _percents().ticks, words.sure)
    most = max(b.rows for b in bins)
    plot = Plot(x, linear(0, most, lambda v: f"{v:,.0f}" if v % 1 == 0 else "", words.many, 6), 280)
    for b in bins:
        plot.bar(b.confidence - HALF, b.confidence + HALF, b.rows, "s1", _hover(b, words))
    told = [f"{percent(b.confidence)} {pluralise(b.rows, words.one)}" for b in bins]
    return plot.figure(f"Test {words.many} by {words.sure}: {', '.join(told)}")


def _hover(b: Bin, words: Words) -> str:
    each = words.each.format(says=percent(b.confidence), right=percent(b.accuracy))
    return f"{pluralise(b.rows, words.one)}: {each}"
