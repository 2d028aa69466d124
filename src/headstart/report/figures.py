"""Figures as inline SVG and HTML: no pixels, no network, colours by CSS variables.

Text keeps its size at any width: positions across are percentages and positions down are pixels. Lines and
bands of a plot are drawn in a box that is stretched, with strokes that are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, tostring

from headstart.records.record import Interval
from headstart.report.axis import Axis
from headstart.report.metric import Metric
from headstart.report.text import percent, shorten_middle

Point = tuple[float, float]
UNIT = 1000  # of the stretched box, each way
MANY = 8  # texts under an axis; of more, every second is left out on a phone
FEW = 3  # ticks whose texts all fit on a phone
LONGEST = 14  # letters of a class beside the confusion matrix


# --- elements that can't be broken by what is put into them


def tag(name: str, *children: Element | str, **attributes: str | float | None) -> Element:
    """An element; text and attributes are escaped when it is written.

    Args:
        name: of the element.
        children: elements, or text that comes before the first of them.
        attributes: `class_` becomes "class", `aria_label` "aria-label"; None is left out.
    """
    spelled = {k.rstrip("_").replace("_", "-"): v for k, v in attributes.items() if v is not None}
    element = Element(name, {k: v if isinstance(v, str) else number(v) for k, v in spelled.items()})
    for child in children:
        if isinstance(child, str):
            element.text = (element.text or "") + child
        else:
            element.append(child)
    return element


def number(value: float) -> str:
    """Two decimals at most and no trailing zeros: the same number gives the same text.

    >>> number(12.5), number(3.0), number(-0.001), number(1 / 3)
    ('12.5', '3', '0', '0.33')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def share(fraction: float) -> str:
    """A fraction of the width, as SVG writes it.

    >>> share(0.125)
    '12.5%'
    """
    return number(100 * fraction) + "%"


def written(element: Element) -> str:
    """The element as text for an HTML page."""
    return tostring(element, encoding="unicode", short_empty_elements=False)


# --- a plot with two axes


@dataclass
class Plot:
    """Axes, and what has been drawn on them so far.

    Attributes:
        x: the axis across.
        y: the axis upwards.
        height: of the plotting area, in pixels.
        slanted: whether the texts under the x axis are long and lean.
    """

    x: Axis
    y: Axis
    height: int = 260
    slanted: bool = False
    _shapes: list[Element] = field(default_factory=list)
    _marks: list[Element] = field(default_factory=list)

    def line(self, points: Sequence[Point], style: str) -> None:
        """A line through (x, y) values."""
        self._shapes.append(tag("path", class_=f"line {style}", d=self._path(points)))

    def band(self, upper: Sequence[Point], lower: Sequence[Point], style: str) -> None:
        """The area between two lines, each from left to right."""
        d = self._path([*upper, *reversed(lower)]) + "Z"
        self._shapes.append(tag("path", class_=f"band {style}", d=d))

    def intervals(self, points: Sequence[tuple[float, Interval]], style: str) -> None:
        """The area of intervals over x values; nothing without any."""
        if points:
            self.band([(x, each.high) for x, each in points], [(x, each.low) for x, each in points], style)

    def dot(self, point: Point, style: str, hover: str = "", radius: float = 4) -> None:
        """A dot, with a text that shows when pointed at."""
        title = [tag("title", hover)] if hover else []
        across, down = share(self.x.at(point[0])), self._down(point[1])
        mark = tag("circle", *title, class_=f"dot {style}", cx=across, cy=down, r=radius)
        self._marks.append(mark)

    def spot(self, point: Point, hover: str, shown: Element, side: float) -> None:
        """A place that shows a square of `side` pixels beside it while it is pointed at; above all before."""
        across, down = self.x.at(point[0]), self._down(point[1])
        left = -side * min(max((across - 0.1) / 0.8, 0), 1)  # so that it stays in the figure
        top = -side - 12 if down > side + 12 else 12
        place = {"x": left, "y": top, "width": side, "height": side}
        shown.attrib.update({name: number(value) for name, value in place.items()})
        beside = tag("svg", tag("rect", class_="back", **place), shown, x=share(across), y=down)
        beside.set("class", "corner")
        circle = tag("circle", tag("title", hover), class_="spot", cx=share(across), cy=down, r=8)
        self._marks += [circle, beside]

    def put(self, point: Point, element: Element) -> None:
        """An element whose origin lies at a point."""
        beside = tag("svg", element, x=share(self.x.at(point[0])), y=self._down(point[1]), class_="corner")
        self._marks.append(beside)

    def define(self, element: Element) -> None:
        """An element that others use by its id; it is not drawn itself."""
        self._marks.append(tag("defs", element))

    def bar(self, left: float, right: float, top: float, style: str, hover: str) -> None:
        """A bar that stands on the x axis, from `left` to `right`, as high as `top`."""
        start, end, down = self.x.at(left), self.x.at(right), self._down(top)
        size = {"x": share(start), "width": share(end - start), "y": number(down)}
        size["height"] = number(self.height - down)
        self._marks.append(tag("rect", tag("title", hover), class_=f"bar {style}", **size))

    def note(self, point: Point, text: str, anchor: str = "middle", lift: float = 12) -> None:
        """A short text `lift` pixels above a point."""
        where = {"x": share(self.x.at(point[0])), "y": number(self._down(point[1]) - lift)}
        self._marks.append(tag("text", text, class_="note", text_anchor=anchor, **where))

    def figure(self, label: str) -> str:
        """The plot as inline SVG; `label` says in words what it shows."""
        stretched = {"viewBox": f"0 0 {UNIT} {UNIT}", "preserveAspectRatio": "none"}
        size = {"width": "100%", "height": number(self.height)}
        shapes = tag("svg", *self._shapes, **stretched, **size)
        kind = "plot slanted" if self.slanted else "plot"
        drawn = tag("svg", *self._grid(), *self._titles(), shapes, *self._marks, class_=kind)
        drawn.attrib.update({"role": "img", "aria-label": label, "height": number(self.height)})
        return written(drawn)

    def _down(self, y: float) -> float:
        return self.height * (1 - self.y.at(y))

    def _path(self, points: Sequence[Point]) -> str:
        spots = [(UNIT * self.x.at(x), UNIT * (1 - self.y.at(y))) for x, y in points]
        return "M" + "L".join(f"{number(across)} {number(down)}" for across, down in spots)

    def _grid(self) -> list[Element]:
        drawn = []
        for value, text in self.y.ticks:
            y = self._down(value)
            drawn.append(tag("line", class_="grid", x1="0", x2="100%", y1=y, y2=y))
            drawn.append(tag("text", text, class_="tick", x=-8, y=y + 4, text_anchor="end"))
        many = len(self.x.ticks) > MANY
        for i, (value, text) in enumerate(self.x.ticks):
            drawn.append(self._under(value, text, "tick minor" if many and i % 2 else "tick"))
        return drawn

    def _under(self, value: float, text: str, kind: str) -> Element:
        across = share(self.x.at(value))
        if not self.slanted:
            place = {"x": across, "y": number(self.height + 18), "text_anchor": "middle"}
            return tag("text", text, class_=kind, **place)
        leaning = tag("text", text, class_=kind, text_anchor="end", transform="rotate(-45)")
        return tag("svg", leaning, x=across, y=self.height + 14, class_="corner")

    def _titles(self) -> list[Element]:
        drawn = []
        if self.y.title:
            drawn.append(tag("text", self.y.title, class_="axis", x=-46, y=-12))
        if self.x.title:
            y = self.height + (78 if self.slanted else 38)
            drawn.append(tag("text", self.x.title, class_="axis", x="100%", y=y, text_anchor="end"))
        return drawn


