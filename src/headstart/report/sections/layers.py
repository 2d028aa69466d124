"""What each block of the frozen backbone knows of the task."""

from typing import Any

from headstart.report.figures.axis import Axis, linear, within
from headstart.report.figures.plot import Plot
from headstart.report.given import Given
from headstart.report.words import brief, counted, in_percent, overlap, percent, points, round_percent
from headstart.study.records import Layer

TEXTS = 14  # at most, under the axis
LONGEST = 12  # letters of a block's name under the axis


def view(given: Given) -> dict[str, Any]:
    """The curve over the blocks and its best one."""
    layers = given.result.layers
    if not layers:
        return {"say": ["This run did not probe the layers of the backbone."], "figure": ""}
    return {"say": [_best(layers), _rise(layers)], "figure": _figure(layers)}


def best(layers: list[Layer]) -> int:
    """Where the most accurate block is; of equals the last."""
    return max(range(len(layers)), key=lambda i: (layers[i].accuracy.value, i))


def _best(layers: list[Layer]) -> str:
    where, last = best(layers), layers[-1]
    top = layers[where]
    knows = f"{top.block}, knows most: {in_percent(top.accuracy)}"
    if len(layers) == 1:
        return f"One block was probed: {top.block}, {in_percent(top.accuracy)}."
    if where == len(layers) - 1:
        return f"The last block, {knows}. Nothing is gained by reading earlier."
    lead = points(top.accuracy.value - last.accuracy.value).removeprefix("+")
    told = f"Block {where + 1} of {len(layers)}, {knows}. The last block, {last.block}, is not best"
    if overlap(top.accuracy, last.accuracy):
        return f"{told}, but the lead of {lead} may be chance: the intervals overlap."
    return f"{told}: reading earlier gains {lead}."


def _rise(layers: list[Layer]) -> str:
    if len(layers) < 2:
        return ""
    first, top = layers[0], layers[best(layers)]
    near = next(i for i, layer in enumerate(layers) if layer.accuracy.high >= top.accuracy.value)
    return (
        f"The first block, {first.block}, gives {percent(first.accuracy.value)}; the first whose "
        f"interval reaches the best is block {near + 1}, {layers[near].block}."
    )


def _figure(layers: list[Layer]) -> str:
    every = -(-len(layers) // TEXTS)
    ticks = tuple((float(i), text) for i, text in enumerate(_texts(layers)) if i % every == 0)
    ends = within(0, 1, [v for layer in layers for v in (layer.accuracy.low, layer.accuracy.high)])
    x = Axis(-0.5, len(layers) - 0.5, ticks)
    plot = Plot(x, linear(*ends, round_percent, "accuracy of a probe"), slanted=True)
    spots = [(float(i), layer.accuracy) for i, layer in enumerate(layers)]
    plot.band([(i, a.high) for i, a in spots], [(i, a.low) for i, a in spots], "s1")
    plot.line([(i, a.value) for i, a in spots], "s1")
    top = best(layers)
    for i, layer in enumerate(layers):
        hover = f"{layer.block}: {in_percent(layer.accuracy)}, {counted(layer.width, 'feature')}"
        place = (float(i), layer.accuracy.value)
        plot.dot(place, "s1 best" if i == top else "s1", hover, 6 if i == top else 3.5)
    shown = percent(layers[top].accuracy.value)
    plot.note((float(top), layers[top].accuracy.high), shown, _anchor(top, len(layers)), 8)
    told = [f"{layer.block} {percent(layer.accuracy.value)}" for layer in layers]
    return plot.figure(f"Accuracy of a ridge probe on each block: {', '.join(told)}")


def _anchor(where: int, of: int) -> str:
    return "end" if where >= 0.8 * of else "start" if where < 0.2 * of else "middle"


def _texts(layers: list[Layer]) -> list[str]:
    """Names of the blocks for the axis; where they are long, without what all have in common."""
    names = [layer.block.split(".") for layer in layers]
    if max(len(layer.block) for layer in layers) > LONGEST and len(names) > 1:
        for end in (0, -1):
            while min(map(len, names)) > 1 and len({name[end] for name in names}) == 1:
                names = [name[1:] if end == 0 else name[:-1] for name in names]
    return [brief(".".join(name), LONGEST) for name in names]
