"""What each block of the frozen backbone knows of the task."""

from typing import Any

from headstart.report.figures.plot import Plot
from headstart.report.metric import Metric, get_metric
from headstart.report.text import capitalise, pluralise
from headstart.studies._curves import anchor, best, block_axis, peak, rise
from headstart.studies.adapt import Layer
from headstart.studies.adapt.run_records import Given


def view(given: Given) -> dict[str, Any]:
    """The curve over the blocks and its best one."""
    layers = given.result.layers
    if not layers:
        return {"say": ["This run did not probe the layers of the backbone."], "figure": ""}
    metric = get_metric(given.result.metric)
    return {
        "say": [peak(layers, metric), rise(layers, metric)],
        "figure": _figure(layers, metric),
        "metric": metric.title,
    }


def _figure(layers: list[Layer], metric: Metric) -> str:
    y = metric.axis(
        [v for layer in layers for v in (layer.score.low, layer.score.high)], f"{metric.title} of a probe"
    )
    plot = Plot(block_axis(layers), y, slanted=True)
    spots = [(float(i), layer.score) for i, layer in enumerate(layers)]
    plot.band([(i, a.high) for i, a in spots], [(i, a.low) for i, a in spots], "s1")
    plot.line([(i, a.value) for i, a in spots], "s1")
    top = best(layers)
    for i, layer in enumerate(layers):
        hover = f"{layer.block}: {metric.shown(layer.score)}, {pluralise(layer.width, 'feature')}"
        place = (float(i), layer.score.value)
        plot.dot(place, "s1 best" if i == top else "s1", hover, 6 if i == top else 3.5)
    shown = metric.value(layers[top].score.value)
    plot.note((float(top), layers[top].score.high), shown, anchor(top, len(layers)), 8)
    said = [f"{layer.block} {metric.value(layer.score.value)}" for layer in layers]
    return plot.figure(f"{capitalise(metric.title)} of a ridge probe on each block: {', '.join(said)}")
