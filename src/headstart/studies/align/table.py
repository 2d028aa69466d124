"""The table of an alignment for a page or a terminal: source-only, selected, last and oracle."""

import re
from dataclasses import replace

from headstart.report.metric import get_metric
from headstart.report.text import fixed, join_words, minus
from headstart.studies._page import Cell, cell_text
from headstart.studies.align import TITLES, Alignment, MethodResult

BRACKET = re.compile(r"(.+?) \(([a-z]\w* = .*)\)")  # a title and the settings at its end
BETWEEN = re.compile(r", (?=[a-z]\w* = )")  # two settings


def title(record: Alignment) -> str:
    """Of the table."""
    figure = "no labels"
    if record.test_rows:
        figure = f"{get_metric(record.metric).title} on {record.test_rows:,} target rows"
    return f"{record.source} to {record.target}: {figure}"


def headings(record: Alignment) -> list[str]:
    """Of the table; without labels of the target only what needs none."""
    tested = ["selected", "last", "oracle"] if record.test_rows else []
    return ["method", *tested, TITLES[record.chosen_by], *(["source"] if record.held_rows else [])]


def rows(record: Alignment) -> list[list[str]]:
    """The rows for a terminal, the shipped model marked."""
    return [
        [
            row.title + (" *" if row.method == record.chosen else ""),
            *map(cell_text, cells(record, row)),
        ]
        for row in record.table
    ]


def cells(record: Alignment, row: MethodResult) -> list[Cell | None]:
    """The figures of one method."""
    metric, figures = get_metric(record.metric), list[Cell | None]()
    if row.selected is not None:
        figures = [Cell.compare(metric, row.selected.value, row.selected, row.gain)]
        for figure in (row.last, row.oracle):
            figures.append(None if figure is None else Cell(metric.value(figure.value)))
    figures.append(Cell(minus(fixed(row.score, 3))))
    if record.held_rows:
        metric = get_metric({"accuracy": "balanced_accuracy"}.get(record.metric, record.metric))
        figures.append(Cell(metric.value(row.source)))
    return figures


def shortened(record: Alignment) -> tuple[Alignment, str]:
    """The record with titles, headline and notes that leave out what most methods share, and what that is.

    A setting is left out if more than half of the methods have it, none has another value of it, and the
    titles still differ without it; the sentence names the methods that don't have it.
    """
    split = [_split_title(row.title) for row in record.table]
    settings = [pair for _, pairs in split for pair in pairs]
    shared = [pair for pair in dict.fromkeys(settings) if _is_shared(pair, settings, len(split))]
    titles = [_join_title(name, [pair for pair in pairs if pair not in shared]) for name, pairs in split]
    if not shared or len(set(titles)) < len(titles):
        return record, ""
    longest = sorted(zip(record.table, titles, strict=True), key=lambda both: -len(both[0].title))

    def shorten(text: str) -> str:
        for row, title in longest:
            text = text.replace(row.title, title)
        return text

    exceptions: dict[str, list[str]] = {}  # settings by what lacks them
    for pair in shared:
        without = [title for title, (_, pairs) in zip(titles, split, strict=True) if pair not in pairs]
        exceptions.setdefault(f" (all but {join_words(without)})" if without else "", []).append(pair)
    summary = "; ".join(f"{join_words(pairs)}{but}" for but, pairs in exceptions.items())
    table = [replace(row, title=title) for row, title in zip(record.table, titles, strict=True)]
    notes = [shorten(note) for note in record.notes]
    short = replace(record, table=table, headline=shorten(record.headline), notes=notes)
    return short, f"Titles leave out settings that most methods here share: {summary}."


def _split_title(title: str) -> tuple[str, list[str]]:
    """A title without its settings, and these."""
    match = BRACKET.fullmatch(title)
    return (title, []) if match is None else (match[1], BETWEEN.split(match[2]))


def _join_title(name: str, pairs: list[str]) -> str:
    return f"{name} ({', '.join(pairs)})" if pairs else name


def _is_shared(pair: str, settings: list[str], methods: int) -> bool:
    """Whether more than half of the methods have a setting, and all these with the same value."""
    name = pair.partition(" = ")[0]
    same = [other for other in settings if other.partition(" = ")[0] == name]
    return 2 * len(same) > methods > 1 and set(same) == {pair}
