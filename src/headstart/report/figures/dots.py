"""Figures with their intervals, one row a thing: a dot on a bar over a common scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from headstart.records.record import Interval
from headstart.report.metric import Metric

from .axis import Axis
from .svg import share, tag, written

FEW = 3  # ticks whose texts all fit on a phone


@dataclass(frozen=True)
class Dot:
    """A row of the figure."""

    name: str
    interval: Interval
    text: str  # the value in words, at the right
    style: str = ""  # "selected", "faint", "good", "bad" or ""


def dots(rows: Sequence[Dot], axis: Axis, label: str, zero: float | None = None) -> str:
    """Rows of dots on bars.

    Args:
        rows: from the top.
        axis: the common scale.
        label: what the figure shows, in words, for those who can't see it.
        zero: a value that is marked by a heavier line; None marks none.
    """
    drawn = [_row(row, axis, zero) for row in rows]
    return written(tag("div", *drawn, _axis(axis), class_="dots", role="img", aria_label=label))


def metric_dots(metric: Metric, figures: Sequence[tuple[str, Interval, str]], title: str) -> str:
    """Figures of one metric with their 95 % intervals; "" of none.

    Args:
        metric: how they are written.
        figures: name, figure and style, from the top.
        title: what the figures are.
    """
    if not figures:
        return ""
    rows = [Dot(name, figure, metric.value(figure.value), style) for name, figure, style in figures]
    ends = [value for _, figure, _ in figures for value in (figure.low, figure.high)]
    words = ", ".join(f"{name} {metric.shown(figure)}" for name, figure, _ in figures)
    return dots(rows, metric.axis(ends, metric.title, 5), f"{title} with 95 % intervals: {words}")


def _row(row: Dot, axis: Axis, zero: float | None) -> Element:
    middle = "50%"
    lines = [(value, "grid") for value, _ in axis.ticks]
    lines += [] if zero is None else [(zero, "zero")]
    drawn = [
        tag("line", class_=kind, x1=share(axis.at(v)), x2=share(axis.at(v)), y1="0", y2="100%")
        for v, kind in lines
    ]
    low, high = share(axis.at(row.interval.low)), share(axis.at(row.interval.high))
    drawn.append(tag("line", class_="span", x1=low, x2=high, y1=middle, y2=middle))
    spot = share(axis.at(row.interval.value))
    drawn.append(tag("circle", class_="dot", cx=spot, cy=middle, r=5.5))
    return tag(
        "div",
        tag("span", row.name, class_="dots-name"),
        tag("span", tag("svg", *drawn), class_="strip"),
        tag("span", row.text, class_="dots-value"),
        class_=f"dots-row {row.style}".strip(),
    )


def _axis(axis: Axis) -> Element:
    texts = []
    for i, (value, text) in enumerate(axis.ticks):
        kind = "tick minor" if i % 2 and len(axis.ticks) > FEW else "tick"
        texts.append(tag("text", text, class_=kind, x=share(axis.at(value)), y=14))
    return tag(
        "div",
        tag("span", axis.title, class_="dots-name axis"),
        tag("svg", *texts, height=18),
        tag("span", class_="dots-value"),
        class_="dots-row dots-axis",
    )
