"""Curves of learners on new tasks: against shots, and against steps of adaptation."""

import math
from typing import Literal

from headstart.report.axis import WIDE, Axis, doubling, linear
from headstart.report.figures import Plot
from headstart.report.metric import Metric
from headstart.report.text import capitalise, pluralise
from headstart.studies.episodes import MetaLearning, ScorePoint, TestedLearner

STYLES = 6
BASELINES = ("base", "base d2", "base d3", "rest")
DECADES = 3  # of a logarithmic axis up to which there are ticks between powers of ten
ROOM = 1.05  # by which values may lie beyond the last tick, as a factor
BEYOND = 3.0  # times the score of a guess, above which errors are cut off

Curve = Literal["by_shots", "by_steps"]


def styles(record: MetaLearning) -> dict[str, str]:
    """Of the line of each learner: colours for learners, black and grey for baselines."""
    learners = [one.name for one in record.learners if not one.transfer]
    baselines = [one.name for one in record.learners if one.transfer]
    colours = {name: f"s{place % STYLES + 1}" for place, name in enumerate(learners)}
    return colours | {name: BASELINES[place % len(BASELINES)] for place, name in enumerate(baselines)}


def guess(record: MetaLearning) -> str:
    """What learns nothing."""
    return "a guess" if record.answers == "classes" else "the mean of the points read"


def legend(record: MetaLearning) -> list[tuple[str, str]]:
    """Lines and what they are, the best first."""
    own = styles(record)
    names = {one.name: one for one in record.learners}
    twice = [one.title for one in record.learners]
    return [
        (own[name], one.title if twice.count(one.title) == 1 else name) for name, one in names.items()
    ] + [("ideal", guess(record))]


def curves(record: MetaLearning, metric: Metric, of: Curve) -> str:
    """The figure; "" where there is a single point."""
    found = {one.name: _seen(getattr(one, of), record, metric) for one in record.learners}
    at = sorted({point.at for curve in found.values() for point in curve})
    if len(at) < 2:
        return ""
    every = [point for curve in found.values() for point in curve]
    plot = Plot(_across(at, record, of), _upwards(every, record, metric), 340)
    own = styles(record)
    plot.line([(float(at[0]), record.chance), (float(at[-1]), record.chance)], "ideal")
    for one in reversed(record.learners):
        curve = found[one.name]
        plot.intervals([(float(p.at), p.score) for p in curve], own[one.name])
    for one in reversed(record.learners):
        curve = found[one.name]
        if curve:
            plot.line([(float(p.at), p.score.value) for p in curve], own[one.name])
        for point in curve:
            plot.dot((float(point.at), point.score.value), own[one.name], _hover(one, point, metric, of))
    return plot.figure(_words(record, metric, of))


def _seen(curve: list[ScorePoint], record: MetaLearning, metric: Metric) -> list[ScorePoint]:
    """Points that are drawn: errors far above that of a guess are beyond the figure."""
    if not metric.lower:
        return curve
    return [point for point in curve if point.score.value <= BEYOND * record.chance]


def _across(at: list[int], record: MetaLearning, of: Curve) -> Axis:
    if of == "by_steps":
        ticks = tuple((float(v), f"{v:,}") for v in _apart(at))
        return Axis(float(at[0]), float(at[-1]), ticks, "steps of adaptation")
    return doubling(at, "rows of each class" if record.answers == "classes" else "points read")


def _apart(at: list[int]) -> list[int]:
    """Values whose texts do not touch."""
    shown: list[int] = []
    for value in at:
        if not shown or value - shown[-1] >= 0.08 * (at[-1] - at[0]):
            shown.append(value)
    return shown


def _upwards(points: list[ScorePoint], record: MetaLearning, metric: Metric) -> Axis:
    values = [v for p in points for v in (p.score.value, p.score.low, p.score.high)] + [record.chance]
    if not metric.lower:
        return metric.axis(values, metric.title, air=WIDE)
    positive = [value for value in values if value > 0]
    if len(positive) < len(values):
        return linear(0.0, max(values), lambda v: f"{v:.3g}", metric.title)
    return _logarithmic(min(positive), max(positive), metric.title)


def _logarithmic(low: float, high: float, title: str) -> Axis:
    """Ticks at 1, 2 and 5 times powers of ten; of many decades at the powers alone."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1, 2, 5) if last - first <= DECADES else (1,)
    round_ones = [step * 10.0**power for power in range(first - 1, last + 1) for step in steps]
    bottom = max((v for v in round_ones if v <= low * ROOM), default=low)
    top = min((v for v in round_ones if v >= high / ROOM), default=high)
    ticks = tuple((v, f"{v:g}") for v in round_ones if bottom <= v <= top)
    return Axis(bottom, top, ticks, title, log=True)


def _hover(one: TestedLearner, point: ScorePoint, metric: Metric, of: Curve) -> str:
    after = pluralise(point.at, "step" if of == "by_steps" else "shot")
    return f"{one.title}, {after}: {metric.shown(point.score)}"


def _words(record: MetaLearning, metric: Metric, of: Curve) -> str:
    """What the figure shows, for those who can't see it."""
    unit = "step" if of == "by_steps" else "shot"
    said = []
    for one in record.learners:
        curve = getattr(one, of)
        if curve:
            ends = [
                f"{metric.value(p.score.value)} with {pluralise(p.at, unit)}" for p in (curve[0], curve[-1])
            ]
            said.append(f"{one.title} {' and '.join(dict.fromkeys(ends))}")
    return f"{capitalise(metric.title)}: {'; '.join(said)}"
