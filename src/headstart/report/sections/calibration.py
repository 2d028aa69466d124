"""Whether the model is right as often as it says."""

from typing import Any

from headstart.report.figures.axis import Axis, linear
from headstart.report.figures.plot import Plot
from headstart.report.given import Given
from headstart.report.words import counted, in_percent, percent, points, round_percent
from headstart.study.records import Bin

HALF = 0.02  # of the width of a bar


def view(given: Given) -> dict[str, Any]:
    """The reliability diagram and the counts."""
    bins = [b for b in given.result.bins if b.rows]
    if not bins:
        return {"say": ["This run recorded no confidences."], "figure": "", "counts": ""}
    say = [_verdict(bins)]
    if given.chosen:
        error = in_percent(given.chosen.scores.calibration_error)
        say.append(f"The expected calibration error is {error}; 0 is perfect.")
    return {"say": say, "figure": _reliability(bins), "counts": _counts(bins)}


def _verdict(bins: list[Bin]) -> str:
    """Over-confident, under-confident, or neither by more than two standard errors."""
    rows = sum(b.rows for b in bins)
    says = sum(b.rows * b.confidence for b in bins) / rows
    right = sum(b.rows * b.accuracy for b in bins) / rows
    spread = sum(b.rows * b.accuracy * (1 - b.accuracy) for b in bins) ** 0.5 / rows
    told = f"On average the model says {percent(says)} and is right {percent(right)} of the time"
    gap = says - right
    if abs(gap) <= 2 * spread:
        return f"{told}: that difference is within chance, so it is neither over- nor under-confident."
    kind = "over-confident" if gap > 0 else "under-confident"
    return f"{told}: it is {kind} by {points(abs(gap)).removeprefix('+')}."


def _percents() -> Axis:
    return linear(0, 1, round_percent, most=6)


def _reliability(bins: list[Bin]) -> str:
    base = _percents()
    x, y = Axis(0, 1, base.ticks, "confidence"), Axis(0, 1, base.ticks, "right")
    plot = Plot(x, y, 280)
    plot.line([(0, 0), (1, 1)], "ideal")
    ordered = sorted(bins, key=lambda b: b.confidence)
    plot.line([(b.confidence, b.accuracy) for b in ordered], "s1")
    most = max(b.rows for b in bins)
    for b in ordered:
        size = 3 + 6 * (b.rows / most) ** 0.5
        plot.dot((b.confidence, b.accuracy), "s1", _hover(b), size)
    told = [f"says {percent(b.confidence)}, is right {percent(b.accuracy)}" for b in ordered]
    return plot.figure(f"Reliability diagram of {len(bins)} bins: {'; '.join(told)}")


def _counts(bins: list[Bin]) -> str:
    x = Axis(0, 1, _percents().ticks, "confidence")
    most = max(b.rows for b in bins)
    plot = Plot(x, linear(0, most, lambda v: f"{v:,.0f}" if v % 1 == 0 else "", "rows", 6), 280)
    for b in bins:
        plot.bar(b.confidence - HALF, b.confidence + HALF, b.rows, "s1", _hover(b))
    told = [f"{percent(b.confidence)} {counted(b.rows, 'row')}" for b in bins]
    return plot.figure(f"Test rows by confidence: {', '.join(told)}")


def _hover(b: Bin) -> str:
    return f"{counted(b.rows, 'row')}: says {percent(b.confidence)}, is right {percent(b.accuracy)}"
