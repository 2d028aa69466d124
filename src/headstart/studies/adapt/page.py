"""One self-contained page out of the records of a run."""

import importlib
from pathlib import Path
from typing import Any

from headstart.report.html import asset, environment, policy, put
from headstart.report.metric import get_metric
from headstart.report.terminal import Terminal
from headstart.studies.adapt import Result, Timings
from headstart.studies.adapt.run_records import Given, read
from headstart.studies.adapt.table import table

Section = tuple[str, str, str]  # id, heading, name in the contents; the view is in sections/<id>.py
SECTIONS: tuple[Section, ...] = (
    ("headline", "The result", "Result"),
    ("methods", "Methods compared", "Methods"),
    ("tested", "On the held-out test part", "Held-out test"),
    ("layers", "What each layer knows", "Layers"),
    ("labels", "Accuracy against labels per class", "Labels"),
    ("training", "Learning curves", "Learning curves"),
    ("confusion", "What is taken for what", "Confusion"),
    ("mistakes", "The most confident mistakes", "Mistakes"),
    ("calibration", "Is it as sure as it should be?", "Calibration"),
    ("check", "The data check", "Data check"),
    ("use", "How to use the model", "Use it"),
    ("smallprint", "The small print", "Small print"),
)
INSTEAD: dict[str, dict[str, Section | None]] = {  # of what other targets have in place of classes
    "tags": {
        "labels": ("labels", "Average precision against labelled rows", "Labels"),
        "confusion": ("tags", "Tag by tag", "Tags"),
    },
    "numbers": {
        "labels": ("labels", "R² against labelled rows", "Labels"),
        "confusion": ("fit", "Predicted against true", "Predictions"),
        "mistakes": ("mistakes", "The largest errors", "Errors"),
        "calibration": None,
    },
}


def sections_of(target: str) -> list[Section]:
    """The parts of a page about a kind of target."""
    instead = INSTEAD.get(target, {})
    return [part for one in SECTIONS if (part := instead.get(one[0], one))]


def terminal(record: Result, folder: Path) -> Terminal:
    """What the command prints: the candidates as in the page's table, the headline, how to go on."""
    rows = table(record, Timings.read(folder / "timings.json"))
    what = '--text "..."' if record.kind == "texts" else "FILES..."
    return Terminal(
        title="Cross-validation on the training part",
        headings=("method", get_metric(record.selection).title, "time", "folds", "note"),
        rows=[(row.title, str(row.selection or ""), row.seconds, row.folds, row.note) for row in rows],
        sentences=[f"Note: {warning}" for warning in record.warnings],
        answer=[record.headline],
        next=[f"headstart predict FOLDER {what}"],
        places=[("Model", "model")],
    )


def build_page(run: Path) -> Path:
    """Write `run/report.html`, a page without any outside part.

    The same records and pictures in a folder of the same name give the same bytes. The page is
    written beside and then moved into place, so that a reader never sees half of it.

    Args:
        run: the folder that `adapt` wrote, with `result.json`, perhaps `timings.json`, and the
            pictures that the result names.

    Returns:
        The path of the page.

    Raises:
        BadInput: if there is no `result.json`.
        BadData: if a record can't be read.
        MissingPackage: if jinja2 is not installed.
        CannotWrite: if the page can't be written.
    """
    run = Path(run)
    return put(render(read(run)), run / "report.html")


def render(given: Given) -> str:
    """The page as text; every word of the records is escaped."""
    style, script = asset("style.css"), asset("script.js")
    sections = [
        {"id": name, "heading": heading, "short": short, "view": _view(name, given)}
        for name, heading, short in sections_of(given.result.label_kind)
    ]
    page: str = (
        environment()
        .get_template("page.html")
        .render(
            task=given.result.task,
            headstart=given.result.headstart,
            sections=sections,
            style=style,
            script=script,
            policy=policy(script),
        )
    )
    return page


def _view(name: str, given: Given) -> dict[str, Any]:
    module = importlib.import_module(f"{__package__}.sections.{name}")
    found: dict[str, Any] = module.view(given)
    return found
