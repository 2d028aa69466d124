"""Labels to check: the section of the report, and the page on which they are fixed."""

import hashlib
import json
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

from headstart.records.label_errors import FILE, LabelError, LabelErrors
from headstart.report.html import asset, picture_data, put
from headstart.report.text import minus, percent, pluralise, quoted, significant
from headstart.studies._page import read_record, render_page
from headstart.studies.adapt import SPEC, Result
from headstart.studies.adapt.next_commands import typed
from headstart.studies.adapt.summary import RunRecords

PAGE = "labels.html"
FIXES = "label-fixes.csv"
SHOWN = 12  # rows in the report
MANY = 0.2  # of the labels: so many errors say more about the model than about the labels
ONCE = ("--overwrite", "--json", "--quiet", "-q")  # options that say nothing of the run
KEYS = (
    ("Enter", "keep the label"),
    ("S", "take the suggestion"),
    ("1 … 9", "choose a label"),
    ("X", "remove the row"),
    ("U", "undo"),
    ("← →", "go back and forth"),
)


def read_label_errors(folder: Path) -> LabelErrors | None:
    """The record in a run folder; None if there is none.

    Raises:
        BadData: it can't be read.
    """
    return read_record(LabelErrors, folder / FILE) if (folder / FILE).is_file() else None


# --- sentences


def about(errors: LabelErrors) -> list[str]:
    """How many labels are probably wrong, by what, and between which classes most."""
    if not errors.found:
        return [f"Of {pluralise(errors.checked, 'training label')} none looks wrong to {errors.method}."]
    rows = pluralise(errors.checked, "training row")
    by = f"each predicted by {errors.method} from folds without it"
    if errors.label_kind == "numbers":
        is_far = "is" if errors.found == 1 else "are"
        said = [
            f"{errors.found:,} of {rows}, {by}, {is_far} further off than a number of their kind should be."
        ]
    else:
        what = "labels" if errors.label_kind == "classes" else "tags"
        listed = f"{pluralise(errors.found, 'row')} {'is' if errors.found == 1 else 'are'} listed."
        how = f"estimated to be wrong by confident learning, {by}"
        said = [f"About {errors.estimated:,} {what} of {rows} are {how}. {listed}"]
    if errors.pairs and errors.pairs[0].rows > 1:
        pair = errors.pairs[0]
        said.append(
            f"Most often, {pluralise(pair.rows, 'row')}, {quoted(pair.label)} is estimated to be "
            f"{quoted(pair.truth)}."
        )
    if _too_many(errors):
        said.append("So many say more about the model than about the labels: look at a few before you go on.")
    if errors.found > len(errors.rows):
        said.append(
            f"The worst {len(errors.rows):,} are kept; run adapt again with the fixes to see the next."
        )
    return said


def hint(folder: Path | None) -> list[str]:
    """A sentence at the end of `adapt`, if some labels are probably wrong; else nothing."""
    errors = None if folder is None else read_label_errors(folder)
    if errors is None or not errors.found:
        return []
    many = pluralise(errors.found, "training label looks", "training labels look")
    doubt = ", or the model is too weak to tell" if _too_many(errors) else ""
    return [f"{many} wrong{doubt}: headstart labels {shlex.quote(str(folder))} shows and fixes them."]


def _too_many(errors: LabelErrors) -> bool:
    return errors.found > MANY * errors.checked


def in_words(label: str, label_kind: str) -> str:
    """A label as people read it."""
    if label_kind == "numbers":
        return "; ".join(minus(significant(float(value), 4)) for value in label.split(";"))
    return label.replace(";", ", ") if label_kind == "tags" and label else label or "no tag"


# --- the section of the report


QUALITY = {  # what that of a label is, by what is predicted
    "classes": "The quality of a label is its probability.",
    "numbers": "The quality of a number is the lower, the further it is from its prediction.",
}


def labels_to_check(run: RunRecords) -> dict[str, Any] | None:
    """The worst rows with their pictures or texts, and where the others are; None if no label looks wrong."""
    folder, errors = run.folder, read_label_errors(run.folder)
    if errors is None or not errors.rows:
        return None
    return {
        "say": about(errors),
        "cards": [_card(folder, row, errors.label_kind) for row in errors.rows[:SHOWN]],
        "page": PAGE if (folder / PAGE).is_file() else "",
        "command": f"headstart labels {shlex.quote(folder.resolve().name)}",
        "more": max(0, errors.found - SHOWN),
        "quality": QUALITY["numbers" if errors.label_kind == "numbers" else "classes"],
    }


def _card(folder: Path, row: LabelError, label_kind: str) -> dict[str, Any]:
    return {
        "row": row,
        "source": picture_data(folder, row.picture),
        "label": in_words(row.label, label_kind),
        "suggestion": in_words(row.suggestion, label_kind),
        "quality": percent(row.quality),
        "part": f"{row.quality:.3f}",
    }


# --- the page


def write_labels_page(folder: Path) -> Path:
    """Write `labels.html` into a run folder: the rows to decide on, one by one.

    Raises:
        BadInput: there is no record of label errors in the folder.
        BadData: a record can't be read.
        MissingPackage: jinja2 is not installed.
        CannotWrite: the page can't be written.
    """
    errors = require_label_errors(folder)
    return put(render_page(errors, _view(errors, folder), "labels.html"), folder / PAGE)


def require_label_errors(folder: Path) -> LabelErrors:
    """The record in a run folder.

    Raises:
        BadInput: there is none.
        BadData: it can't be read.
    """
    errors = read_label_errors(folder)
    if errors is None:
        from headstart.core import BadInput

        raise BadInput(
            f"{folder} holds no {FILE}: it is no finished run of adapt, or one of an earlier version. "
            "Make one: headstart adapt DATA --out FOLDER"
        )
    return errors


def _view(errors: LabelErrors, folder: Path) -> dict[str, Any]:
    rows = [vars(row) | {"picture": picture_data(folder, row.picture)} for row in errors.rows]
    data = {
        # progress is kept under this name, so that another run begins anew
        "key": "headstart labels " + hashlib.sha256(errors.to_json().encode()).hexdigest()[:16],
        "file": FIXES,
        "kind": errors.label_kind,
        "classes": errors.classes,
        "rows": rows,
    }
    script = asset("labels.js")
    return {
        "task": errors.task,
        "say": about(errors),
        "rows": len(errors.rows),
        "shortcuts": KEYS,
        "kind": errors.label_kind,
        "command": next_command(folder),
        # no tag can end in data: "<" is written as an escape
        "data": json.dumps(data, ensure_ascii=True).replace("<", "\\u003c"),
        "script": script,
        "style": asset("labels.css"),
    }


def next_command(folder: Path, file: str = FIXES) -> str:
    """What adapts anew with the fixes: the command of the run with another folder, or a line of Python."""
    path = folder / SPEC.record_file
    data, options = typed(read_record(Result, path).command) if path.is_file() else ("", [])
    if not data:
        return f"hs.adapt(data, label_fixes={file!r})"
    kept = [
        word
        for before, word in pairwise(["", *options])
        if "--out" not in (before, word.partition("=")[0]) and word not in ONCE
    ]
    return shlex.join(["headstart", "adapt", data, *kept, "--label-fixes", file, "--out", "runs/fixed"])
