"""The page of an alignment: what helped on the target, how it was chosen, how the domains differ."""

import math
from collections.abc import Iterator
from typing import Any

from headstart.records.record import Interval
from headstart.report.figures.axis import linear
from headstart.report.figures.dots import Dot, dots
from headstart.report.figures.plot import Plot
from headstart.report.metric import get_metric
from headstart.report.terminal import Terminal
from headstart.report.text import SPACE, capitalise, fixed, join_words, minus, pluralise, short
from headstart.studies._page import settings, versions
from headstart.studies.align import SOURCE_ONLY, TITLES, Alignment, EvalPoint
from headstart.studies.align.table import cells, headings, rows, shortened
from headstart.studies.align.table import title as table_title
from headstart.studies.shift.page import parts as shift_parts

STYLES = 6  # of lines and dots that are told apart, besides those of the source alone
NAMED = 3  # of the others, named in a legend
REST = "rest"  # the style of methods beyond these


def view(record: Alignment) -> dict[str, Any]:
    """What the template shows."""
    record, shared = shortened(record)
    return {
        "kind": "alignment",
        "task": f"{record.source} \u2192 {record.target}",
        "headline": record.headline.replace(" %", f"{SPACE}%"),
        "notes": record.notes,
        "say": list(_say(record)),
        "legend": [],
        "figure": _figure(record),
        "caption": _caption(record),
        "facts": _facts(record),
        "reading": _reading(record),
        "headings": headings(record),
        "rows": [(row.title, _detail(record, row.method), cells(record, row)) for row in record.table],
        "more": list(_more(record)),
        "smallprint": [*_smallprint(record), *([shared] if shared else [])],
        "settings": settings(record),
        "versions": versions(record),
    }


def terminal(record: Alignment) -> Terminal:
    """What the command prints: the table of the page, the headline, how to go on."""
    return Terminal(
        title=table_title(record),
        headings=headings(record),
        rows=rows(record),
        answer=[record.headline],
        next=["headstart predict FOLDER " + ('--text "..."' if record.kind == "texts" else "FILES...")],
        places=[("Model", "model")],
    )


def _say(record: Alignment) -> Iterator[str]:
    step = f"after {pluralise(record.chosen_step, 'step')} of seed {record.chosen_seed}"
    yield (
        f"The shipped model is {record.row(record.chosen).title}, {step}. It was chosen by "
        f"{TITLES[record.chosen_by]}, which reads no label of the target."
    )


def _detail(record: Alignment, method: str) -> str:
    return "shipped" if method == record.chosen else ""


def _caption(record: Alignment) -> str:
    if not record.test_rows:
        return f"{capitalise(TITLES[record.chosen_by])} of the selected models: it is no accuracy."
    return (
        f"Selected models on {record.test_rows:,} target rows that nothing was learned from or chosen by, "
        f"with 95 % intervals over rows, mean over seeds. The heavy line is training on the source alone."
    )


def _figure(record: Alignment) -> str:
    if not record.test_rows:
        known = [row for row in record.table if math.isfinite(row.score)]
        values = [row.score for row in known]
        axis = linear(min(0.0, *values), max(values), lambda v: minus(f"{v:.3g}"), TITLES[record.chosen_by])
        shown = [
            Dot(
                row.title,
                Interval(row.score, row.score, row.score),
                fixed(row.score, 3),
                _style(record, row.method),
            )
            for row in known
        ]
        return dots(shown, axis, "Scores of the selected models")
    metric = get_metric(record.metric)
    found = [(row, row.selected) for row in record.table if row.selected is not None]
    axis = metric.axis([end for _, one in found for end in (one.low, one.high)], metric.title)
    shown = [Dot(row.title, one, metric.value(one.value), _style(record, row.method)) for row, one in found]
    said = ", ".join(f"{row.title} {metric.value(one.value)}" for row, one in found)
    alone = record.row(SOURCE_ONLY).last
    return dots(shown, axis, f"{metric.title} on the target: {said}", None if alone is None else alone.value)


def _style(record: Alignment, method: str) -> str:
    return "selected" if method == record.chosen else ""


def _facts(record: Alignment) -> list[tuple[str, str, str]]:
    labelled = f", {record.target_labelled_rows:,} with labels" if record.target_labelled_rows else ""
    judged = ("no labels", "of the target were given")
    if record.test_rows:
        judged = (f"{record.test_rows:,} rows", "of the target, read by this page only")
    source = ("source", f"{record.source_rows:,} rows", f"and {record.held_rows:,} to choose by")
    return [
        source if record.held_rows else ("source", "a saved model", "no row of the source was read"),
        ("target", f"{record.target_rows:,} rows", f"without labels{labelled}"),
        ("judged on", *judged),
        ("backbone", record.backbone, f"{short(record.backbone_parameters)} parameters"),
    ]


