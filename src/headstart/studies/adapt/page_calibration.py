"""Whether probabilities can be believed: the reliability diagram, and how sure the model is."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from headstart.metrics.shares import wilson_of
from headstart.records.record import Bin
from headstart.report.axis import linear
from headstart.report.figures import Plot
from headstart.report.metric import get_metric
from headstart.report.text import percent, pluralise, round_percent, whole
from headstart.studies.adapt.summary import RunRecords

ERROR = get_metric("calibration_error")
ENOUGH = 10  # rows of a bin whose accuracy is drawn
MOST_BINS = 15
HALF = 0.02  # of the width of a bar


class Words(NamedTuple):
    """How calibration is put, by kind of label."""

    row: str  # what is counted
    x: str
    y: str
    average: str
    each: str


ROWS = Words(
    "row",
    "confidence",
    "right",
    "The mean confidence is {confidence} and the accuracy {accuracy}",
    "confidence {confidence}, accuracy {accuracy}",
)
TAGS = Words(
    "pair",
    "probability",
    "so",
    "On average over all pairs of a row and a tag the model gives the tag {confidence}; {accuracy} of them "
    "have it",
    "given {confidence}, so in {accuracy}",
)


def calibration(run: RunRecords) -> dict[str, Any] | None:
    """The reliability diagram and the counts; None if no confidences were recorded."""
    bins = [each for each in run.result.bins if each.rows]
    if not bins:
        return None
    words = TAGS if run.result.label_kind == "tags" else ROWS
    cut = run.result.two_classes  # whose accuracy is told elsewhere
    at_half = (
        " (where the more probable class is predicted, at a threshold of 0.5)" if cut and cut.rule else ""
    )
    say = [_verdict(bins, words, at_half)]
    if run.selected and "calibration_error" in run.selected.scores.figures:
        error = ERROR.shown(run.selected.scores["calibration_error"])
        say.append(f"The expected calibration error is {error}; 0 is perfect.")
    drawn = {"figure": _reliability(bins, words), "counts": _counts(bins, words)}
    return {"say": say, "tags": words is TAGS, **drawn}


def _verdict(bins: list[Bin], words: Words, at_half: str) -> str:
    """Over-confident, under-confident, or neither by more than two standard errors."""
    rows = sum(b.rows for b in bins)
    confidence = sum(b.rows * b.confidence for b in bins) / rows
    accuracy = sum(b.rows * b.accuracy for b in bins) / rows
    spread = sum(b.rows * b.accuracy * (1 - b.accuracy) for b in bins) ** 0.5 / rows
    averages = words.average.format(confidence=percent(confidence), accuracy=percent(accuracy) + at_half)
    gap = confidence - accuracy
    if abs(gap) <= 2 * spread:
        return f"{averages}: that difference is within chance, so it is neither over- nor under-confident."
    kind = "over-confident" if gap > 0 else "under-confident"
    return f"{averages}: it is {kind} by {ERROR.size(abs(gap))}."


def _each(b: Bin, words: Words) -> str:
    return words.each.format(confidence=percent(b.confidence), accuracy=percent(b.accuracy))


def _reliability(bins: list[Bin], words: Words) -> str:
    x, y = (linear(0, 1, round_percent, title) for title in (words.x, words.y))
    plot = Plot(x, y, 280)
    plot.line([(0, 0), (1, 1)], "ideal")
    ordered = merged(bins)
    if len(ordered) > 2:
        plot.line([(b.confidence, b.accuracy) for b in ordered], "s1")
    most = max(b.rows for b in ordered)
    for b in ordered:
        _, low, high = wilson_of(b.accuracy, b.rows)
        plot.line([(b.confidence, low), (b.confidence, high)], "s1 whisker")
        hover = f"{pluralise(b.rows, words.row)}: {_each(b, words)} ({percent(low)} to {percent(high)})"
        plot.dot((b.confidence, b.accuracy), "s1", hover, 3 + 6 * (b.rows / most) ** 0.5)
    each = "; ".join(_each(b, words) for b in ordered)
    return plot.figure(f"Reliability diagram of {pluralise(len(ordered), 'bin')}: {each}")


def merged(bins: list[Bin]) -> list[Bin]:
    """Neighbouring bins together, by rising confidence, so that each has rows enough to say something."""
    least = max(ENOUGH, sum(b.rows for b in bins) // MOST_BINS)
    found: list[Bin] = []
    for b in sorted(bins, key=lambda b: b.confidence):
        if found and found[-1].rows < least:
            found[-1] = _together(found[-1], b)
        else:
            found.append(b)
    if len(found) > 1 and found[-1].rows < least:
        found[-2:] = [_together(*found[-2:])]
    return found


def _together(a: Bin, b: Bin) -> Bin:
    rows = a.rows + b.rows
    confidence = (a.confidence * a.rows + b.confidence * b.rows) / rows
    return Bin(confidence, (a.accuracy * a.rows + b.accuracy * b.rows) / rows, rows)


def _counts(bins: list[Bin], words: Words) -> str:
    many = f"{words.row}s"
    plot = Plot(linear(0, 1, round_percent, words.x), linear(0, max(b.rows for b in bins), whole, many), 280)
    for b in bins:
        hover = f"{pluralise(b.rows, words.row)}: {_each(b, words)}"
        plot.bar(b.confidence - HALF, b.confidence + HALF, b.rows, "s1", hover)
    each = ", ".join(f"{percent(b.confidence)} {pluralise(b.rows, words.row)}" for b in bins)
    return plot.figure(f"Test {many} by {words.x}: {each}")


def calibration_section(run: RunRecords) -> Iterator[dict[str, Any]]:
    """The same as a section of the pages of other studies, if there is one."""
    if (shown := calibration(run)) is not None:
        yield {
            "id": "calibration",
            "heading": "Can its probabilities be believed?",
            "say": shown["say"],
            "figure": shown["figure"],
            "legend": [],
            "caption": "Confidence against accuracy with 95 % intervals; on the dashed line both are equal.",
        }
