"""A figure as an SVG file of its own, for documents and notebooks, in the colours of light pages."""

import re
import textwrap
from collections.abc import Sequence
from functools import cache
from xml.etree.ElementTree import Element, fromstring, tostring

from headstart.records.claims import Mark, Panel
from headstart.report.axis import Axis
from headstart.report.figures import number, share, tag
from headstart.report.html import asset
from headstart.report.panels import (
    Look,
    draw_curves,
    in_words,
    legend,
    level,
    looks,
    row_style,
    sample,
    short_value,
    shown_value,
    value_axes,
)

SPACE = "http://www.w3.org/2000/svg"
EDGE, GUTTER = 14.0, 26.0  # around all panels, and between two
LEFT, RIGHT = 48.0, 12.0  # beside a plot: room for the texts of its axis
ROW = 34.0  # of a mark
ASIDE = 420.0  # width of a panel from which on names are beside their marks
LINE = 16.0  # of a text
WIDE = 7.0  # of a letter of a bold text
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
VARIABLE = re.compile(r"var\((--[\w-]+)\)")
DRAWN = ("svg ", ".grid", ".zero", ".line", ".band", ".dot", ".span", ".s", ".thin", ".level")
FONT = "-apple-system, 'Segoe UI', 'Helvetica Neue', 'Noto Sans', Arial, sans-serif"


def draw_file(panels: Sequence[Panel], width: float = 640) -> str:
    """The panels as the text of an SVG file, two beside each other and a third below.

    Args:
        panels: 1 or more.
        width: in pixels.
    """
    look, axes = looks(panels), value_axes(panels)
    drawn: list[Element] = []
    down = EDGE
    for row in _rows(len(panels)):
        wide = (width - 2 * EDGE - GUTTER * (len(row) - 1)) / len(row)
        lowest = down
        head = max(_head(panels[place], look, wide) for place in row)
        for number_, place in enumerate(row):
            left = EDGE + number_ * (wide + GUTTER)
            found, bottom = _panel(panels[place], look, axes[place], (left, down, wide), down + head)
            drawn += found
            lowest = max(lowest, bottom)
        down = lowest + 22
    height = down - 22 + EDGE
    back = tag("rect", class_="back", x=0.5, y=0.5, width=width - 1, height=height - 1, rx=10)
    words = "; ".join(map(in_words, panels))
    root = tag("svg", tag("title", words), back, *drawn, width=width, height=height, role="img")
    root.attrib |= {"xmlns": SPACE, "viewBox": f"0 0 {number(width)} {number(height)}"}
    root.insert(1, tag("style", _style(root)))
    return tostring(root, encoding="unicode") + "\n"


def _rows(count: int) -> list[list[int]]:
    """Which panels are beside each other."""
    return [list(range(first, min(first + 2, count))) for first in range(0, count, 2)]


def _panel(
    panel: Panel, look: dict[str, Look], axis: Axis, place: tuple[float, float, float], body: float
) -> tuple[list[Element], float]:
    """A panel at (left, top, width) whose plot begins at `body`, and where it ends."""
    left, top, wide = place
    drawn = [
        _text(line, left, top + LINE * i + 12, "head")
        for i, line in enumerate(_wrapped(panel.title, wide, 7.7))
    ]
    down = top + LINE * len(drawn) + 6
    for name, one in legend(panel, look):
        drawn.append(tag("g", sample(one), transform=f"translate({number(left)} {number(down)})"))
        for i, line in enumerate(_wrapped(name, wide - 38, 6.3)):
            drawn.append(_text(line, left + 38, down + 10 + i * LINE, "key"))
            down += LINE if i else 0
        down += LINE + 1
    if panel.curves:
        plot = draw_curves(panel, look, axis, wide - LEFT - RIGHT, 190)
        shown = fromstring(plot.figure(in_words(panel)))
        shown.attrib |= {"x": number(left + LEFT), "y": number(body), "overflow": "visible"}
        shown.attrib |= {"width": number(wide - LEFT - RIGHT), "style": "overflow:visible"}
        for corner in shown.iter("svg"):
            corner.set("overflow", "visible")
        return [*drawn, shown], body + 190 + (42 if panel.x else 22)
    rows, bottom = _marks(panel, look, axis, (left, down + 2, wide))
    return [*drawn, *rows], bottom


def _head(panel: Panel, look: dict[str, Look], wide: float) -> float:
    """Pixels above the plot of a panel: its title, its legend and the title of the axis."""
    keys = [len(_wrapped(name, wide - 38, 6.3)) * LINE + 1 for name, _ in legend(panel, look)]
    return LINE * len(_wrapped(panel.title, wide, 7.7)) + sum(keys) + 36


