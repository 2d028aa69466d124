"""The report: one self-contained page out of the records of a run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from headstart.report.html import asset, policy
from headstart.report.metric import get_metric
from headstart.report.text import Terminal
from headstart.studies._page import read_record
from headstart.studies.adapt import Result, Timings
from headstart.studies.adapt.page_answer import headline, held_out, use
from headstart.studies.adapt.page_doubts import calibration, check, mistakes, smallprint
from headstart.studies.adapt.page_outputs import confusion, fit, tags
from headstart.studies.adapt.page_training import labels, layers, methods, training
from headstart.studies.adapt.summary import RunRecords, table

TEMPLATE = "page.html"


class Section(NamedTuple):
    """A part of the page; its macro in `sections.html` has its name."""

    id: str
    heading: str
    short: str  # in the contents
    view: Callable[[RunRecords], dict[str, Any]]  # what the macro shows


SECTIONS = (
    Section("headline", "The result", "Result", headline),
    Section("methods", "Methods compared", "Methods", methods),
    Section("tested", "On the held-out test part", "Held-out test", held_out),
    Section("layers", "What each layer knows", "Layers", layers),
    Section("labels", "Accuracy against labels per class", "Labels", labels),
    Section("training", "Learning curves", "Learning curves", training),
    Section("confusion", "What is taken for what", "Confusion", confusion),
    Section("mistakes", "The most confident mistakes", "Mistakes", mistakes),
    Section("calibration", "Is it as sure as it should be?", "Calibration", calibration),
    Section("check", "The data check", "Data check", check),
    Section("use", "How to use the model", "Use it", use),
    Section("smallprint", "The small print", "Small print", smallprint),
)
INSTEAD: dict[str, dict[str, Section | None]] = {  # of what other kinds of label have in place of classes
    "tags": {
        "labels": Section("labels", "Average precision against labelled rows", "Labels", labels),
        "confusion": Section("tags", "Tag by tag", "Tags", tags),
    },
    "numbers": {
        "labels": Section("labels", "R² against labelled rows", "Labels", labels),
        "confusion": Section("fit", "Predicted against true", "Predictions", fit),
        "mistakes": Section("mistakes", "The largest errors", "Errors", mistakes),
        "calibration": None,
    },
}


def sections_of(label_kind: str) -> list[Section]:
    """The parts of a page about a kind of label."""
    instead = INSTEAD.get(label_kind, {})
    return [part for section in SECTIONS if (part := instead.get(section.id, section))]


def view(record: Result, folder: Path) -> dict[str, Any]:
    """What the template shows of the records and pictures in a run folder."""
    timings = folder / "timings.json"
    run = RunRecords(folder, record, read_record(Timings, timings) if timings.is_file() else None)
    script = asset("script.js")
    sections = [(section, section.view(run)) for section in sections_of(record.label_kind)]
    return {"sections": sections, "script": script, "policy": policy(script)}


def terminal(record: Result, folder: Path) -> Terminal:
    """What the command prints: the candidates as in the page's table, the headline, how to go on."""
    rows = table(record, Timings.read(folder / "timings.json"))
    what = '--text "..."' if record.kind == "texts" else "FILES..."
    return Terminal(
        title="Cross-validation on the training part",
        headings=("method", get_metric(record.selection).title, "time", "folds", "note"),
        rows=[
            (row.candidate.title, str(row.selection or ""), row.seconds, row.folds, row.candidate.dropped)
            for row in rows
        ],
        sentences=[f"Note: {warning}" for warning in record.warnings],
        answer=[record.headline],
        next=[f"headstart predict FOLDER {what}"],
        places=[("Model", "model")],
    )
