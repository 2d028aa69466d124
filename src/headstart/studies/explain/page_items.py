"""The parts of the page of `explain`: each item with what counts in it, and its nearest training examples."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from headstart.records.explanation import Contribution, Explanation
from headstart.records.record import Interval
from headstart.report.axis import linear
from headstart.report.figures import Dot, dots
from headstart.report.html import picture_data
from headstart.report.text import minus, shorten_middle, significant
from headstart.studies.explain.pictures import picture_names
from headstart.studies.explain.words import (
    LONGEST,
    answer_in_words,
    signed,
    unit_of,
    value_in_words,
    with_error,
)

DRAWN = 25  # columns
WIDE = 1.96  # standard errors, of an interval of 95 %


def item_parts(
    explanations: Sequence[Explanation], label_kind: str, folder: Path
) -> Iterator[dict[str, Any]]:
    """A part of the page for each item."""
    for number, each in enumerate(explanations):
        part: dict[str, Any] = {
            "id": f"item-{number}",
            "heading": shorten_middle(each.item, 80),
            "say": [f"Predicted: {answer_in_words(each, label_kind)}"],
        }
        if each.parts and each.parts[0].value:
            part |= _bars(each, label_kind)
        elif each.parts:
            part["words"] = _tinted(each.parts, label_kind)
        if cards := _cards(each, number, folder):
            part["cards"] = cards
        yield part


def _tinted(parts: Sequence[Contribution], label_kind: str) -> list[dict[str, str]]:
    strongest = max(abs(part.contribution) for part in parts) or 1.0
    return [
        {
            "text": part.name,
            "side": "for" if part.contribution > 0 else "against",
            "share": f"{100 * abs(part.contribution) / strongest:.0f}",
            "hover": with_error(part, label_kind),
        }
        for part in parts
    ]


def _bars(each: Explanation, label_kind: str) -> dict[str, Any]:
    drawn = each.strongest(DRAWN)
    texts = [signed(part.contribution, label_kind) for part in drawn]
    rows = [
        Dot(shorten_middle(f"{part.name} = {part.value}", LONGEST), _interval(part), text)
        for part, text in zip(drawn, texts, strict=True)
    ]
    odds = ", log-odds" if unit_of(each, label_kind) == "log-odds" else ""
    low, high = (
        pick(getattr(row.interval, end) for row in rows) for pick, end in ((min, "low"), (max, "high"))
    )
    axis = linear(
        min(low, 0.0), max(high, 0.0), lambda value: minus(significant(value, 2)), f"contribution{odds}", 5
    )
    words = ", ".join(f"{part.name} {text}" for part, text in zip(drawn, texts, strict=True))
    said = ["What each column contributes, with 95 % intervals over what was drawn."]
    if each.base is not None:
        ends = (value_in_words(value, label_kind) for value in (each.base, each.value))
        said.append("Contributions add up from {} to {}{}.".format(*ends, odds))
    if len(each.parts) > DRAWN:
        said.append(f"The {DRAWN} largest of {len(each.parts)} are drawn.")
    return {
        "figure": dots(rows, axis, f"Contributions: {words}", 0.0),
        "legend": [],
        "caption": " ".join(said),
    }


def _interval(part: Contribution) -> Interval:
    wide = WIDE * (part.error or 0.0)
    return Interval(part.contribution, part.contribution - wide, part.contribution + wide)


def _cards(each: Explanation, number: int, folder: Path) -> list[dict[str, Any]]:
    """What the model sees, the map over it, and the nearest training examples."""
    seen, over, *near = picture_names(number, len(each.neighbours))
    cards = []
    if each.map is not None:
        cards = [
            _card("What the model sees", each.item, picture_data(folder, seen)),
            _card("Orange speaks for it, blue against it", each.attribution, picture_data(folder, over)),
        ]
    for one, name in zip(each.neighbours, near, strict=True):
        cards.append(
            _card(f"Near: {one.label}", one.item, picture_data(folder, name), one.text)
            | {"part": f"{max(0.0, one.similarity):.3f}", "value": f"{one.similarity:.2f}"}
        )
    return cards


def _card(item: str, detail: str, source: str, text: str = "") -> dict[str, Any]:
    return {"text": text, "source": source, "alt": f"{item}: {detail}", "item": item, "detail": detail}
