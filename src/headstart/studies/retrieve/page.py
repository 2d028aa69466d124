"""How `retrieve` is shown: what was found, with its cosines, and recall both ways."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.report.html import picture_data
from headstart.report.metric import get_metric
from headstart.report.text import Terminal, capitalise, pluralise, quoted
from headstart.studies._page import Cell, page_view
from headstart.studies.retrieve import Hit, Retrieval

RECALL = replace(get_metric("share"), name="recall", title="recall", unit="share")
WHAT = {"text-to-picture": "pictures by captions", "picture-to-text": "captions by pictures"}
COSINES = (
    "Cosines of a text and a picture are small even where both belong together: compare them with each "
    "other, not "
    "with 1. Something is always the most similar, whether or not anything fits."
)
SEEN = (
    "Recall at k is the share of the queries of which one that belongs to them is among the k most "
    "similar. It is "
    "too high on pairs that the encoders learned from. Intervals hold with 95 % confidence for new pairs "
    "of the "
    "same kind; pairs of nearly equal pictures are drawn together."
)


def view(record: Retrieval, folder: Path) -> dict[str, Any]:
    """What the page shows."""
    return page_view(
        record,
        kind="retrieval",
        task=record.task,
        headline=headline(record),
        say=list(sentences(record)),
        facts=[
            ("searched", f"{record.gallery:,}", record.searched),
            ("query", record.query_kind, shortened(shown_query(record))),
            ("encoders", " and ".join(dict.fromkeys(record.encoders)), "of texts and of pictures"),
        ],
        reading=f"The {record.searched} with the highest cosines.",
        headings=HEADINGS,
        rows=[(name, "", [Cell(value) for value in cells]) for name, *cells in rows(record)],
        first=list(_pictures(record, folder)),
        more=list(_more(record)),
        smallprint=[COSINES, *([SEEN] if record.recalls else [])],
    )


def terminal(record: Retrieval, _: Path | None = None) -> Terminal:
    """What the command prints."""
    return Terminal(
        title=headline(record),
        headings=HEADINGS,
        rows=list(rows(record)),
        sentences=list(sentences(record)),
    )


HEADINGS = ["result", "cosine", "caption"]


def rows(record: Retrieval) -> Iterator[tuple[str, str, str]]:
    """A row for each result."""
    for hit in record.hits:
        yield hit.item, f"{hit.cosine:.3f}", hit.text


def headline(record: Retrieval) -> str:
    """The query and the best result."""
    best = record.hits[0]
    found = quoted(best.text) if record.searched == "captions" else best.item
    return f"Of {record.gallery:,} {record.searched}, {found} is most like {shown_query(record)}."


def shown_query(record: Retrieval) -> str:
    """The text in quotation marks, or the name of the picture's file."""
    return quoted(record.query) if record.query_kind == "text" else Path(record.query).name


def shortened(text: str) -> str:
    """At most 40 letters."""
    return text if len(text) <= 40 else f"{text[:39]}\u2026"


def sentences(record: Retrieval) -> Iterator[str]:
    """Recall of the data's own pairs."""
    metric = RECALL.plain(1)
    for one in record.recalls:
        if one.k == 5 or (one.k == 1 and len(record.recalls) < 4):
            yield (
                f"{capitalise(WHAT[one.direction])} of the same data: {metric.value(one.share.value)} of "
                f"{pluralise(one.queries, 'query', 'queries')} find what belongs to them among the first "
                f"{one.k} of "
                f"{one.gallery:,} (95 % interval {metric.span(one.share)}; chance "
                f"{metric.value(one.chance)})."
            )


def _pictures(record: Retrieval, folder: Path) -> Iterator[dict[str, Any]]:
    if record.query_picture:
        yield {"id": "query", "heading": "The query", "say": [], "cards": [_query_card(record, folder)]}
    if any(hit.picture for hit in record.hits):
        yield {
            "id": "found",
            "heading": "What was found",
            "say": ["The most similar first; the bar is the cosine, from 0 to that of the first."],
            "cards": [_card(hit, record.hits[0].cosine, folder) for hit in record.hits],
        }


def _more(record: Retrieval) -> Iterator[dict[str, Any]]:
    if record.recalls:
        yield {
            "id": "recall",
            "heading": "How well the pairs of the data find each other",
            "say": [],
            "headings": ["what finds what", "recall", "95 % interval", "chance"],
            "rows": list(_recalls(record)),
        }


def _recalls(record: Retrieval) -> Iterator[list[str]]:
    for one in record.recalls:
        shown = RECALL.shown(one.share)
        yield [
            f"{WHAT[one.direction]}, first {one.k} of {one.gallery:,}",
            shown.value,
            shown.interval,
            RECALL.value(one.chance),
        ]


def _query_card(record: Retrieval, folder: Path) -> dict[str, Any]:
    source = picture_data(folder, record.query_picture)
    name = shown_query(record)
    return {"text": "", "source": source, "alt": name, "item": name, "detail": ""}


def _card(hit: Hit, best: float, folder: Path) -> dict[str, Any]:
    part = min(1.0, max(0.0, hit.cosine / best)) if best > 0 else 0.0
    return {
        "text": "",
        "source": picture_data(folder, hit.picture),
        "alt": hit.text or hit.item,
        "part": f"{part:.3f}",
        "value": f"{hit.cosine:.3f}",
        "item": hit.item,
        "detail": hit.text,
    }