def _reading(record: Alignment) -> str:
    what = "balanced accuracy" if record.metric == "accuracy" else "same"
    held = f" The column source is the {what} on held-out source rows." if record.held_rows else ""
    if not record.test_rows:
        return f"Without labels of the target nobody knows how good a model is there.{held}"
    return (
        f"Selected: the step that {TITLES[record.chosen_by]} chose; below it the gain over the "
        f"end of training on the source alone, on the same rows. Last: the end of the training. Oracle: "
        f"the step that is best by the target's labels, which nobody could have chosen.{held}"
    )


def _more(record: Alignment) -> Iterator[dict[str, Any]]:
    judged = [look for look in record.eval_points if look.target is not None]
    if judged:
        yield _path(record)
    if any(record.chosen_by in look.scores for look in judged):
        yield _trust(record)
    if record.shift is not None:
        yield from shift_parts(record.shift)


def _by_method(record: Alignment) -> list[tuple[str, str, list[EvalPoint]]]:
    """Title, style and looks of each method, in the order of the table; the last have one style."""
    found, number = [], 0
    for row in record.table:
        number += row.method != SOURCE_ONLY
        style = "base" if row.method == SOURCE_ONLY else f"s{number}" if number <= STYLES else REST
        mine = [look for look in record.eval_points if look.method == row.method and look.target is not None]
        found.append((row.title, style, mine))
    return [one for one in found if one[2]]


def _legend(styles: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of (style, title): methods of the same style are told together."""
    others = [title for style, title in styles if style == REST]
    told_apart = [one for one in styles if one[0] != REST]
    if not others:
        return told_apart
    return [
        *told_apart,
        (REST, join_words(others) if len(others) <= NAMED else f"the other {len(others)} methods"),
    ]


def _path(record: Alignment) -> dict[str, Any]:
    """The target's figure along the trainings."""
    metric, curves = get_metric(record.metric), []
    for title, style, looks in _by_method(record):
        places = sorted({look.progress for look in looks})
        means = [(at, _mean([look.target or 0.0 for look in looks if look.progress == at])) for at in places]
        curves.append((title, style, means))
    values = [value for _, _, means in curves for _, value in means]
    x = linear(0, 1, lambda v: f"{100 * v:.0f} %", "progress of the training")
    plot = Plot(x, metric.axis(values, metric.title), 340)
    for title, style, means in reversed(curves):
        if len(means) > 1:
            plot.line(means, style)
        for at, value in means:
            plot.dot((at, value), style, f"{title}, {100 * at:.0f} %: {metric.value(value)}")
    ends = ", ".join(f"{title} {metric.value(means[-1][1])}" for title, _, means in curves)
    return {
        "id": "path",
        "heading": "On the way",
        "say": ["Mean over seeds on the target's test rows, after the fact: no step was chosen by it."],
        "legend": _legend([(style, title) for title, style, _ in curves]),
        "figure": plot.figure(f"{metric.title} on the target along the training; at the end {ends}"),
        "caption": "A curve that falls is a method that unlearns: choosing a step then matters.",
    }


def _trust(record: Alignment) -> dict[str, Any]:
    """Whether what was chosen by goes along with the target's figure."""
    metric, by = get_metric(record.metric), record.chosen_by
    groups = [
        (title, style, [(look.scores[by], look.target or 0.0) for look in looks if by in look.scores])
        for title, style, looks in _by_method(record)
    ]
    groups = [one for one in groups if one[2]]
    pairs = [pair for _, _, mine in groups for pair in mine]
    x = linear(min(s for s, _ in pairs), max(s for s, _ in pairs), lambda v: minus(f"{v:.3g}"), TITLES[by])
    plot = Plot(x, metric.axis([t for _, t in pairs], f"{metric.title} on the target"), 340)
    for title, style, mine in reversed(groups):
        for score, target in mine:
            plot.dot((score, target), style, f"{title}: score {fixed(score, 3)}, {metric.value(target)}", 3.5)
    tau = _agreement(pairs)
    said = (
        f"Of two models, the one with the higher score was the better one in {100 * tau:.0f} % of all pairs"
    )
    return {
        "id": "trust",
        "heading": "Can the choice be trusted?",
        "say": [f"{said}; a coin has 50 %. It takes labels to draw this: it is no part of the choice."],
        "legend": _legend([(style, title) for title, style, _ in groups]),
        "figure": plot.figure(f"{TITLES[by]} against {metric.title}: {said}"),
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


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _smallprint(record: Alignment) -> Iterator[str]:
    source = "labelled rows of the source and " if record.held_rows else ""
    yield (
        f"Batches hold {source}rows of the target without labels: no method can see a label of these, and "
        "no choice depends on one."
    )
    if record.test_rows:
        yield (
            "Figures and the ends of intervals are means over seeds; the intervals hold for these models on "
            "other rows of the same target, not for other trainings."
        )
    yield "Titles with a setting in brackets are methods whose settings differ from their defaults."
