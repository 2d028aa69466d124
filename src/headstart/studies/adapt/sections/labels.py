"""How good methods are with more and more labels per class."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any, Protocol, TypeVar

from headstart.report.figures.axis import doubling
from headstart.report.figures.plot import Plot
from headstart.report.format import MetricFormat, metric_format
from headstart.report.text import pluralise
from headstart.studies.adapt import SizePoint
from headstart.studies.adapt.run_records import Given

SCRATCH = "from-scratch"
STYLES = 6
CLASS = " a class"  # that labels are counted by; of tags and numbers, rows are


class Point(Protocol):
    """A method with some labels a class: of `adapt`, or of `curve`."""

    @property
    def method(self) -> str:
        """Its name."""
        ...

    @property
    def title(self) -> str:
        """In plain words."""
        ...

    @property
    def labels_per_class(self) -> int:
        """That were learned from."""
        ...

    @property
    def score(self) -> list[float]:
        """The metric of selection, for each seed."""
        ...


P = TypeVar("P", bound=Point)


def view(given: Given) -> dict[str, Any]:
    """One line a method, one dot a seed."""
    curves = by_method(given.result.size_curve, given.result.selected)
    if not curves:
        none = (
            f"This run did not measure {metric_format(given.result.metric).title} against the number of "
            "labels."
        )
        return {"say": [none], "figure": ""}
    metric, of = metric_format(given.result.selection), per(given.result.label_kind)
    return {
        "say": [ends(curves, metric, of), headstart(curves, metric, of)],
        "figure": _figure(curves, metric, of),
        "legend": [(f"s{i % STYLES + 1}", c[0].title) for i, c in enumerate(curves)],
        "seeds": seeds(curves),
    }


def per(target: str) -> str:
    """What labels are counted by, in a sentence after "5 labels"."""
    return CLASS if target == "classes" else ""


def axis(of: str) -> str:
    """The same under an axis."""
    return "labels per class" if of else "labelled rows"


def mean(point: Point) -> float:
    """Over the seeds."""
    return fmean(point.score)


def by_method(points: Sequence[P], first: str) -> list[list[P]]:
    """The points of each method by rising size; the method `first` first."""
    methods: dict[str, list[P]] = {}
    for point in points:
        if point.score:
            methods.setdefault(point.method, []).append(point)
    ordered = sorted(methods, key=lambda name: name != first)
    return [sorted(methods[name], key=lambda p: p.labels_per_class) for name in ordered]


def ends(curves: Sequence[Sequence[Point]], metric: MetricFormat, of: str = CLASS) -> str:
    """Which method is best on average with the fewest labels, and which with the most."""
    sizes = sorted({p.labels_per_class for curve in curves for p in curve})
    few, many = _leader(curves, sizes[0]), _leader(curves, sizes[-1])
    least = pluralise(sizes[0], "label")
    if len(sizes) == 1:
        return f"With {least}{of}, {few.title} is best on average: {metric.value(mean(few))}."
    if few.method == many.method:
        return (
            f"{few.title} is best on average both with {least}{of}, {metric.value(mean(few))}, "
            f"and with {sizes[-1]:,}, {metric.value(mean(many))}."
        )
    return (
        f"With {least}{of}, {few.title} is best on average, {metric.value(mean(few))}; "
        f"with {sizes[-1]:,} it is {many.title}, {metric.value(mean(many))}."
    )


def _leader(curves: Sequence[Sequence[Point]], size: int) -> Point:
    at_size = [p for curve in curves for p in curve if p.labels_per_class == size]
    return max(at_size, key=mean)


def headstart(curves: Sequence[Sequence[Point]], metric: MetricFormat, of: str = CLASS) -> str:
    """How many labels the first method needs to match the most that training afresh had."""
    scratch = next((c for c in curves if c[0].method == SCRATCH), None)
    ours = curves[0]
    if scratch is None or ours is scratch:
        return ""
    goal = scratch[-1]
    reached = next((p for p in ours if mean(p) >= mean(goal)), None)
    most = f"{pluralise(goal.labels_per_class, 'label')}{of} ({metric.value(mean(goal))})"
    title = ours[0].title
    if reached is None:
        return f"{title} nowhere reaches what training from scratch gets from {most}."
    return f"What training from scratch gets from {most}, {title} matches with {reached.labels_per_class:,}."


def seeds(curves: Sequence[Sequence[Point]]) -> str:
    """What dots and lines are."""
    counts = sorted({len(p.score) for curve in curves for p in curve})
    many = f"{counts[0]:,} to {counts[-1]:,} seeds" if len(counts) > 1 else pluralise(counts[0], "seed")
    return f"A dot is one seed ({many} a size), a line joins their means."


def _figure(curves: list[list[SizePoint]], metric: MetricFormat, of: str) -> str:
    points = [p for curve in curves for p in curve]
    y = metric.axis([v for p in points for v in p.score], metric.title)
    x = doubling([p.labels_per_class for p in points], axis(of))
    plot = Plot(x, y, 300)
    for i, curve in reversed(list(enumerate(curves))):
        style = f"s{i % STYLES + 1}"
        plot.line([(p.labels_per_class, mean(p)) for p in curve], style)
        for p in curve:
            for value in p.score:
                plot.dot((p.labels_per_class, value), f"{style} seed", f"{p.title}: {metric.value(value)}", 3)
    said = [
        f"{c[0].title} {', '.join(f'{p.labels_per_class:,}: {metric.value(mean(p))}' for p in c)}"
        for c in curves
    ]
    return plot.figure(f"Mean {metric.title} by {axis(of)}. {'; '.join(said)}")