def _marks(
    panel: Panel, look: dict[str, Look], axis: Axis, place: tuple[float, float, float]
) -> tuple[list[Element], float]:
    """Rows of marks, with names at their left where there is room, else above."""
    left, down, wide = place
    aside = wide >= ASIDE
    names, values = _beside(panel, wide) if wide >= ASIDE else (0.0, 0.0)
    inside = (left + names + 10, wide - names - values - 20)
    drawn: list[Element] = []
    for mark in panel.marks:
        style = row_style(mark, look)
        texts = _texts(panel, mark, (left, down, wide), names)
        lines = len(texts) - 1
        high = max(ROW, LINE * lines + 12) if aside else ROW - 10
        top = down if aside else down + LINE * lines
        drawn.append(
            tag("g", tag("g", *_interval(panel, mark, axis, inside, top, high), class_=style), class_="dots")
        )
        drawn += texts
        down = top + high
    ticks = [
        tag("text", text, class_="tick", x=share(axis.at(value)), y=14, text_anchor="middle")
        for value, text in axis.ticks
    ]
    drawn.append(_strip(inside[0], down, inside[1], 20, *ticks))
    end = inside[0] + inside[1]
    drawn.append(_text(axis.title, end if aside else left, down + 34, "axis", "end" if aside else None))
    return drawn, down + 40


def _beside(panel: Panel, wide: float) -> tuple[float, float]:
    """Pixels for the names and for the values of marks beside their intervals."""
    name = max(len(mark.name) for mark in panel.marks)
    value = max(len(shown_value(panel, mark.y)) for mark in panel.marks)
    return min(0.36 * wide, 7.2 * name), 7.2 * value


def _value(panel: Panel, mark: Mark, wide: float) -> str:
    """The value of a mark; with its interval where each name has room beside it."""
    lengths = [len(one.name) + len(shown_value(panel, one.y)) for one in panel.marks]
    if wide >= ASIDE or WIDE * max(lengths) + 12 <= wide:
        return shown_value(panel, mark.y)
    return short_value(panel, mark.y.value)


def _texts(panel: Panel, mark: Mark, place: tuple[float, float, float], names: float) -> list[Element]:
    """The lines of a name, then the value."""
    left, down, wide = place
    value = _value(panel, mark, wide)
    lines = _wrapped(mark.name, names or wide - WIDE * len(value) - 12, WIDE)
    kind = "key chosen" if mark.chosen else "key"
    first = down + (max(ROW, LINE * len(lines) + 12) - LINE * len(lines)) / 2 + 12 if names else down + 12
    middle = first + LINE * (len(lines) - 1) / 2 if names else first
    drawn = [_text(line, left, first + i * LINE, kind) for i, line in enumerate(lines)]
    return [*drawn, _text(value, left + wide, middle, kind, "end")]


def _interval(
    panel: Panel, mark: Mark, axis: Axis, inside: tuple[float, float], top: float, high: float
) -> list[Element]:
    """The grid and the interval of a row."""
    lines = [(value, "grid") for value, _ in axis.ticks]
    lines += [(line, "zero")] if (line := level(panel)) is not None else []
    shapes = [
        tag("line", class_=kind, x1=share(axis.at(at)), x2=share(axis.at(at)), y1=0, y2=high)
        for at, kind in lines
    ]
    low, spot, end = (share(axis.at(v)) for v in (mark.y.low, mark.y.value, mark.y.high))
    shapes.append(tag("line", class_="span", x1=low, x2=end, y1=high / 2, y2=high / 2))
    shapes.append(tag("circle", class_="dot", cx=spot, cy=high / 2, r=5.5))
    return [_strip(inside[0], top, inside[1], high, *shapes)]


def _strip(left: float, top: float, wide: float, high: float, *shapes: Element) -> Element:
    return tag("svg", *shapes, x=left, y=top, width=wide, height=high, overflow="visible")


def _text(text: str, x: float, y: float, kind: str, anchor: str | None = None) -> Element:
    return tag("text", text, class_=kind, x=x, y=y, text_anchor=anchor)


def _wrapped(text: str, wide: float, letter: float) -> list[str]:
    return textwrap.wrap(text, max(8, int(wide / letter))) or [""]


# --- the style


def _style(root: Element) -> str:
    """The rules of the pages' style that the drawing needs, with the colours of light pages in them."""
    classes = {name for one in root.iter() for name in one.get("class", "").split()}
    kept = [
        f"{selector}{{{body}}}"
        for selector, body in _rules()
        if set(re.findall(r"\.([\w-]+)", selector)) <= classes
    ]
    return "".join(kept)


@cache
def _rules() -> tuple[tuple[str, str], ...]:
    """(selector, body) of what is drawn in SVG, without variables."""
    css = re.sub(r"/\*.*?\*/", "", asset("style.css") + asset("claims.css"), flags=re.DOTALL)
    root = css[: css.index("@media")]
    values = dict(re.findall(r"(--[\w-]+):\s*([^;]+);", root)) | {"--sans": FONT}
    rules = [(each.strip(), body.strip()) for head, body in RULE.findall(css) for each in head.split(",")]
    chosen = [
        (head, VARIABLE.sub(lambda found: values[found[1]], body))
        for head, body in rules
        if head.startswith(DRAWN)
    ]
    own = f"svg text{{font:12px {FONT};fill:#56616f}}.back{{fill:#fff;stroke:{values['--rule']}}}"
    own += f".head{{font-size:13px;font-weight:600;fill:{values['--ink']}}}.key{{fill:{values['--ink']}}}"
    own += ".key.chosen{font-weight:600}"
    return (*chosen, *((head, body) for head, body in RULE.findall(own)))
