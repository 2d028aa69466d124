"""How `explain` is shown: words tinted, bars of columns, maps over pictures, nearest training examples."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headstart.records.explanation import ColumnImportance, Explanation
from headstart.report.metric import get_metric
from headstart.report.text import Terminal, pluralise, quoted, shorten_middle
from headstart.studies._page import page_view
from headstart.studies.explain import Explained
from headstart.studies.explain.page_items import item_parts
from headstart.studies.explain.words import (
    LONGEST,
    answer_in_words,
    explained_value,
    meaning,
    strongest,
    together,
    value_in_words,
)

CAUTIONS = (
    (
        "A contribution says what this model reacts to, not what causes the label, and not whether the "
        "answer is right."
    ),
    "Parts are replaced as if they had nothing to do with each other.{}",
)
SHARED = "inputs arise that no training row resembles, and what is shared is given to either"
NEAR = "Similarity is the cosine of the model's features, in [-1, 1]."
IMPORTANCE = (
    "What the metric loses if the values of a column are permuted among the labelled rows, with the standard "
    "deviation over permutations. Of two columns that say the same, neither may seem to matter."
)

ITEMS = {"pictures": "picture", "texts": "text", "sounds": "sound"}  # what is explained, by kind


def view(record: Explained, folder: Path) -> dict[str, Any]:
    """What the page shows."""
    items = list(item_parts(record.explanations, record.label_kind, folder))
    if record.importance:
        items.append(_importance(record))
    return page_view(
        record,
        kind="explanation",
        task=record.model,
        headline=headline(record),
        say=[meaning(record.explanations, record.kind, record.label_kind)],
        facts=[
            ("model", record.model, pluralise(len(record.classes), *_things(record))),
            ("explained", *pluralise(len(record.explanations), ITEMS.get(record.kind, "row")).split()),
            *([("labelled rows", f"{record.rows:,}", "with permuted columns")] if record.importance else []),
        ],
        reading="What is explained of each item, and what counts most." if record.explanations else "",
        headings=["item", "predicted", "explained", "value", "counts most"],
        rows=[(each.item, "", _summary(each, record)) for each in record.explanations],
        more=items,
        smallprint=[*(each.format(together(record.kind, SHARED)) for each in CAUTIONS), NEAR],
    )


def terminal(record: Explained, _: Path | None) -> Terminal:
    """What the command prints: what counts most in each item; of several items, each in turn."""
    rows: list[tuple[str, ...]] = [
        (shorten_middle(each.item, LONGEST), *cells)
        for each in record.explanations
        for cells in strongest(each, record.label_kind)
    ]
    headings: tuple[str, ...] = ("item", _part(record), "value", "contribution")
    if not any(value for _, _, value, *_ in rows):  # of words and places
        headings = (*headings[:2], headings[3])
        rows = [(item, part, contribution) for item, part, _, contribution in rows]
    if not rows:
        headings = ("column", f"{get_metric(record.metric).title} lost", "deviation")
        rows = [_lost(each, record) for each in record.importance]
    most = list(_most_important(record))
    return Terminal(
        title=f"Why {record.model} answers so" if record.explanations else "What columns are worth",
        headings=headings,
        rows=rows,
        sentences=[
            meaning(record.explanations, record.kind, record.label_kind),
            *_neighbours(record),
            *(most if record.explanations else ()),
        ],
        answer=[_answer(each, record) for each in record.explanations] or [headline(record)],
    )


# --- sentences


def headline(record: Explained) -> str:
    """The answer for the one item, how many are explained, or the most important column."""
    if len(record.explanations) == 1:
        return _answer(record.explanations[0], record)
    if record.explanations:
        return f"{pluralise(len(record.explanations), 'answer')} of {record.model} explained."
    return next(_most_important(record), "No column was permuted.")


def _answer(each: Explanation, record: Explained) -> str:
    return f"{shorten_middle(each.item, LONGEST)}: {answer_in_words(each, record.label_kind)}"


def _neighbours(record: Explained) -> Iterator[str]:
    for each in record.explanations:
        if each.neighbours:
            named = "; ".join(f"{one.item} ({one.label}, {one.similarity:.2f})" for one in each.neighbours)
            item = shorten_middle(each.item, LONGEST).rstrip(".")
            yield f"{item}: the nearest training examples are {named}."


def _most_important(record: Explained) -> Iterator[str]:
    if record.importance and record.score is not None:
        first, metric = record.importance[0], get_metric(record.metric).plain(1)
        yield (
            f"Permuting {quoted(first.name)} costs most: {metric.size(abs(first.mean))} of the "
            f"{metric.title} of {metric.value(record.score)} on {pluralise(record.rows, 'labelled row')}."
        )


def _things(record: Explained) -> tuple[str, str]:
    return {"classes": ("class", "classes"), "tags": ("tag", "tags")}.get(
        record.label_kind, ("number", "numbers")
    )


def _part(record: Explained) -> str:
    if any(each.map for each in record.explanations):
        return "pixels"
    return "word" if record.kind == "texts" else "column"


# --- cells


def _summary(each: Explanation, record: Explained) -> list[dict[str, str]]:
    first = next(iter(strongest(each, record.label_kind)), ("nothing", "", ""))
    cells = (
        each.predicted,
        each.output,
        value_in_words(explained_value(each), record.label_kind),
        f"{first[0]} {first[2]}",
    )
    return [{"value": cell, "interval": "", "gain": ""} for cell in cells]


def _lost(column: ColumnImportance, record: Explained) -> tuple[str, str, str]:
    metric = get_metric(record.metric)
    return column.name, metric.change(column.mean), metric.size(column.deviation)


def _importance(record: Explained) -> dict[str, Any]:
    return {
        "id": "importance",
        "heading": "What each column is worth",
        "say": [*_most_important(record), IMPORTANCE],
        "headings": ["column", f"{get_metric(record.metric).title} lost", "standard deviation"],
        "rows": [_lost(each, record) for each in record.importance],
    }
