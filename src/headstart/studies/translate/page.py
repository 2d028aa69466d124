"""The page of a translation: pictures before and after, the cycle error, and the guards."""

from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

from headstart.report.axis import linear
from headstart.report.figures import Plot
from headstart.report.html import picture_data
from headstart.report.text import Terminal, join_words, percent
from headstart.studies._page import Cell, page_view
from headstart.studies.translate import TranslationReport

GIVEN = "the model given"  # a record says of what predicted
HEADINGS = ("what", "figure")
POINTS = 200  # of the curve
CYCLE = "Mean absolute difference of rows and their round trip through both translations, step by step."
COMPUTED = "The look is computed from all rows of the other domain at once; nothing was trained."
UNPAIRED = (
    "No pairs and no labels of the target were used. Labels to test on, where given, were read for this page "
    "alone."
)
BLIND = (
    "Translators match what the domains look like as a whole. If classes have other shares in the target, or "
    "two classes change places both ways, nothing here would show it: look at the pictures."
)


def view(record: TranslationReport, run: Path | None = None) -> dict[str, Any]:
    """What the template shows; `run` is the folder of the pictures."""
    return page_view(
        record,
        kind="translation between domains",
        task=f"{record.source} and {record.target}",
        headline=headline(record),
        say=_measured(record),
        legend=[("s1", "error of the round trip")] if record.cycle else [],
        figure=_figure(record.cycle) if record.cycle else "",
        caption=CYCLE if record.cycle else "Nothing was trained, so there is no curve.",
        facts=[
            ("source", f"{record.rows:,}", "labelled rows"),
            ("target", f"{record.target_rows:,}", "rows without labels"),
            ("guards", "fine" if record.fine else "alarm", "against collapse and label flips"),
            ("method", record.title, "trained" if record.learned else "computed"),
        ],
        reading=f"Predictions of {record.model}, and how different translated rows are from each other.",
        headings=HEADINGS,
        rows=[(name, "", [Cell(value)]) for name, value in rows(record)],
        more=list(_gallery(record, run)),
        smallprint=[UNPAIRED, BLIND, *([] if record.learned else [COMPUTED])],
    )


def terminal(record: TranslationReport, _: Path | None = None) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    return Terminal(
        title=headline(record),
        headings=HEADINGS,
        rows=list(rows(record)),
        sentences=_measured(record),
        places=[("Model", "model")] if record.learned and record.model == GIVEN else [],
    )


def headline(record: TranslationReport) -> str:
    """In one sentence."""
    if not record.fine:
        alarms = join_words([guard.name for guard in record.guards if not guard.fine])
        return f"{record.title}: not to be used as it is; guards that raised an alarm: {alarms}."
    if record.accuracy_through is not None and record.accuracy_target is not None:
        return (
            f"{record.title} brings the model from {percent(record.accuracy_target)} to "
            f"{percent(record.accuracy_through)} on target rows."
        )
    return f"{record.title}: no guard raised an alarm."


def _measured(record: TranslationReport) -> list[str]:
    """The sentences without those that the notes hold already."""
    return [sentence for sentence in sentences(record) if sentence not in record.notes]


def sentences(record: TranslationReport) -> Iterator[str]:
    """What the figures say."""
    if record.cycle_before and record.cycle_after is not None:
        yield (
            f"The error of the round trip was {record.cycle_before:.3f} at first and is "
            f"{record.cycle_after:.3f} at the end, in the units of the translators (black to white: 2)."
        )
    for guard in record.guards:
        yield guard.message
    if record.flips is not None:
        yield (
            f"For {percent(record.flips)} of the source rows in the target's look {record.model} predicts "
            "another class. It was trained on the source, so that is about labels only where the domains are "
            "close; where they are far, it measures how far."
        )


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
        "another class after the round trip of target rows": record.target_round_trip_flips,
    }
    yield from ((name, percent(value)) for name, value in shares.items() if value is not None)
    yield "diversity of translated source rows (real target rows: 1)", f"{record.diversity_target:.2f}"
    if record.diversity_source is not None:
        yield "diversity of translated target rows (real source rows: 1)", f"{record.diversity_source:.2f}"


def _figure(cycle: list[float]) -> str:
    width = max(1, len(cycle) // POINTS)
    means = [fmean(cycle[start : start + width]) for start in range(0, len(cycle), width)]
    plot = Plot(
        linear(0, float(max(len(cycle), 2)), lambda value: f"{value:.0f}", "step"),
        linear(0, max(means) * 1.05 or 1.0, lambda value: f"{value:.2g}", "cycle error"),
    )
    plot.line([(float(i * width), value) for i, value in enumerate(means)], "s1")
    return plot.figure(f"Cycle error from {means[0]:.3f} to {means[-1]:.3f}")


def _gallery(record: TranslationReport, run: Path | None) -> Iterator[dict[str, Any]]:
    """Pictures before and after, each way."""
    say = "Each pair: before to the left, after to the right. Is it still the same thing?"
    for name, heading, pairs in (
        ("to-target", "Source rows in the target's look", record.to_target),
        ("to-source", "Target rows in the source's look", record.to_source),
    ):
        if pairs and run is not None:
            cards = [
                {
                    "source": picture_data(run, pair.picture),
                    "alt": f"{pair.item} before and after",
                    "value": pair.label,
                    "item": pair.item,
                    **dict.fromkeys(("text", "detail"), ""),
                    "part": "0",
                }
                for pair in pairs
            ]
            yield {"id": name, "heading": heading, "say": [say], "cards": cards}
