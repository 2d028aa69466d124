"""Parts of the page of an alignment below its table: its trainings, what its score is worth, the shift."""

from collections.abc import Iterator
from statistics import fmean
from typing import Any

from headstart.report.axis import around, linear
from headstart.report.figures import Plot
from headstart.report.metric import get_metric
from headstart.report.text import fixed, join_words, minus
from headstart.studies.align import SOURCE_ONLY, TITLES, Alignment, EvalPoint
from headstart.studies.align.selection import score_of
from headstart.studies.shift.page import parts as shift_parts

STYLES = 6  # of lines and dots that are told apart, besides those of the source alone
NAMED = 3  # of the others, in a legend
REST = "rest"  # the style of methods beyond these


def parts(record: Alignment) -> Iterator[dict[str, Any]]:
    """In their order; those that need labels of the target only where there are any."""
    if tested := _by_method(record):
        yield _path(record, tested)
    by = score_of(record.chosen_by)
    scored = [(title, style, [p for p in points if by in p.scores]) for title, style, points in tested]
    if scored := [curve for curve in scored if curve[2]]:
        yield _trust(record, scored)
    if record.shift is not None:
        yield from shift_parts(record.shift)


Curves = list[tuple[str, str, list[EvalPoint]]]  # title, style and evaluations with labels of each method


def _by_method(record: Alignment) -> Curves:
    """In the order of the table; the last methods have one style."""
    curves, number = [], 0
    for row in record.table:
        number += row.method != SOURCE_ONLY
        style = "base" if row.method == SOURCE_ONLY else f"s{number}" if number <= STYLES else REST
        points = [p for p in record.eval_points if p.method == row.method and p.target is not None]
        curves.append((row.title, style, points))
    return [curve for curve in curves if curve[2]]


def _legend(curves: Curves) -> list[tuple[str, str]]:
    """Style and title; methods of the same style share an entry."""
    others = [title for title, style, _ in curves if style == REST]
    legend = [(style, title) for title, style, _ in curves if style != REST]
    if others:
        many = len(others) > NAMED
        legend.append((REST, f"the other {len(others)} methods" if many else join_words(others)))
    return legend


def _path(record: Alignment, curves: Curves) -> dict[str, Any]:
    """The target's figure along the trainings."""
    metric, means = get_metric(record.metric), []
    for title, style, points in curves:
        figures: dict[float, list[float]] = {}
        for point in sorted(points, key=lambda point: point.progress):
            figures.setdefault(point.progress, []).append(point.target or 0.0)
        means.append((title, style, [(at, fmean(values)) for at, values in figures.items()]))
    x = linear(0, 1, lambda v: f"{100 * v:.0f} %", "progress of the training")
    plot = Plot(x, metric.axis([value for *_, line in means for _, value in line], metric.title), 340)
    for title, style, line in reversed(means):
        if len(line) > 1:
            plot.line(line, style)
        for at, value in line:
            plot.dot((at, value), style, f"{title}, {100 * at:.0f} %: {metric.value(value)}")
    ends = ", ".join(f"{title} {metric.value(line[-1][1])}" for title, _, line in means)
    return {
        "id": "path",
        "heading": "On the way",
        "say": ["Mean over seeds on the target's test rows, after the fact: no step was selected by it."],
        "legend": _legend(curves),
        "figure": plot.figure(f"{metric.title} on the target along the training; at the end {ends}"),
        "caption": "A curve that falls is a method that unlearns: choosing a step then matters.",
    }


def _trust(record: Alignment, curves: Curves) -> dict[str, Any]:
    """Whether a higher score goes with a better figure on the target."""
    metric, by = get_metric(record.metric), score_of(record.chosen_by)
    pairs = [(point.scores[by], point.target or 0.0) for *_, points in curves for point in points]
    scores, figures = zip(*pairs, strict=True)
    x = around(scores, lambda v: minus(f"{v:.3g}"), TITLES[by])
    plot = Plot(x, metric.axis(figures, f"{metric.title} on the target"), 340)
    for title, style, points in reversed(curves):
        for point in points:
            score, figure = point.scores[by], point.target or 0.0
            plot.dot((score, figure), style, f"{title}: score {fixed(score, 3)}, {metric.value(figure)}", 3.5)
    share = 100 * ordered_pairs(pairs)
    summary = f"Of two models, the one with the higher score was the better one in {share:.0f} % of all pairs"
    return {
        "id": "trust",
        "heading": "Can the selection be trusted?",
        "say": [f"{summary}; a coin has 50 %. It takes labels to draw this: it is no part of the selection."],
        "legend": _legend(curves),
        "figure": plot.figure(f"{TITLES[by]} against {metric.title}: {summary}"),
        "caption": "Each dot is a model at one step of one training.",
    }


def ordered_pairs(pairs: list[tuple[float, float]]) -> float:
    """Share of the pairs of models that the score puts in the right order; ties count half."""
    right, total = 0.0, 0
    for i, (score, figure) in enumerate(pairs):
        for other, value in pairs[:i]:
            if figure != value:
                total += 1
                right += 0.5 if score == other else float((score > other) == (figure > value))
    return right / total if total else 0.5
