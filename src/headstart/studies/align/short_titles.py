"""Titles of methods on the page, without the settings that most of them share."""

import re
from dataclasses import replace

from headstart.report.text import join_words
from headstart.studies.align import Alignment

BRACKET = re.compile(r"(.+?) \(([a-z]\w* = .*)\)")  # a title and the settings at its end
BETWEEN = re.compile(r", (?=[a-z]\w* = )")  # two settings


def shortened(record: Alignment) -> tuple[Alignment, str]:
    """The record with titles, headline and notes that leave out what most methods share, and what that is.

    A setting is left out if more than half of the methods have it, none has another value of it, and the
    titles still differ without it; the sentence names the methods that don't have it.
    """
    split = [_split_title(row.title) for row in record.table]
    settings = [pair for _, pairs in split for pair in pairs]
    shared = [pair for pair in dict.fromkeys(settings) if _is_shared(pair, settings, len(split))]
    own = [", ".join(pair for pair in pairs if pair not in shared) for _, pairs in split]
    titles = [name + (f" ({pairs})" if pairs else "") for (name, _), pairs in zip(split, own, strict=True)]
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
    notes = list(map(shorten, record.notes))
    record = replace(record, table=table, headline=shorten(record.headline), notes=notes)
    return record, f"Titles leave out settings that most methods here share: {summary}."


def _split_title(title: str) -> tuple[str, list[str]]:
    """A title without its settings, and these."""
    match = BRACKET.fullmatch(title)
    return (title, []) if match is None else (match[1], BETWEEN.split(match[2]))


def _is_shared(pair: str, settings: list[str], methods: int) -> bool:
    """Whether more than half of the methods have a setting, and all these with the same value."""
    name = pair.partition(" = ")[0]
    same = [other for other in settings if other.partition(" = ")[0] == name]
    return 2 * len(same) > methods > 1 and set(same) == {pair}
