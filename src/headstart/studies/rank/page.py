"""The page of a ranking: a table of scores, and the first of them as a figure."""

from collections.abc import Iterator
from typing import Any

from headstart.core import make
from headstart.records.record import Interval
from headstart.report.axis import Axis, linear, within
from headstart.report.figures import Plot
from headstart.report.metric import get_metric
from headstart.report.text import Terminal, capitalise, join_words, minus, pluralise, short, shorten_middle
from headstart.studies._page import Cell, cell_text, page_view
from headstart.studies.rank import TITLES, Ranking

LONGEST = 14  # letters of a slanted name that there is room for under the axis


def view(record: Ranking) -> dict[str, Any]:
    """What the template shows."""
    first, best = TITLES[record.scores[0]], record.table[0]
    score = _score(best.scores[record.scores[0]]).value
    headline = f"{best.backbone} is first of {pluralise(len(record.table), 'backbone')} by {first}."
    if len(record.table) == 1:
        headline = f"{best.backbone} is the only backbone: {first} {score}, with nothing to compare it with."
    held_out = f"{record.held_out:,} more held out" if record.held_out else "none held out"
    size = f"{short(best.parameters)} parameters, {pluralise(best.width, 'feature')}"
    return page_view(
        record,
        kind="ranking of backbones",
        task=record.task,
        headline=headline,
        say=list(sentences(record)),
        legend=[],
        figure=_figure(record) if len(record.table) > 1 else "",  # one dot compares nothing
        caption=f"{capitalise(first)} of each backbone; higher is better. It can be compared between "
        f"backbones on the same rows, and with nothing else.",
        facts=[
            ("first" if len(record.table) > 1 else "backbone", best.backbone, size),
            ("rows", f"{record.rows:,}", held_out),
            ("classes or columns", f"{record.classes:,}", "of the labels"),
            ("backbones", f"{len(record.table):,}", "one pass over the data each"),
        ],
        reading=f"The table is in the order of {first}. Higher is better in all scores.",
        headings=headings(record),
        rows=list(rows(record)),
        smallprint=[
            "The scores are of frozen features: one that fine-tunes well from a poor start is underrated.",
            "The rows that adapt would test on with the same share and seed are not used.",
        ],
    )


def terminal(record: Ranking) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    first, *others = headings(record)
    return Terminal(
        title=f"Backbones for {record.task}, by {TITLES[record.scores[0]]}",
        headings=[first, "weights", *others],
        rows=[(name, weights, *map(cell_text, cells)) for name, weights, cells in rows(record)],
    )


def headings(record: Ranking) -> list[str]:
    """Of the table."""
    tuned = [f"{get_metric(record.metric).title} of {make(record.tuned).title}"] if record.tuned else []
    return ["backbone", *(TITLES[name] for name in record.scores), *tuned, "features", "seconds"]


def rows(record: Ranking) -> Iterator[tuple[str, str, list[Cell]]]:
    """A row for each backbone, the best first; with accuracies, a last one has the agreement with them."""
    for row in record.table:
        scores = [_score(row.scores[name]) for name in record.scores]
        accuracy = [_accuracy(row.accuracy)] if record.tuned else []
        cells = [*scores, *accuracy, Cell(str(row.width)), Cell(f"{row.seconds:.1f}")]
        yield row.backbone, row.weights, cells
    if record.tuned:
        scores = [_score(record.agreement[name]) for name in record.scores]
        yield "weighted Kendall tau with the accuracy", "", [*scores, *[Cell("")] * 3]


def _score(value: float | None) -> Cell:
    return Cell("-" if value is None else minus(f"{value:.3f}"))


def _accuracy(value: Interval | None) -> Cell:
    if value is None:
        return Cell("-")
    return Cell(minus(f"{value.value:.3f}"), minus(f"{value.low:.2f}") + f" to {value.high:.2f}")


def sentences(record: Ranking) -> Iterator[str]:
    """How the best backbone compares, and how far the scores agree with the accuracies."""
    accuracies = [(row.backbone, row.accuracy) for row in record.table if row.accuracy is not None]
    if accuracies:
        metric = get_metric(record.metric)
        top, accuracy = max(accuracies, key=lambda pair: pair[1].value)
        yield (
            f"{top} has the highest {metric.title} with {make(record.tuned).title}: {metric.shown(accuracy)}."
        )
    agreeing = [f"{TITLES[score]} {tau:.2f}" for score, tau in record.agreement.items() if tau is not None]
    if agreeing:
        yield (
            f"Weighted Kendall tau of the scores with the accuracies, from -1 to 1: {join_words(agreeing)}."
        )


def _figure(record: Ranking) -> str:
    first = record.scores[0]
    values = [(float(i), row.backbone, row.scores[first]) for i, row in enumerate(record.table)]
    scored = [(place, name, value) for place, name, value in values if value is not None]
    ends = within(-float("inf"), float("inf"), [value for _, _, value in scored] or [0.0])
    ticks = tuple((place, shorten_middle(name, LONGEST)) for place, name, _ in values)
    x = Axis(-0.5, len(values) - 0.5, ticks)
    plot = Plot(x, linear(*ends, lambda value: minus(f"{value:.6g}"), TITLES[first]), slanted=True)
    for place, name, value in scored:
        plot.dot((place, value), "s1", f"{name}: {TITLES[first]} {value:.3f}", 5)
    shown = ", ".join(f"{name} {value:.3f}" for _, name, value in scored)
    return plot.figure(f"{capitalise(TITLES[first])} of each backbone: {shown}")
