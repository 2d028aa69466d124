"""Panels of a claim's figure: curves with their bands over x, or marks in rows; alike in all of a figure."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from headstart.records.claims import Curve, Mark, Panel
from headstart.records.record import Interval
from headstart.report.axis import Axis, around, linear, powers
from headstart.report.figures import Dot, Plot, Point, dots, tag
from headstart.report.metric import Metric
from headstart.report.text import amount, minus, significant

COLOURS = 6
LETTER = 6.6  # pixels of a letter of a tick, about
NARROWEST = 215.0  # pixels of a plot on a page that has three beside each other, and on a phone about
FEW = 12  # points of a curve, each of which gets a marker
SHAPES = {  # of markers, so that curves differ by more than by their colours
    "circle": "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z",
    "square": "M-3.5 -3.5H3.5V3.5H-3.5Z",
    "triangle": "M0 -4.6L4.4 3.4H-4.4Z",
    "diamond": "M0 -5L5 0L0 5L-5 0Z",
    "turned": "M0 4.6L4.4 -3.4H-4.4Z",
    "bar": "M-5 -2H5V2H-5Z",
}
DASHED = ("base d2", "rest d3", "base d4")
SHARE = Metric("share", "share", "share")


@dataclass(frozen=True)
class Look:
    """How what has one name is drawn in all panels of a figure."""

    line: str  # classes of the line and its band
    marker: str = ""  # of `SHAPES`; "" of none
    faint: bool = False

    @property
    def colour(self) -> str:
        """Class of the colour alone."""
        return self.line.split()[0]


def looks(panels: Sequence[Panel]) -> dict[str, Look]:
    """The look of each name: colours and markers in turn, ink for dashed lines."""
    found: dict[str, Look] = {}
    for panel in panels:
        for curve in panel.curves:
            if curve.name not in found:
                found[curve.name] = _dashed(found) if curve.dashed else _solid(curve, panel, found)
    return found


def _dashed(found: dict[str, Look]) -> Look:
    return Look(DASHED[sum(look.line in DASHED for look in found.values()) % len(DASHED)])


def _solid(curve: Curve, panel: Panel, found: dict[str, Look]) -> Look:
    """The next colour; when all are taken, one that this panel does not have."""
    here = {found[one.name].colour for one in panel.curves if one.name in found}
    first = sum(look.line not in DASHED for look in found.values())
    places = [(first + step) % COLOURS for step in range(COLOURS)]
    place = next((each for each in places if f"s{each + 1}" not in here), places[0])
    marker = "" if curve.faint or len(curve.x) > FEW else list(SHAPES)[place]
    return Look(f"s{place + 1} d1", marker, curve.faint)


# --- axes


def value_axes(panels: Sequence[Panel]) -> list[Axis]:
    """The axis of the values of each panel; panels of curves of the same quantity have the same."""
    alike: dict[tuple[object, ...], list[Panel]] = {}
    for panel in panels:
        alike.setdefault(_quantity(panel), []).append(panel)
    return [_value_axis(panel, alike[_quantity(panel)]) for panel in panels]


def _quantity(panel: Panel) -> tuple[object, ...]:
    return panel.y, panel.share, bool(panel.curves), "" if panel.curves else panel.title


def _value_axis(panel: Panel, alike: Sequence[Panel]) -> Axis:
    values = [value for one in alike for value in _values(one)] or [0.0, 1.0]
    most = 6 if panel.curves else 5
    if not panel.share:
        axis = around(values, amount)
        return linear(axis.low, axis.high, amount, panel.y, most)
    if differs(panel):
        unit = "" if "points" in panel.y else ", points"
        return SHARE.change_axis(min(values), max(values), panel.y + unit, most)
    return SHARE.axis(values, panel.y, most)


def level(panel: Panel) -> float | None:
    """Where the heavier line is drawn; None if chance lies so far off that it would hide the differences."""
    if not panel.zero:
        return panel.zero
    drawn = list(_drawn(panel))
    low, high = min(drawn), max(drawn)
    gap = max(low - panel.zero, panel.zero - high)
    return panel.zero if gap <= high - low else None


def _values(panel: Panel) -> Iterator[float]:
    """All that the axis has to hold."""
    if (line := level(panel)) is not None:
        yield line
    yield from _drawn(panel)


def _drawn(panel: Panel) -> Iterator[float]:
    """Values and the ends of their intervals; of shares that are no differences, these end at 0 and 1."""
    for each in map(bounded(panel), _intervals(panel)):
        yield from (each.value, each.low, each.high)
    yield from (y for _, y in panel.points)


def _intervals(panel: Panel) -> list[Interval]:
    return [*(mark.y for mark in panel.marks), *(y for curve in panel.curves for y in curve.y)]


def differs(panel: Panel) -> bool:
    """Whether shares are differences, in points."""
    return panel.share and (panel.zero == 0 or any(each.value < 0 for each in _intervals(panel)))


def bounded(panel: Panel) -> Callable[[Interval], Interval]:
    """What keeps intervals within [0, 1] where they are of shares that are no differences."""
    if not panel.share or differs(panel):
        return lambda each: each
    return lambda each: Interval(each.value, max(each.low, 0.0), min(each.high, 1.0))


def across(panel: Panel, pixels: float = NARROWEST) -> Axis:
    """The axis that curves run over; `pixels` is the width of the plot."""
    values = [x for curve in panel.curves for x in curve.x] + [x for x, _ in panel.points]
    low, high = min(values), max(values)
    if low == high:
        return Axis(low - 1, high + 1, ((low, amount(low)),), panel.x)
    whole = sorted(set(values))
    if panel.log and low > 0:
        ends = powers(values, amount)
        ticks = _apart([(v, amount(v)) for v in whole] if len(whole) <= 10 else ends.ticks, low, high, pixels)
        return Axis(low, high, ticks or ends.ticks, panel.x, log=True)
    if len(whole) <= 8 and all(value % 1 == 0 for value in whole):
        return Axis(low, high, _apart([(v, amount(v)) for v in whole], low, high, pixels, float), panel.x)
    inside = linear(low, high, amount, most=max(3, int(pixels / 55)))
    ticks = tuple(tick for tick in inside.ticks if low - 1e-9 <= tick[0] <= high + 1e-9)
    return Axis(low, high, ticks, panel.x)


def _apart(
    ticks: Sequence[tuple[float, str]],
    low: float,
    high: float,
    pixels: float,
    bend: Callable[[float], float] = math.log,
) -> tuple[tuple[float, str], ...]:
    """Ticks whose texts do not touch."""
    shown: list[tuple[float, str]] = []
    free = -math.inf
    for value, text in ticks:
        place = pixels * (bend(value) - bend(low)) / (bend(high) - bend(low))
        half = LETTER * len(text) / 2
        if low <= value <= high and place - half >= free:
            shown.append((value, text))
            free = place + half + 7
    return tuple(shown)


# --- curves


def draw_curves(
    panel: Panel, look: dict[str, Look], y: Axis, pixels: float = NARROWEST, height: int = 220
) -> Plot:
    """The plot of a panel of curves."""
    plot = Plot(across(panel, pixels), y, height)
    if (line := level(panel)) is not None:
        plot.line([(plot.x.low, line), (plot.x.high, line)], "level")
    ordered = sorted(panel.curves, key=lambda curve: (not curve.faint, not curve.dashed))
    for curve in ordered:
        spread = [(x, each) for x, each in zip(curve.x, curve.y, strict=True) if each.high > each.low]
        if len(spread) > 1 and not curve.faint:
            plot.intervals(spread, look[curve.name].line)
    for curve in ordered:
        _draw_curve(plot, curve, look[curve.name], panel)
    for x, value in panel.points:
        plot.dot((x, value), "base", f"{short_value(panel, value)} at {amount(x)}", 4)
    return plot


def _draw_curve(plot: Plot, curve: Curve, look: Look, panel: Panel) -> None:
    points: list[Point] = [(x, y.value) for x, y in zip(curve.x, curve.y, strict=True)]
    plot.line(points, f"{look.line} thin" if curve.faint else look.line)
    if not look.marker or curve.dashed:
        return
    for x, y in zip(curve.x, curve.y, strict=True):
        hover = tag("title", f"{curve.name}, {amount(x)}: {shown_value(panel, y)}")
        shape = tag("path", hover, class_=f"dot {look.colour}", d=SHAPES[look.marker])
        plot.put((x, y.value), shape)


def legend(panel: Panel, look: dict[str, Look]) -> list[tuple[str, Look]]:
    """The curves of a panel and how they look; nothing where there is one alone."""
    names = list(dict.fromkeys(curve.name for curve in panel.curves))
    return [(name, look[name]) for name in names] if len(names) > 1 else []


def sample(look: Look) -> Element:
    """A short line with its marker, 30 x 12 pixels, for a legend."""
    line = tag("line", class_=f"line {look.line}" + (" thin" if look.faint else ""), x1=1, x2=29, y1=6, y2=6)
    if not look.marker:
        return tag("g", line)
    return tag(
        "g",
        line,
        tag("path", class_=f"dot {look.colour}", d=SHAPES[look.marker], transform="translate(15 6)"),
    )


# --- marks


def draw_marks(panel: Panel, look: dict[str, Look], axis: Axis) -> str:
    """The rows of a panel of marks as HTML."""
    rows = [
        Dot(mark.name, mark.y, short_value(panel, mark.y.value), row_style(mark, look))
        for mark in panel.marks
    ]
    return dots(rows, axis, in_words(panel), level(panel))


def row_style(mark: Mark, look: dict[str, Look]) -> str:
    """Classes of a row: the colour of the curve of that name, if there is one."""
    own = look[mark.name].colour if mark.name in look else ""
    return f"{own} selected" if mark.chosen else own


# --- words


def shown_value(panel: Panel, y: Interval) -> str:
    """A value with its interval, such as "93.1 % (91.0 to 94.9)"."""
    if panel.share:
        shown = SHARE.gained(y) if differs(panel) else SHARE.shown(bounded(panel)(y))
        return str(shown) if y.high > y.low else shown.value
    if y.high <= y.low:
        return minus(significant(y.value))
    return f"{minus(significant(y.value))} ({minus(significant(y.low))} to {minus(significant(y.high))})"


def short_value(panel: Panel, value: float) -> str:
    """A value alone: "93.1 %", of differences "+1.2"."""
    if not panel.share:
        return minus(significant(value))
    return SHARE.change(value) if differs(panel) else SHARE.value(value)


def in_words(panel: Panel) -> str:
    """What a panel shows, for those who can't see it."""
    said = [f"{mark.name} {shown_value(panel, mark.y)}" for mark in panel.marks]
    for curve in panel.curves:
        if not curve.faint:
            ends = [f"{shown_value(panel, curve.y[end])} at {amount(curve.x[end])}" for end in (0, -1)]
            said.append(f"{curve.name} {' and '.join(dict.fromkeys(ends))}")
    over = f" over {panel.x}" if panel.x else ""
    return f"{panel.title}, {panel.y}{over}: {'; '.join(said)}"
