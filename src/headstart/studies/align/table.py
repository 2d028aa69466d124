"""The table of an alignment: source-only, last, selected and oracle, for a page or a terminal."""

import re
from dataclasses import replace

from headstart.report.metric import Metric, get_metric
from headstart.report.text import fixed, join_words, minus
from headstart.studies._page import Cell, cell, text
from headstart.studies.align import TITLES, Alignment, MethodResult

BRACKET = re.compile(r"(.+?) \(([a-z]\w* = .*)\)")  # a title and the settings at its end
BETWEEN = re.compile(r", (?=[a-z]\w* = )")  # two settings


def title(record: Alignment) -> str:
    """Of the table."""
    judged = (
        f"{get_metric(record.metric).title} on {record.test_rows:,} target rows"
        if record.test_rows
        else "no labels"
    )
    return f"{record.source} to {record.target}: {judged}"


def headings(record: Alignment) -> list[str]:
    """Of the table; without labels of the target only what needs none."""
    judged = ["selected", "last", "oracle"] if record.test_rows else []
    return ["method", *judged, TITLES[record.chosen_by], *(["source"] if record.held_rows else [])]


def rows(record: Alignment) -> list[list[str]]:
    """The same for a terminal, the shipped model marked."""
    found = []
    for row in record.table:
        mark = " *" if row.method == record.chosen else ""
        found.append([f"{row.title}{mark}", *(text(one) for one in cells(record, row))])
    return found


def cells(record: Alignment, row: MethodResult) -> list[Cell | None]:
    """The figures of one method."""
    metric, found = get_metric(record.metric), list[Cell | None]()
    if record.test_rows:
        assert row.selected is not None
        found += [
            cell(metric, row.selected.value, row.selected, row.gain),
            *(None if one is None else cell(metric, one.value, None, None) for one in (row.last, row.oracle)),
        ]
    score = Cell(minus(fixed(row.score, 3)))
    return [*found, score, *([cell(_held(record), row.source, None, None)] if record.held_rows else [])]


def shortened(record: Alignment) -> tuple[Alignment, str]:
    """The record with titles, headline and notes that leave out what most methods share, and what that is.

    A setting is left out if more than half of the methods have it, none has another value of it, and the
    titles still differ without it; the sentence names the methods that don't have it.
    """
    parted = [_parted(row.title) for row in record.table]
    shared = [
        pair for pair in dict.fromkeys(p for _, pairs in parted for p in pairs) if _shared(pair, parted)
    ]
    titles = [_joined(name, [pair for pair in pairs if pair not in shared]) for name, pairs in parted]
    if not shared or len(set(titles)) < len(titles):
        return record, ""
    longest = sorted(zip(record.table, titles, strict=True), key=lambda both: -len(both[0].title))

    def brief(text: str) -> str:
        for row, title in longest:
            text = text.replace(row.title, title)
        return text

    table = [replace(row, title=title) for row, title in zip(record.table, titles, strict=True)]
    notes = [brief(note) for note in record.notes]
    without = [_without(pair, titles, parted) for pair in shared]
    alike = {one: [p for p, other in zip(shared, without, strict=True) if other == one] for one in without}
    said = "; ".join(f"{join_words(pairs)}{but}" for but, pairs in alike.items())
    short = replace(record, table=table, headline=brief(record.headline), notes=notes)
    return short, f"Titles leave out settings that most methods here share: {said}."


def _parted(title: str) -> tuple[str, list[str]]:
    """A title without its settings, and these."""
    found = BRACKET.fullmatch(title)
    return (title, []) if found is None else (found[1], BETWEEN.split(found[2]))


def _joined(name: str, pairs: list[str]) -> str:
    return f"{name} ({', '.join(pairs)})" if pairs else name


def _shared(pair: str, parted: list[tuple[str, list[str]]]) -> bool:
    name = pair.partition(" = ")[0]
    found = [one for _, pairs in parted for one in pairs if one.partition(" = ")[0] == name]
    return 2 * len(found) > len(parted) > 1 and set(found) == {pair}


def _without(pair: str, titles: list[str], parted: list[tuple[str, list[str]]]) -> str:
    without = [title for title, (_, pairs) in zip(titles, parted, strict=True) if pair not in pairs]
    return f" (all but {join_words(without)})" if without else ""


def _held(record: Alignment) -> Metric:
    selection = {"accuracy": "balanced_accuracy"}
    return get_metric(selection.get(record.metric, record.metric))
