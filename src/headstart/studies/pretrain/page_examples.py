"""What a method filled in, for the page: pictures, texts with blanks, or cells of a table."""

from pathlib import Path
from typing import Any

from headstart.report.figures import tag, written
from headstart.report.html import picture_data
from headstart.report.text import percent
from headstart.studies.pretrain import FilledBlank, FilledExample

MOST = 30  # cells


def examples_part(examples: list[FilledExample], folder: Path) -> dict[str, Any] | None:
    """The section; None without examples."""
    if not examples:
        return None
    part = {"id": "examples", "heading": "What is filled in"}
    said = "Of held-out rows, which the encoder never saw in training"
    if any(one.picture for one in examples):
        say = f"{said}: a picture, what is left of it, and what is filled in."
        return part | {"say": [say], "panels": [_picture(one, folder) for one in examples if one.picture]}
    if any(one.tokens for one in examples):
        cards = [{"text": _text(one), "item": one.item, "detail": _right(one)} for one in examples]
        return part | {
            "say": [f"{said}. In brackets what was hidden, and the likeliest guess."],
            "cards": cards,
        }
    rows = [[one.item, blank.place, blank.truth, _guess(blank)] for one in examples for blank in one.blanks]
    headings = ["row", "column", "hidden", "filled in"]
    return part | {"say": [f"{said}."], "headings": headings, "rows": rows[:MOST]}


def _picture(one: FilledExample, folder: Path) -> dict[str, Any]:
    alt = f"{one.item}: as it is, what is left, what is filled in"
    figure = tag("img", src=picture_data(folder, one.picture), alt=alt, class_="filled")
    return {"title": one.item, "figure": written(figure), "caption": ""}


def _text(one: FilledExample) -> str:
    hidden = {blank.place: blank for blank in one.blanks}
    words = [
        f"[{token} → {_guess(hidden[str(place)])}]" if str(place) in hidden else token
        for place, token in enumerate(one.tokens)
    ]
    return " ".join(words)


def _right(one: FilledExample) -> str:
    right = sum(blank.truth == blank.guess for blank in one.blanks)
    return f"{right} of {len(one.blanks)} right"


def _guess(blank: FilledBlank) -> str:
    return blank.guess if blank.probability is None else f"{blank.guess} ({percent(blank.probability)})"
