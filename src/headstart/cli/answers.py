"""Answers of a model as a table, CSV or JSON: classes, tags or numbers."""

import csv
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from . import say

if TYPE_CHECKING:
    from headstart.predictor.predictor import Predictor

Answers = Sequence[tuple[str, Any]]  # by file, and the row in it
Form = Literal["table", "csv", "json"]

BETWEEN = ";"  # of tags in a cell, as `hs.data.load` takes them
DIGITS = 9  # that tell any two float32 apart


def show(answers: Answers, predictor: "Predictor", form: Form) -> None:
    """Print what the predictor said; all names are columns of CSV, and keys of JSON."""
    kind, names = predictor.label_kind, predictor.classes
    if form == "json":
        say.as_json([{"file": file} | vars(answer) for file, answer in answers])
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["file", *FIRST[kind], *names])
        writer.writerows([file, *_exact(answer, kind, names)] for file, answer in answers)
    elif kind == "numbers":
        rows = [(file, *(f"{answer.values[name]:.6g}" for name in names)) for file, answer in answers]
        say.table(("file", *names), rows)
    else:
        say.table(("file", *SAID[kind]), [(file, *_short(answer, kind)) for file, answer in answers])


FIRST = {"classes": ("label", "probability"), "tags": ("tags",), "numbers": ()}
SAID = {"classes": ("label", "probability"), "tags": ("tags", "probabilities")}


def _exact(answer: Any, kind: str, names: Sequence[str]) -> list[str]:
    if kind == "numbers":
        return [f"{answer.values[name]:.{DIGITS}g}" for name in names]
    first = [answer.label, f"{answer.probability:.6f}"] if kind == "classes" else [BETWEEN.join(answer.tags)]
    return [*first, *(f"{answer.probabilities[name]:.6f}" for name in names)]


def _short(answer: Any, kind: str) -> tuple[str, str]:
    if kind == "classes":
        return answer.label, f"{answer.probability:.3f}"
    shares = ", ".join(f"{answer.probabilities[tag]:.3f}" for tag in answer.tags)
    return ", ".join(answer.tags) or "none", shares or "-"
