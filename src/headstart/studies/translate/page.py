"""The page of a translation: pictures before and after, the cycle error, and what the guards say."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from headstart.report.axis import linear
from headstart.report.figures import Plot
from headstart.report.html import picture_data
from headstart.report.text import Terminal, percent
from headstart.studies._page import Cell, settings, versions
from headstart.studies.translate import Pair, TranslationReport

GIVEN = "the model given"  # a record says of what predicted
POINTS = 200  # of the curve


def view(record: TranslationReport, run: Path | None = None) -> dict[str, Any]:
    """What the template shows; `run` is the folder of the pictures."""
    return {
        "kind": "translation between domains",
        "task": f"{record.source} and {record.target}",
        "headline": headline(record),
        "say": list(sentences(record)),
        "legend": [("s1", "error of the way there and back")] if record.cycle else [],
        "figure": _figure(record) if record.cycle else "",
        "caption": _caption(record),
        "facts": _facts(record),
        "reading": f"Answers of {record.model}, and how different translated rows are from each other.",
        "headings": headings(),
        "rows": [(name, "", [Cell(value)]) for name, value in rows(record)],
        "more": list(_gallery(record, run)),
        "smallprint": list(_smallprint(record)),
        "settings": settings(record),
        "versions": versions(record),
    }


def terminal(record: TranslationReport, _: Path | None = None) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    return Terminal(
        title=headline(record),
        headings=headings(),
        rows=list(rows(record)),
        sentences=[sentence for sentence in sentences(record) if sentence not in record.notes],
        places=[("Model", "model")] if record.learned and record.model == GIVEN else [],
    )


def headline(record: TranslationReport) -> str:
    """In one sentence."""
    if not record.fine:
        wrong = " and ".join(guard.name for guard in record.guards if not guard.fine)
        return f"{record.title}: not to be used as it is, the guard against {wrong} has found something."
    if record.accuracy_through is not None and record.accuracy_target is not None:
        return (
            f"{record.title} brings the model from {percent(record.accuracy_target)} to "
            f"{percent(record.accuracy_through)} on target rows."
        )
    return f"{record.title}: no guard has found anything."


def sentences(record: TranslationReport) -> Iterator[str]:
    """What was found."""
    if record.cycle_before and record.cycle_after is not None:
        yield (
            f"The error of the way there and back was {record.cycle_before:.3f} at first and is "
            f"{record.cycle_after:.3f} at the end, in the units of the translators (black to white: 2)."
        )
    for guard in record.guards:
        yield guard.says
    if record.flips is not None:
        yield (
            f"Translated into the target's look, {percent(record.flips)} of the source rows are of another "
            f"class for {record.model}. It was trained on the source, so that tells of labels only where the "
            "domains are close; where they are far, it tells how far."
        )


def headings() -> list[str]:
    """Of the table."""
    return ["what", "figure"]


def rows(record: TranslationReport) -> Iterator[tuple[str, str]]:
    """Of the table; what was not measured is left out."""
    shares = {
        "model on source rows": record.accuracy_source,
        "model on translated source rows": record.accuracy_translated,
        "model on target rows as they are": record.accuracy_target,
        "model on target rows made to look like the source": record.accuracy_through,
        "small net trained on translated source rows, on target rows": record.accuracy_trained,
        "another class after the translation": record.flips,
        "another class after the round trip": record.round_trip_flips,
    }
    yield from ((name, percent(value)) for name, value in shares.items() if value is not None)
    yield "diversity of translated source rows (real target rows: 1)", f"{record.diversity_target:.2f}"
    if record.diversity_source is not None:
        yield "diversity of translated target rows (real source rows: 1)", f"{record.diversity_source:.2f}"


def _caption(record: TranslationReport) -> str:
    if not record.cycle:
        return "Nothing was trained, so there is no curve."
    return "Mean absolute difference of rows and what comes back after both translations, step by step."


def _facts(record: TranslationReport) -> list[tuple[str, str, str]]:
    return [
        ("source", f"{record.rows:,}", "labelled rows"),
        ("target", f"{record.target_rows:,}", "rows without labels"),
        ("guards", "fine" if record.fine else "look", "against collapse and turned labels"),
        ("method", record.title, "trained" if record.learned else "computed"),
    ]


def _figure(record: TranslationReport) -> str:
    many = len(record.cycle)
    wide = max(1, many // POINTS)
    means = [
        sum(part) / len(part) for part in (record.cycle[i : i + wide] for i in range(0, many, wide)) if part
    ]
    points = [(float(i * wide), value) for i, value in enumerate(means)]
    plot = Plot(
        linear(0, float(max(many, 2)), lambda value: f"{value:.0f}", "step"),
        linear(0, max(means) * 1.05 or 1.0, lambda value: f"{value:.2g}", "cycle error"),
    )
    plot.line(points, "s1")
    return plot.figure(f"Cycle error from {means[0]:.3f} to {means[-1]:.3f}")


def _gallery(record: TranslationReport, run: Path | None) -> Iterator[dict[str, Any]]:
    """Pictures before and after, each way."""
    ways: list[tuple[str, str, Sequence[Pair]]] = [
        ("to-target", "Source rows in the target's look", record.to_target),
        ("to-source", "Target rows in the source's look", record.to_source),
    ]
    for name, heading, pairs in ways:
        if pairs and run is not None:
            say = "Each pair: before to the left, after to the right. Is it still the same thing?"
            yield {"id": name, "heading": heading, "say": [say], "cards": [_card(run, one) for one in pairs]}


def _card(run: Path, pair: Pair) -> dict[str, str]:
    return {
        "source": picture_data(run, pair.picture),
        "text": "",
        "alt": f"{pair.item} before and after",
        "part": "0",
        "value": pair.label,
        "item": pair.item,
        "detail": "",
    }


def _smallprint(record: TranslationReport) -> Iterator[str]:
    yield (
        "No pairs and no labels of the target were used. Labels to judge by, where given, were read for this "
        "page alone."
    )
    yield (
        "Translators match what the domains look like as a whole. If classes have other shares in the "
        "target, or two classes change places both ways, nothing here would show it: look at the pictures."
    )
    if not record.learned:
        yield "The look is computed from all rows of the other domain at once; nothing was trained."
