"""Figures of a distillation: how good models are against what they take."""

from typing import Literal

from headstart.report.axis import Axis, powers
from headstart.report.figures import Plot
from headstart.report.metric import get_metric
from headstart.report.text import data_size, fixed, join_words, shorten_middle
from headstart.studies.distil import (
    ALONE,
    DISTILLED,
    INT8,
    SCRATCH,
    SMOOTHED,
    TEACHER,
    ComparedModel,
    Distillation,
)

LEGEND = {  # style and title by role, in the order of the legend
    TEACHER: ("s3", "teacher"),
    DISTILLED: ("s1", "distilled"),
    INT8: ("s4", "distilled, int8"),
    ALONE: ("s2", "on labels alone"),
    SMOOTHED: ("s5", "with label smoothing"),
    SCRATCH: ("s6", "from scratch"),
}
AIR = (0.1, 0.012)  # above and below the intervals, for names
LONGEST = 16  # letters of a name
EDGE = 0.12  # share of the axis at its ends where names begin or end at their dots
Cost = Literal["bytes", "seconds"]


def milliseconds(seconds: float) -> str:
    """A short time.

    >>> [milliseconds(one).replace(chr(160), " ") for one in (0.00042, 0.0084, 0.123, 2.5)]
    ['0.42 ms', '8.4 ms', '123 ms', '2.5 s']
    """
    if seconds >= 1:
        return f"{fixed(seconds, 1)}\u00a0s"
    value = 1000 * seconds
    return f"{fixed(value, 2 if value < 1 else 1 if value < 100 else 0)}\u00a0ms"


def plot_costs(record: Distillation, cost: Cost) -> str:
    """Dots with intervals of all models against what they take; "" where that is not known of two."""
    shown = [row for row in record.rows if cost_of(row, cost)]
    metric, text = get_metric(record.metric), data_size if cost == "bytes" else milliseconds
    if len({cost_of(row, cost) for row in shown}) < 2:
        return ""
    title = "weights" if cost == "bytes" else "time of one row"
    x = powers([cost_of(row, cost) for row in shown], text, title)
    ends = [end for row in shown for end in (row.figure.low, row.figure.high)]
    plot = Plot(x, metric.axis(ends, metric.title, air=AIR), 300)
    _join(record, plot, cost)
    for row in sorted(shown, key=lambda row: [*LEGEND].index(row.role), reverse=True):
        style, at = LEGEND[row.role][0], cost_of(row, cost)
        if row.role in (TEACHER, DISTILLED, INT8):
            plot.line([(at, row.figure.low), (at, row.figure.high)], style)
        hover = f"{_name(row)}: {metric.value(row.figure.value)}, {text(at)}"
        plot.dot((at, row.figure.value), style, hover, 6 if row.role in (TEACHER, DISTILLED) else 4)
    for row in shown:
        if row.role in (TEACHER, DISTILLED):
            at = cost_of(row, cost)
            label = shorten_middle("teacher" if row.role == TEACHER else row.student, LONGEST)
            plot.note((at, row.figure.high), label, _anchor(x, at), 8)
    values = join_words(
        [f"{_name(row)} {metric.value(row.figure.value)} at {text(cost_of(row, cost))}" for row in shown]
    )
    return plot.figure(f"{metric.title} against {title}: {values}")


def cost_of(row: ComparedModel, cost: Cost) -> float:
    """Bytes, or seconds of one row; 0 where they are not known."""
    return float((row.cost.bytes if cost == "bytes" else row.cost.seconds) or 0.0)


def _join(record: Distillation, plot: Plot, cost: Cost) -> None:
    """A line between each student distilled and itself on labels alone."""
    for student in record.students:
        pair = [record.row(student.name, role) for role in (ALONE, DISTILLED)]
        points = [(cost_of(row, cost), row.figure.value) for row in pair if row is not None]
        if len(points) == 2 and all(x for x, _ in points):
            plot.line(points, "rest")


def _name(row: ComparedModel) -> str:
    return "teacher" if row.role == TEACHER else f"{row.student}, {row.title}"


def _anchor(x: Axis, at: float) -> str:
    place = x.at(at)
    return "start" if place < EDGE else "end" if place > 1 - EDGE else "middle"
