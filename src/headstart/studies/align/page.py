"""The page and the table of an alignment: what helped on the target, how it was selected, what differs."""

import math
from collections.abc import Iterator
from statistics import fmean
from typing import Any

from headstart.records.record import Interval
from headstart.report.axis import linear
from headstart.report.figures import Dot, Plot, dots
from headstart.report.metric import get_metric
from headstart.report.text import SPACE, Terminal, capitalise, fixed, join_words, minus, pluralise, short
from headstart.studies._page import Cell, cell_text, page_view
from headstart.studies.align import SOURCE_ONLY, TITLES, Alignment, EvalPoint, MethodResult
from headstart.studies.align.short_titles import shortened
from headstart.studies.shift.page import parts as shift_parts

STYLES = 6  # of lines and dots that are told apart, besides those of the source alone
NAMED = 3  # of the others, in a legend
REST = "rest"  # the style of methods beyond these
BATCHES = (
    "Batches hold {source}rows of the target without labels: no method can see a label of these, and no "
    "selection depends on one."
)
MEANS = (
    "Figures and the ends of intervals are means over seeds; the intervals hold for these models on other "
    "rows of the same target, not for other trainings."
)
BRACKETS = "Titles with a setting in brackets are methods whose settings differ from their defaults."


def view(record: Alignment) -> dict[str, Any]:
    """What the template shows."""
    record, shared = shortened(record)
    score, step = TITLES[record.chosen_by], pluralise(record.chosen_step, "step")
    shipped = f"{record.row(record.chosen).title}, after {step} of seed {record.chosen_seed}"
    batches = BATCHES.format(source="labelled rows of the source and " if record.held_rows else "")
    small = [batches, MEANS if record.test_rows else "", BRACKETS, shared]
    figures = _tested(record) if record.test_rows else _untested(record)
    if record.held_rows:
        metric = "balanced accuracy" if record.metric == "accuracy" else "same"
        figures["reading"] += f" The column source is the {metric} on held-out source rows."
    return page_view(
        record,
        kind="alignment",
        task=f"{record.source} \u2192 {record.target}",
        headline=record.headline.replace(" %", f"{SPACE}%"),
        notes=record.notes,
        say=[
            f"The shipped model is {shipped}.",
            f"It was selected by {score}; no label of the target was read for it.",
        ],
        facts=_facts(record),
        headings=headings(record),
        rows=_page_rows(record),
        more=list(_more(record)),
        smallprint=[text for text in small if text],
        **figures,
    )


def terminal(record: Alignment) -> Terminal:
    """What the command prints: the table of the page, the headline, how to go on."""
    figure = "no labels"
    if record.test_rows:
        figure = f"{get_metric(record.metric).title} on {record.test_rows:,} target rows"
    return Terminal(
        title=f"{record.source} to {record.target}: {figure}",
        headings=headings(record),
        rows=rows(record),
        answer=[record.headline],
        next=["headstart predict FOLDER " + ('--text "..."' if record.kind == "texts" else "FILES...")],
        places=[("Model", "model")],
    )


def _untested(record: Alignment) -> dict[str, str]:
    """Figure and texts of a target without labels: the scores of the selected models."""
    scored, title = [row for row in record.table if math.isfinite(row.score)], TITLES[record.chosen_by]
    values, styles = [row.score for row in scored], {record.chosen: "selected"}
    axis = linear(min(0.0, *values), max(values), lambda v: minus(f"{v:.3g}"), title)
    shown = [
        Dot(row.title, Interval(*[row.score] * 3), fixed(row.score, 3), styles.get(row.method, ""))
        for row in scored
    ]
    return {
        "figure": dots(shown, axis, "Scores of the selected models"),
        "caption": f"{capitalise(title)} of the selected models: it is no accuracy.",
        "reading": "Without labels of the target nobody knows how good a model is there.",
    }


def _tested(record: Alignment) -> dict[str, str]:
    """Figure and texts of a target with labels: the selected models on its test rows."""
    metric, alone = get_metric(record.metric), record.row(SOURCE_ONLY).last
    tested = [(row, row.selected) for row in record.table if row.selected is not None]
    styles = {record.chosen: "selected"}
    axis = metric.axis([end for _, figure in tested for end in (figure.low, figure.high)], metric.title)
    shown = [
        Dot(row.title, figure, metric.value(figure.value), styles.get(row.method, ""))
        for row, figure in tested
    ]
    label = f"{metric.title} on the target: {', '.join(f'{dot.name} {dot.text}' for dot in shown)}"
    return {
        "figure": dots(shown, axis, label, None if alone is None else alone.value),
        "caption": f"Selected models on {record.test_rows:,} target rows that served neither for training "
        "nor for selection, with 95 % intervals over rows, mean over seeds. The heavy line is training on "
        "the source alone.",
        "reading": f"Selected: the step that {TITLES[record.chosen_by]} selected; below it the gain over the "
        "end of training on the source alone, on the same rows. Last: the end of the training. Oracle: the "
        "step that is best by the target's labels, which no selection without labels can know.",
    }


