"""What each block of the frozen backbone knows of the task."""

from collections.abc import Sequence
from typing import Any, Protocol

from headstart.records.record import Interval
from headstart.report.figures.axis import Axis
from headstart.report.figures.plot import Plot
from headstart.report.format import MetricFormat, metric_format
from headstart.report.text import capitalise, overlap, pluralise, shorten_middle
from headstart.studies.adapt import Layer
from headstart.studies.adapt.run_records import Given

TEXTS = 14  # at most, under the axis
LONGEST = 12  # letters of a block's name under the axis


class Read(Protocol):
    """A block and what a probe read from it."""

    @property
    def block(self) -> str:
        """Its name."""
        ...

    @property
    def score(self) -> Interval:
        """On rows that the probe has not seen."""
        ...


def view(given: Given) -> dict[str, Any]:
    """The curve over the blocks and its best one."""
    layers = given.result.layers
    if not layers:
        return {"say": ["This run did not probe the layers of the backbone."], "figure": ""}
    metric = metric_format(given.result.metric)
    return {
        "say": [peak(layers, metric), rise(layers, metric)],
        "figure": _figure(layers, metric),
        "metric": metric.title,
    }


def best(layers: Sequence[Read]) -> int:
    """Where the best block is; of equals the last."""
    return max(range(len(layers)), key=lambda i: (layers[i].score.value, i))


def peak(layers: Sequence[Read], metric: MetricFormat) -> str:
    """Which block knows most, and what the last one lacks."""
    where, last = best(layers), layers[-1]
    top = layers[where]
    knows = f"{top.block}, knows most: {metric.shown(top.score)}"
    if len(layers) == 1:
        return f"One block was probed: {top.block}, {metric.shown(top.score)}."
    if where == len(layers) - 1:
        return f"The last block, {knows}. Nothing is gained by reading earlier."
    lead = metric.lead(top.score.value - last.score.value)
    sentence = f"Block {where + 1} of {len(layers)}, {knows}. The last block, {last.block}, is not best"
    if overlap(top.score, last.score):
        return f"{sentence}, but the lead of {lead} may be chance: the intervals overlap."
    return f"{sentence}: reading earlier gains {lead}."


def rise(layers: Sequence[Read], metric: MetricFormat) -> str:
    """How it begins, and from where on it is about as good as it gets."""
    if len(layers) < 2:
        return ""
    first, top = layers[0], layers[best(layers)]
    near = next(i for i, layer in enumerate(layers) if layer.score.high >= top.score.value)
    return (
        f"The first block, {first.block}, gives {metric.value(first.score.value)}; the first whose "
        f"interval reaches the best is block {near + 1}, {layers[near].block}."
    )


def _figure(layers: list[Layer], metric: MetricFormat) -> str:
    y = metric.axis(
        [v for layer in layers for v in (layer.score.low, layer.score.high)], f"{metric.title} of a probe"
    )
    plot = Plot(across(layers), y, slanted=True)
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


def across(layers: Sequence[Read]) -> Axis:
    """The axis of the blocks in the order they run."""
    every = -(-len(layers) // TEXTS)
    ticks = tuple((float(i), text) for i, text in enumerate(texts(layers)) if i % every == 0)
    return Axis(-0.5, len(layers) - 0.5, ticks)


def anchor(where: int, of: int) -> str:
    """How a note at a block is set, so that it stays on the page."""
    return "end" if where >= 0.8 * of else "start" if where < 0.2 * of else "middle"


def texts(layers: Sequence[Read]) -> list[str]:
    """Names of the blocks for the axis; where they are long, without what all have in common."""
    names = [layer.block.split(".") for layer in layers]
    if max(len(layer.block) for layer in layers) > LONGEST and len(names) > 1:
        for end in (0, -1):
            while min(map(len, names)) > 1 and len({name[end] for name in names}) == 1:
                names = [name[1:] if end == 0 else name[:-1] for name in names]
    return [shorten_middle(".".join(name), LONGEST) for name in names]
