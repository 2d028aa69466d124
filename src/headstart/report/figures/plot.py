"""A plot with two axes whose text keeps its size at any width.

Positions across are percentages and positions down are pixels. Lines and bands are drawn in a
box that is stretched, with strokes that are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from .axis import Axis
from .svg import number, share, tag, written

Point = tuple[float, float]
UNIT = 1000  # of the stretched box, each way
MANY = 8  # texts under an axis; of more, every second is left out on a phone


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

    def dot(self, point: Point, style: str, hover: str = "", radius: float = 4) -> None:
        """A dot, with a text that shows when pointed at."""
        told = [tag("title", hover)] if hover else []
        across, down = share(self.x.at(point[0])), self._down(point[1])
        mark = tag("circle", *told, class_=f"dot {style}", cx=across, cy=down, r=radius)
        self._marks.append(mark)

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