# --- figures with their intervals, one row a thing: a dot on a bar over a common scale


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
    drawn = [_dot_row(row, axis, zero) for row in rows]
    return written(tag("div", *drawn, _axis_row(axis), class_="dots", role="img", aria_label=label))


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


def _dot_row(row: Dot, axis: Axis, zero: float | None) -> Element:
    lines = [(value, "grid") for value, _ in axis.ticks] + ([] if zero is None else [(zero, "zero")])
    drawn = []
    for value, kind in lines:
        x = share(axis.at(value))
        drawn.append(tag("line", class_=kind, x1=x, x2=x, y1="0", y2="100%"))
    low, spot, high = (share(axis.at(v)) for v in (row.interval.low, row.interval.value, row.interval.high))
    drawn.append(tag("line", class_="span", x1=low, x2=high, y1="50%", y2="50%"))
    drawn.append(tag("circle", class_="dot", cx=spot, cy="50%", r=5.5))
    return tag(
        "div",
        tag("span", row.name, class_="dots-name"),
        tag("span", tag("svg", *drawn), class_="strip"),
        tag("span", row.text, class_="dots-value"),
        class_=f"dots-row {row.style}".strip(),
    )


def _axis_row(axis: Axis) -> Element:
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


# --- the confusion matrix as a table of coloured cells


def heat(names: list[str], counts: list[list[int]], totals: list[int]) -> dict[str, Any]:
    """The table for k classes, with one row a true class and one column a predicted one.

    Args:
        names: of the classes.
        counts: k x k, true class x predicted class.
        totals: k, the test rows of each true class, also those predicted to be of a class not shown.
    """
    k = len(names)
    heads = [(shorten_middle(name, LONGEST), name) for name in names]
    return {
        "size": "large" if k <= 8 else "medium" if k <= 20 else "small",
        "names": heads,
        "rows": [(heads[i], [_heat_cell(names, counts, totals, i, j) for j in range(k)]) for i in range(k)],
        "label": f"Confusion matrix of {k} classes, truth in rows and predictions in columns",
    }


def _heat_cell(
    names: list[str], counts: list[list[int]], totals: list[int], i: int, j: int
) -> dict[str, Any]:
    count = counts[i][j]
    part = count / totals[i] if totals[i] else 0.0
    return {
        "count": f"{count:,}" if count else "",
        "heat": f"{part if i == j else part**0.5:.2f}",  # the root, so that rare errors can be seen
        "right": i == j,
        "hover": f"{names[i]} predicted as {names[j]}: {count:,} ({percent(part)})",
    }
