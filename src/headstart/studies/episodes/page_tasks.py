"""Single tasks on the page: functions before and after reading points, and an example of classes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headstart.report.axis import linear
from headstart.report.figures import Plot
from headstart.report.html import picture_data
from headstart.report.text import join_words, pluralise, shorten_middle
from headstart.studies.episodes import DrawnFunction, MetaLearning, ShownRow
from headstart.studies.episodes.page_curves import styles

LINES = 3  # learners beside the best baseline whose functions are drawn
LONGEST = 24  # letters of an answer


def function_panels(record: MetaLearning) -> Iterator[dict[str, Any]]:
    """Functions before and after reading points."""
    if not record.functions:
        return
    chosen = _chosen(record)
    values = [v for one in record.functions for v in one.truth]
    low, high = min(values), max(values)
    room = 0.35 * max(high - low, 1e-6)
    titles = {one.name: one.title for one in record.learners}
    drawn = join_words([titles[name] for name in chosen])
    yield {
        "id": "functions",
        "heading": "A new function, before and after reading points",
        "say": [
            f"The first test task, as it is drawn by {drawn}.",
            "Dashed grey is the truth, dots are the points read so far; colours are as above.",
        ],
        "panels": [
            {
                "title": _read(one),
                "figure": _function(one, chosen, styles(record), (low - room, high + room)),
                "caption": _missing(one, chosen, titles),
            }
            for one in record.functions
        ],
    }


def example_sections(record: MetaLearning, run: Path | None) -> Iterator[dict[str, Any]]:
    """The first test task: what was learned from, and what was predicted."""
    if record.example is None:
        return
    titles = {one.name: one.title for one in record.learners}
    chosen = _chosen(record)
    support, queries = record.example.support, record.example.queries
    right = [
        f"{titles[name]} {sum(row.answers[name] == row.label for row in queries)}"
        for name in chosen
        if all(name in row.answers for row in queries)
    ]
    shown = pluralise(len(queries), "row")
    say = [f"The first test task, not a chosen one. Right of {shown} to predict: {join_words(right)}."]
    if run is not None and any(row.picture for row in support):
        yield {
            "id": "example",
            "heading": "An example task: learned from",
            "say": say,
            "cards": [_card(run, row, row.label, "") for row in support],
        }
        yield {
            "id": "predicted",
            "heading": "An example task: predicted",
            "say": [],
            "cards": [_card(run, row, f"is {row.label}", _answers(row, chosen, titles)) for row in queries],
        }
        return
    yield {
        "id": "example",
        "heading": "An example task",
        "say": [
            *say,
            "Learned from: " + join_words([f"{_short(r.name)} ({r.label})" for r in support]) + ".",
        ],
        "headings": ["row", "class", *(titles[name] for name in chosen)],
        "rows": [
            [_short(row.name), row.label, *(_mark(row, row.answers.get(name, "")) for name in chosen)]
            for row in queries
        ],
    }


def _chosen(record: MetaLearning) -> list[str]:
    """The best learners and the best baseline."""
    learners = [one.name for one in record.learners if not one.transfer][:LINES]
    return [*learners, *([record.reference] if record.reference else [])]


def _read(one: DrawnFunction) -> str:
    return "Before any point" if one.after == 0 else f"After {pluralise(one.after, 'point')}"


def _missing(one: DrawnFunction, chosen: list[str], titles: dict[str, str]) -> str:
    there = {line.learner for line in one.lines}
    without = [titles[name] for name in chosen if name not in there]
    if not without:
        return ""
    return f"{join_words(without)} {'draws' if len(without) == 1 else 'draw'} nothing without a point."


def _function(one: DrawnFunction, chosen: list[str], own: dict[str, str], ends: tuple[float, float]) -> str:
    plot = Plot(
        linear(min(one.x), max(one.x), lambda v: f"{v:g}", "x", 5),
        linear(*ends, lambda v: f"{v:g}", "", 5),
        200,
    )
    plot.line(list(zip(one.x, one.truth, strict=True)), "ideal")
    for line in one.lines:
        if line.learner in chosen:
            plot.line(list(zip(one.x, line.y, strict=True)), own[line.learner])
    for x, y in one.points:
        plot.dot((x, y), "base", f"x {x:g}, y {y:g}", 4)
    return plot.figure(f"The function and what is made of it after {pluralise(one.after, 'point')}")


def _card(run: Path, row: ShownRow, item: str, detail: str) -> dict[str, Any]:
    alt = f"a row of the class {row.label}"
    source = picture_data(run, row.picture)
    return {"source": source, "alt": alt, "item": item, "text": "", "detail": detail}


def _answers(row: ShownRow, chosen: list[str], titles: dict[str, str]) -> str:
    said = [f"{titles[name]}: {_mark(row, row.answers[name])}" for name in chosen if name in row.answers]
    return "; ".join(said)


def _mark(row: ShownRow, answer: str) -> str:
    return (
        f"{_short(answer)} \N{CHECK MARK}"
        if answer == row.label
        else f"{_short(answer)} \N{MULTIPLICATION X}"
    )


def _short(name: str) -> str:
    return shorten_middle(name, LONGEST)
