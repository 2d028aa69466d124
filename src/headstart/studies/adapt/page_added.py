"""How good methods are against what a task adds to the backbone: bytes to keep, and trained parameters."""

from collections.abc import Iterator

from headstart.report.axis import Axis, powers
from headstart.report.figures import Plot
from headstart.report.metric import Metric, get_metric
from headstart.report.text import data_size, join_words, shorten_middle
from headstart.studies.adapt import Candidate, Result
from headstart.studies.adapt.summary import trained_share

BEYOND = 0.05  # share of the axis by which a name may reach beyond its ends
LETTER = 0.026  # share of the axis of a phone that a letter takes
AIR = (0.08, 0.01)  # above and below the intervals, for names
NEAR = 0.03  # share of the axis up to which dots count as one under the other
LONGEST = 14  # letters of a name


def added_figure(result: Result) -> str:
    """Dots of the methods that were tried on the same rows; "" where no two of them add another size."""
    shown, metric = comparable(result), get_metric(result.metric)
    if len({one.added_bytes for one in shown}) < 2:
        return ""
    figures = {one.name: one.scores.main_figure for one in shown if one.scores}
    x = powers([one.added_bytes for one in shown], data_size, "bytes that a task adds")
    ends = [end for figure in figures.values() for end in (figure.low, figure.high)]
    plot = Plot(x, metric.axis(ends, metric.title, air=AIR), 260)
    for one in sorted(shown, key=lambda one: one.name == result.selected):
        figure, size = figures[one.name], float(one.added_bytes)
        kind = "s1" if one.name == result.selected else "rest"
        plot.line([(size, figure.low), (size, figure.high)], kind)
        said = f"{one.title}: {metric.value(figure.value)}, {data_size(size)}"
        plot.dot((size, figure.value), kind, f"{said}, {trained_share(one, result)} trained", 5)
    for group, above in _named(_grouped(shown, x), result, metric, x):
        size, beside = float(group[0].added_bytes), [figures[one.name] for one in group]
        edge = max(one.high for one in beside) if above else min(one.low for one in beside)
        plot.note((size, edge), _name(group), _span(group, x)[2], 7 if above else -17)
    values = join_words([f"{one.title} {data_size(one.added_bytes)}" for one in shown])
    return plot.figure(f"Cross-validated {metric.title} against the bytes that a task adds: {values}")


def comparable(result: Result) -> list[Candidate]:
    """The methods of known size that were tried on the same folds as the selected one, the smallest first."""
    folds = next((one.folds for one in result.candidates if one.name == result.selected), 0)
    found = [one for one in result.candidates if one.scores and one.added_bytes and one.folds == folds]
    return sorted(found, key=lambda one: (one.added_bytes, one.name))


def _grouped(shown: list[Candidate], x: Axis) -> list[list[Candidate]]:
    """Methods whose dots lie under each other, the groups from the left."""
    groups: list[list[Candidate]] = []
    for one in shown:
        near = groups and x.at(one.added_bytes) - x.at(groups[-1][0].added_bytes) < NEAR
        groups[-1].append(one) if near else groups.append([one])
    return groups


def _named(
    groups: list[list[Candidate]], result: Result, metric: Metric, x: Axis
) -> Iterator[tuple[list[Candidate], bool]]:
    """Groups whose names have room, the best method first, and whether they stand above or below.

    The selected method's group comes first, then that of the best of the others.
    """

    def order(one: Candidate) -> tuple[bool, float]:
        figure = 0.0 if one.scores is None else metric.merit(one.scores.main_figure.value)
        return one.name != result.selected, -figure

    taken: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for group in sorted((sorted(group, key=order) for group in groups), key=lambda group: order(group[0])):
        left, right, _ = _span(group, x)
        above = next((row for row in taken if all(right < a or b < left for a, b in taken[row])), None)
        if above is not None:
            taken[above].append((left, right))
            yield group, above


def _span(group: list[Candidate], x: Axis) -> tuple[float, float, str]:
    """Where a name begins and ends on the axis of a phone, and which part of it is at the dots."""
    place, width = x.at(group[0].added_bytes), LETTER * len(_name(group))
    if place - width / 2 < -BEYOND:
        return place, place + width, "start"
    if place + width / 2 > 1 + BEYOND:
        return place - width, place, "end"
    return place - width / 2, place + width / 2, "middle"


def _name(group: list[Candidate]) -> str:
    """The first of some methods, and how many there are besides."""
    more = f" +{len(group) - 1}" if len(group) > 1 else ""
    return shorten_middle(group[0].title, LONGEST) + more
