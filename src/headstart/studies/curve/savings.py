"""How many labels a pre-training saves: those that the first start needs to be as good."""

import math
from collections.abc import Iterator, Sequence

from headstart.records.metric_titles import merit
from headstart.studies.curve import CurvePoint, Saving


def savings(
    points: Sequence[CurvePoint], first: str, pretrained: Sequence[str], metric: str
) -> Iterator[Saving]:
    """The saving of each point of a pre-trained start against the start `first` with the same method.

    The means of the first start are joined by lines over the logarithm of the number of labels. What the
    start reaches is its gain, and the ends of the gain's interval, on top of the first start's mean with the
    same labels: so the interval is paired. How far the first start's own means may be off elsewhere is not in
    it.
    """
    for point in points:
        if point.start not in pretrained or point.gain is None:
            continue
        base = [(p.labels_per_class, p.mean) for p in points if (p.start, p.method) == (first, point.method)]
        size, own = point.labels_per_class, dict(base).get(point.labels_per_class)
        if own is None:
            continue
        ends = sorted((point.gain.low, point.gain.high), key=lambda end: merit(metric, end))
        found = []
        for gain in (ends[0], point.gain.value, ends[1]):  # more labels for a gain, fewer for a loss
            better = merit(metric, gain) > 0
            part = [each for each in base if (each[0] >= size if better else each[0] <= size)]
            found.append(labels_for(part, own + gain, metric))
        low, equals, high = found
        clear = merit(metric, ends[0]) > 0
        yield Saving(point.start, point.method, point.labels_per_class, equals, low, high, clear)


def labels_for(curve: Sequence[tuple[int, float]], score: float, metric: str) -> float | None:
    """The fewest labels with which a curve of (labels, mean) reaches a score; None: it nowhere does.

    Between two sizes it is a line over the logarithm of the labels. A score under that of the smallest size
    gives the smallest size.
    """
    wanted, before = merit(metric, score), None
    for labels, mean in curve:
        reached = merit(metric, mean)
        if reached >= wanted:
            if before is None:
                return float(labels)
            fewer, lower = before
            share = (wanted - lower) / (reached - lower)
            return math.exp(math.log(fewer) + share * math.log(labels / fewer))
        before = (labels, reached)
    return None
