"""The page of a ranking: a table of scores, and the first of them as a figure."""

from collections.abc import Iterator
from typing import Any

from headstart.records.record import Interval
from headstart.report.figures.axis import Axis, linear, within
from headstart.report.figures.plot import Plot
from headstart.report.metric import get_metric
from headstart.report.terminal import Terminal
from headstart.report.text import join_words, minus, pluralise, short, shorten_middle
from headstart.studies._page import Cell, page_view, text
from headstart.studies.rank import RankedBackbone, Ranking

LONGEST = 24  # letters of a name under the axis


def view(record: Ranking) -> dict[str, Any]:
    """What the template shows."""
    first = record.scores[0]
    return page_view(
        record,
        kind="ranking of backbones",
        task=record.task,
        headline=f"{record.best} is first of {pluralise(len(record.table), 'backbone')} by {first}.",
        say=list(sentences(record)),
        legend=[("s1", first)],
        figure=_figure(record),
        caption=f"{first} of each backbone; higher is better. It can be compared between backbones on the "
        f"same rows, and with nothing else.",
        facts=_facts(record),
        reading=f"The table is in the order of {first}. Higher is better in all scores.",
        headings=headings(record),
        rows=list(rows(record)),
        smallprint=[
            "The scores judge frozen features: one that fine-tunes well from a poor start is underrated.",
            "The rows that adapt would test on with the same share and seed are not used.",
        ],
    )


def terminal(record: Ranking) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    first, *others = headings(record)
    return Terminal(
        title=f"Backbones for {record.task}, by {record.scores[0]}",
        headings=[first, "weights", *others],
        rows=[(name, weights, *(text(cell) for cell in cells)) for name, weights, cells in rows(record)],
    )


def headings(record: Ranking) -> list[str]:
    """Of the table."""
    tuned = [f"{get_metric(record.metric).title} of {record.tuned}"] if record.tuned else []
    return ["backbone", *record.scores, *tuned, "features", "seconds"]


def rows(record: Ranking) -> Iterator[tuple[str, str, list[Cell | None]]]:
    """A row for each backbone, the best first; with accuracies, a last one has the agreement with them."""
    for row in record.table:
        cells = [_number(row.scores[score]) for score in record.scores]
        tuned = [_interval(row.accuracy)] if record.tuned else []
        yield (
            row.backbone,
            row.weights,
            [*cells, *tuned, _plain(str(row.width)), _plain(f"{row.seconds:.1f}")],
        )
    if record.tuned:
        cells = [_number(record.agreement[score]) for score in record.scores]
        yield "weighted Kendall tau with the accuracy", "", [*cells, *[_plain("")] * 3]


def sentences(record: Ranking) -> Iterator[str]:
    """How the best backbone compares, and how far the scores agree with the accuracies."""
    known = [row for row in record.table if row.accuracy is not None]
    if known:
        metric = get_metric(record.metric)
        top = max(known, key=lambda row: row.accuracy.value if row.accuracy else 0.0)
        assert top.accuracy is not None
        shown = metric.shown(top.accuracy)
        yield f"{top.backbone} has the highest {metric.title} with {record.tuned}: {shown}."
    agreeing = [f"{score} {tau:.2f}" for score, tau in record.agreement.items() if tau is not None]
    if agreeing:
        yield (
            f"Weighted Kendall tau of the scores with the accuracies, from -1 to 1: {join_words(agreeing)}."
        )


def _plain(value: str) -> Cell:
    return Cell(value)


def _number(value: float | None) -> Cell:
    return _plain("-" if value is None else minus(f"{value:.3f}"))


def _interval(value: Interval | None) -> Cell:
    if value is None:
        return _plain("-")
    return Cell(minus(f"{value.value:.3f}"), minus(f"{value.low:.2f}") + f" to {value.high:.2f}")


def _facts(record: Ranking) -> list[tuple[str, str, str]]:
    best = record.table[0]
    held_out = f"{record.held_out:,} more held out" if record.held_out else "none held out"
    return [
        ("first", best.backbone, f"{short(best.parameters)} parameters, {pluralise(best.width, 'feature')}"),
        ("rows", f"{record.rows:,}", held_out),
        ("classes or columns", f"{record.classes:,}", "of the labels"),
        ("backbones", f"{len(record.table):,}", "one pass over the data each"),
    ]


def _figure(record: Ranking) -> str:
    first = record.scores[0]
    known = [(place, row) for place, row in enumerate(record.table) if row.scores[first] is not None]
    values = [float(row.scores[first] or 0.0) for _, row in known] or [0.0]
    y = linear(*within(-float("inf"), float("inf"), values), lambda value: minus(f"{value:.6g}"), first)
    ticks = tuple((float(i), shorten_middle(row.backbone, LONGEST)) for i, row in enumerate(record.table))
    plot = Plot(Axis(-0.5, len(record.table) - 0.5, ticks), y, slanted=True)
    for (place, row), value in zip(known, values, strict=False):
        plot.dot((float(place), value), "s1", _hover(row, first, value), 5)
    said = [f"{row.backbone} {value:.3f}" for (_, row), value in zip(known, values, strict=False)]
    return plot.figure(f"{first} of each backbone: {', '.join(said)}")


def _hover(row: RankedBackbone, score: str, value: float) -> str:
    return f"{row.backbone}: {score} {value:.3f}"
