"""Reading what is to be predicted, and predictions as a table, CSV or JSON."""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from . import output

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
        output.as_json([{"file": file} | vars(answer) for file, answer in answers])
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["file", *FIRST[kind], *names])
        writer.writerows([file, *_exact(answer, kind, names)] for file, answer in answers)
    elif kind == "numbers":
        rows = [(file, *(f"{answer.values[name]:.6g}" for name in names)) for file, answer in answers]
        output.table(("file", *names), rows)
    else:
        output.table(("file", *SAID[kind]), [(file, *_short(answer, kind)) for file, answer in answers])


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


def texts_of(files: list[Path], given: list[str], column: str) -> list[tuple[str, str]]:
    """A name and the words of each text; the words may be empty.

    The name of a given text are its words, that of a text in a file the file and the number of the line
    or row, from 1.

    Raises:
        BadData: a file can't be read, or has no such column.
    """
    found = [(text, text) for text in given]
    for file in files:
        found += [(f"{file}:{number}", text) for number, text in enumerate(_lines(file, column), 1)]
    return found


def _lines(file: Path, column: str) -> list[str]:
    from headstart.core import BadData
    from headstart.data.manifest import SUFFIXES, texts_in

    if file.suffix.lower() in SUFFIXES:
        return texts_in(file, column)
    try:
        return file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise BadData(f"{file} can't be read: {why}. Give a file with a text a line, or a table.") from error
