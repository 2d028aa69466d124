"""How good methods are with more and more labels per class."""

from typing import Any

from headstart.report.figures.axis import doubling
from headstart.report.figures.plot import Plot
from headstart.report.metric import Metric, get_metric
from headstart.report.text import pluralise
from headstart.studies._curves import CLASS, by_method, described, ends, headstart, label_axis, mean, style
from headstart.studies.adapt import SizePoint
from headstart.studies.adapt.run_records import Given


def view(given: Given) -> dict[str, Any]:
    """One line a method, one dot a seed."""
    curves = by_method(given.result.size_curve, given.result.selected)
    if not curves:
        none = (
            f"This run did not measure {get_metric(given.result.metric).title} against the number of labels."
        )
        return {"say": [none], "figure": ""}
    metric, of = get_metric(given.result.selection), CLASS if given.result.label_kind == "classes" else ""
    return {
        "say": [ends(curves, metric, of), headstart(curves, metric, of)],
        "figure": _figure(curves, metric, of),
        "legend": [(style(i), c[0].title) for i, c in enumerate(curves)],
        "seeds": seeds(curves),
    }


def seeds(curves: list[list[SizePoint]]) -> str:
    """What dots and lines are."""
    counts = sorted({len(p.score) for curve in curves for p in curve})
    many = f"{counts[0]:,} to {counts[-1]:,} seeds" if len(counts) > 1 else pluralise(counts[0], "seed")
    return f"A dot is one seed ({many} a size), a line joins their means."


def _figure(curves: list[list[SizePoint]], metric: Metric, of: str) -> str:
    points = [p for curve in curves for p in curve]
    y = metric.axis([v for p in points for v in p.score], metric.title)
    x = doubling([p.labels_per_class for p in points], label_axis(of))
    plot = Plot(x, y, 300)
    for i, curve in reversed(list(enumerate(curves))):
        plot.line([(p.labels_per_class, mean(p)) for p in curve], style(i))
        for p in curve:
            for value in p.score:
                plot.dot(
                    (p.labels_per_class, value), f"{style(i)} seed", f"{p.title}: {metric.value(value)}", 3
                )
    return plot.figure(described(curves, metric, of))
