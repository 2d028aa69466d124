"""What pages say of curves: over the number of labels (`adapt`, `curve`), over blocks (`adapt`, `probe`)."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import TypeVar

from headstart.report.axis import Axis
from headstart.report.metric import Metric
from headstart.report.text import overlap, pluralise, shorten_middle
from headstart.studies.adapt import Layer, SizePoint
from headstart.studies.curve import CurvePoint
from headstart.studies.probe import Probed

SCRATCH = "from-scratch"
STYLES = 6
CLASS = " a class"  # that labels are counted by; of tags and numbers, rows are
TEXTS = 14  # names of blocks under an axis, at most
LONGEST = 12  # letters of such a name

Point = SizePoint | CurvePoint
Block = Layer | Probed
P = TypeVar("P", SizePoint, CurvePoint)


# --- scores over the number of labels


def style(number: int) -> str:
    """Of the line and the dots of a method."""
    return f"s{number % STYLES + 1}"


def label_axis(of: str) -> str:
    """Title of the axis; `of` is `CLASS`, or "" where rows are counted."""
    return "labels per class" if of else "labelled rows"


def mean(point: Point) -> float:
    """Over the seeds."""
    return fmean(point.score)


def by_method(points: Sequence[P], first: str) -> list[list[P]]:
    """The points of each method, from each start, by rising size; the method `first` first."""
    methods: dict[tuple[str, str], list[P]] = {}
    for point in points:
        if point.score:
            methods.setdefault((point.method, getattr(point, "start", "")), []).append(point)
    ordered = sorted(methods, key=lambda name: name[0] != first)
    return [sorted(methods[name], key=lambda p: p.labels_per_class) for name in ordered]


def describe_ends(curves: Sequence[Sequence[Point]], metric: Metric, of: str) -> str:
    """Which method is best with the fewest labels, and which with the most: on average, or with one seed."""
    points = [p for curve in curves for p in curve]
    often = Counter(p.labels_per_class for p in points)
    sizes = sorted(size for size, methods in often.items() if methods > 1)
    if not sizes:
        return _alone(curves[0], metric, of)
    few, many = (
        max((p for p in points if p.labels_per_class == k), key=lambda p: metric.merit(mean(p)))
        for k in (sizes[0], sizes[-1])
    )
    how = "best on average" if any(len(p.score) > 1 for p in points) else "best with one seed"
    least, low, high = pluralise(sizes[0], "label"), metric.value(mean(few)), metric.value(mean(many))
    if len(sizes) == 1:
        return f"With {least}{of}, {few.title} is {how}: {low}."
    if few.title == many.title:
        return f"{few.title} is {how} both with {least}{of}, {low}, and with {sizes[-1]:,}, {high}."
    return f"With {least}{of}, {few.title} is {how}, {low}; with {sizes[-1]:,} it is {many.title}, {high}."


def _alone(curve: Sequence[Point], metric: Metric, of: str) -> str:
    """What a method gains by labels where there is none to compare it with."""
    low, high = curve[0], curve[-1]
    least = pluralise(low.labels_per_class, "label")
    if low is high:
        return f"With {least}{of}, {low.title} has {metric.value(mean(low))}."
    return (
        f"With {least}{of}, {low.title} has {metric.value(mean(low))} on average; with "
        f"{high.labels_per_class:,}, {metric.value(mean(high))}."
    )


def describe_headstart(curves: Sequence[Sequence[Point]], metric: Metric, of: str) -> str:
    """How many labels the first method needs to match training from scratch with all of them."""
    scratch = next((c for c in curves if c[0].method == SCRATCH), None)
    first = curves[0]
    if scratch is None or first is scratch:
        return ""
    goal, title = scratch[-1], first[0].title
    reached = next((p for p in first if metric.merit(mean(p)) >= metric.merit(mean(goal))), None)
    most = f"{pluralise(goal.labels_per_class, 'label')}{of} ({metric.value(mean(goal))})"
    if reached is None:
        return f"{title} nowhere reaches what training from scratch gets from {most}."
    return f"What training from scratch gets from {most}, {title} matches with {reached.labels_per_class:,}."


def describe_figure(curves: Sequence[Sequence[Point]], metric: Metric, of: str) -> str:
    """The figure in words."""
    methods = [
        f"{c[0].title} {', '.join(f'{p.labels_per_class:,}: {metric.value(mean(p))}' for p in c)}"
        for c in curves
    ]
    return f"Mean {metric.title} by {label_axis(of)}. {'; '.join(methods)}"


# --- scores over the blocks


def best_block(blocks: Sequence[Block]) -> int:
    """Where the best block is; of equals the last."""
    return max(range(len(blocks)), key=lambda i: (blocks[i].score.value, i))


def describe_peak(blocks: Sequence[Block], metric: Metric) -> str:
    """Which block knows most, and what the last one lacks."""
    where, last = best_block(blocks), blocks[-1]
    top = blocks[where]
    knows = f"({top.block}) knows most: {metric.shown(top.score)}"
    if len(blocks) == 1:
        return f"One block ({top.block}) was probed: {metric.shown(top.score)}."
    if where == len(blocks) - 1:
        return f"The last block {knows}. Nothing is gained by reading earlier."
    lead = metric.size(top.score.value - last.score.value)
    sentence = f"Block {where + 1} of {len(blocks)} {knows}. The last block ({last.block}) is not best"
    if overlap(top.score, last.score):
        return f"{sentence}, but the lead of {lead} may be chance: the intervals overlap."
    return f"{sentence}: reading earlier gains {lead}."


def describe_rise(blocks: Sequence[Block], metric: Metric) -> str:
    """How it begins, and from where on it is about as good as it gets."""
    if len(blocks) < 2:
        return ""
    first, top = blocks[0], blocks[best_block(blocks)]
    near = next(i for i, block in enumerate(blocks) if block.score.high >= top.score.value)
    return (
        f"The first block ({first.block}) gives {metric.value(first.score.value)}; the first whose "
        f"interval reaches the best is block {near + 1} ({blocks[near].block})."
    )


def block_axis(blocks: Sequence[Block]) -> Axis:
    """The blocks in the order they run."""
    every = -(-len(blocks) // TEXTS)
    ticks = tuple((float(i), text) for i, text in enumerate(_names(blocks)) if i % every == 0)
    return Axis(-0.5, len(blocks) - 0.5, ticks)


def note_anchor(where: int, of: int) -> str:
    """How a note at a block is set, so that it stays on the page."""
    return "end" if where >= 0.8 * of else "start" if where < 0.2 * of else "middle"


def _names(blocks: Sequence[Block]) -> list[str]:
    """Of the blocks for the axis; where they are long, without what all have in common."""
    names = [block.block.split(".") for block in blocks]
    if max(len(block.block) for block in blocks) > LONGEST and len(names) > 1:
        for end in (0, -1):
            while min(map(len, names)) > 1 and len({name[end] for name in names}) == 1:
                names = [name[1:] if end == 0 else name[:-1] for name in names]
    return [shorten_middle(".".join(name), LONGEST) for name in names]