def _facts(record: Alignment) -> list[tuple[str, str, str]]:
    labelled = f", {record.target_labelled_rows:,} with labels" if record.target_labelled_rows else ""
    source = ("source", "a saved model", "no row of the source was read")
    if record.held_rows:
        source = ("source", f"{record.source_rows:,} rows", f"and {record.held_rows:,} for model selection")
    tested = ("tested on", "no labels", "of the target were given")
    if record.test_rows:
        tested = ("tested on", f"{record.test_rows:,} rows", "of the target, read by this page only")
    return [
        source,
        ("target", f"{record.target_rows:,} rows", f"without labels{labelled}"),
        tested,
        ("backbone", record.backbone, f"{short(record.backbone_parameters)} parameters"),
    ]


def _more(record: Alignment) -> Iterator[dict[str, Any]]:
    if tested := _by_method(record):
        yield _path(record, tested)
    by = record.chosen_by
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
    metric, by = get_metric(record.metric), record.chosen_by
    pairs = [(point.scores[by], point.target or 0.0) for *_, points in curves for point in points]
    scores, figures = zip(*pairs, strict=True)
    x = linear(min(scores), max(scores), lambda v: minus(f"{v:.3g}"), TITLES[by])
    plot = Plot(x, metric.axis(figures, f"{metric.title} on the target"), 340)
    for title, style, points in reversed(curves):
        for point in points:
            score, figure = point.scores[by], point.target or 0.0
            plot.dot((score, figure), style, f"{title}: score {fixed(score, 3)}, {metric.value(figure)}", 3.5)
    share = 100 * _agreement(pairs)
    summary = f"Of two models, the one with the higher score was the better one in {share:.0f} % of all pairs"
    return {
        "id": "trust",
        "heading": "Can the selection be trusted?",
        "say": [f"{summary}; a coin has 50 %. It takes labels to draw this: it is no part of the selection."],
        "legend": _legend(curves),
        "figure": plot.figure(f"{TITLES[by]} against {metric.title}: {summary}"),
        "caption": "Each dot is a model at one step of one training.",
    }


def _agreement(pairs: list[tuple[float, float]]) -> float:
    """Share of the pairs of models that the score puts in the right order; ties count half."""
    right, total = 0.0, 0
    for i, (score, figure) in enumerate(pairs):
        for other, value in pairs[:i]:
            if figure != value:
                total += 1
                right += 0.5 if score == other else float((score > other) == (figure > value))
    return right / total if total else 0.5


def headings(record: Alignment) -> list[str]:
    """Of the table; without labels of the target only what needs none."""
    tested = ["selected", "last", "oracle"] if record.test_rows else []
    return ["method", *tested, TITLES[record.chosen_by], *(["source"] if record.held_rows else [])]


def rows(record: Alignment) -> list[list[str]]:
    """The rows for a terminal, the shipped model marked."""
    mark = {record.chosen: " *"}
    shown = [
        [row.title + mark.get(row.method, ""), *map(cell_text, cells(record, row))] for row in record.table
    ]
    empty = [""] * (len(headings(record)) - 2)
    return shown + [[row.title, "not run", *empty] for row in record.left_out]


def _page_rows(record: Alignment) -> list[tuple[str, str, list[Cell | None]]]:
    """The rows for the page: title, a word or the reason why there are no figures, and the figures."""
    mark, empty = {record.chosen: "shipped"}, [None] * (len(headings(record)) - 1)
    shown = [(row.title, mark.get(row.method, ""), cells(record, row)) for row in record.table]
    return shown + [(row.title, f"not run: {row.reason}", [*empty]) for row in record.left_out]


def cells(record: Alignment, row: MethodResult) -> list[Cell | None]:
    """The figures of one method."""
    metric, figures = get_metric(record.metric), list[Cell | None]()
    if row.selected is not None:
        figures = [Cell.compare(metric, row.selected.value, row.selected, row.gain)]
        figures += [Cell(metric.value(end.value)) if end else None for end in (row.last, row.oracle)]
    figures.append(Cell(minus(fixed(row.score, 3))))
    if record.held_rows:
        metric = get_metric({"accuracy": "balanced_accuracy"}.get(record.metric, record.metric))
        figures.append(Cell(metric.value(row.source)))
    return figures
