"""The data that a teacher learned from, found again, and which of their rows no teacher has seen."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from headstart.core import BadInput, HeadstartError
from headstart.data.dataset import Dataset
from headstart.face import spell
from headstart.predictor.predictor import Predictor
from headstart.studies._page import read_record
from headstart.studies.adapt import SPEC, Result
from headstart.studies.adapt.next_commands import typed
from headstart.studies.evaluate.inputs import labelled
from headstart.studies.evaluate.run_split import run_of, with_run_split

TEXTS = ("path", "text", "label", "group", "split")  # columns that options of `adapt` name
PLAIN = ("columns", "encoding", "sheet", "task")


def data_of_run(predictor: Predictor) -> tuple[str, dict[str, Any]]:
    """The data of a run of `adapt` as its command names them, and their options.

    Raises:
        BadInput: it was no command, or none that names them.
    """
    file = None if predictor.folder is None else run_of(predictor.folder) / SPEC.record_file
    command = read_record(Result, file).command if file is not None and file.is_file() else ""
    data, words = typed(command) if command else ("", [])
    if not data:
        raise BadInput(
            "The teacher does not say which data it learned from: it is no run of the command adapt. Give "
            f"the data: {spell('data', ..., stands='DATA')}."
        )
    return data, _options(words)


def _options(words: Sequence[str]) -> dict[str, Any]:
    names = {f"--{name}-column": f"{name}_column" for name in TEXTS} | {f"--{name}": name for name in PLAIN}
    split = shlex.split(" ".join(shlex.quote(part) for word in words for part in word.split("=", 1)))
    found: dict[str, Any] = {names[word]: after for word, after in pairwise([*split, ""]) if word in names}
    several = [after for word, after in pairwise([*split, ""]) if word == "--per-class"]
    return found | ({"per_class": int(several[0])} if several else {})


def load_for(
    given: Any, teachers: Sequence[Any], columns: Mapping[str, Any], share: float
) -> tuple[Dataset, list[str]]:
    """Labelled rows with a split: "test" is what every teacher held out, "train" what none did.

    Args:
        given: whatever `hs.data.load` takes; None takes those of the first teacher's run.
        teachers: predictors or other teachers, the first first.
        columns: of files.
        share: that is held out where no teacher says which rows, and the data have no split.

    Returns:
        The data, without a split where none is known, and notes.
    """
    first = teachers[0]
    if given is None:
        if not isinstance(first, Predictor):
            raise BadInput(f"Give the data: {spell('data', ..., stands='DATA')}.")
        given, columns = _again(first, columns)
    data = _labelled(given, first, columns)
    if data.split is not None:
        return data, []
    predictors = [one for one in teachers if isinstance(one, Predictor)]
    splits = [with_run_split(data, one).split for one in predictors]
    known = [split for split in splits if split is not None]
    notes = []
    if len(known) < len(teachers):
        whose = "the teacher" if len(teachers) == 1 else f"{len(teachers) - len(known)} of the teachers"
        notes.append(
            f"Which of these rows {whose} learned from is not known, as these are not the data of its run. "
            "If it learned from some of the test rows, its figure, and what it tells of them, is too good."
        )
    if not known:
        return data, notes
    return _with_common_split(data, known, notes)


def _again(first: Predictor, columns: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    data, options = data_of_run(first)
    asked = {name: value for name, value in columns.items() if value not in (None, (), "label")}
    return data, {**columns, **options, **asked}


def _labelled(given: Any, first: Any, columns: Mapping[str, Any]) -> Dataset:
    if isinstance(first, Predictor):
        try:
            return labelled(given, first, columns)
        except HeadstartError as error:
            if isinstance(given, str) and "found" in str(error) and "no " in str(error):
                raise type(error)(f"{error} The data are {spell('data', given)}.") from error
            raise
    from headstart.studies._runner import load_labelled

    return load_labelled(given, columns)


def _with_common_split(
    data: Dataset, splits: Sequence[Sequence[str]], notes: list[str]
) -> tuple[Dataset, list[str]]:
    """The rows that all teachers held out, or none did; a row that some have seen is left out."""
    held = np.array([[part == "test" for part in split] for split in splits])
    test, train = np.logical_and.reduce(held), ~np.logical_or.reduce(held)
    mixed = int((~test & ~train).sum())
    if not test.any():
        raise BadInput(
            "The teachers held out different rows for their tests, none of them the same. Fit them with one "
            "seed, or give one teacher."
        )
    if mixed:
        notes.append(
            f"{mixed} rows that some teachers held out and others learned from are neither learned from nor "
            "tested on."
        )
    parts = tuple("test" if test[row] else "train" for row in range(len(data)))
    whole = replace(data, split=parts)
    return (whole.subset(np.flatnonzero(test | train)) if mixed else whole), notes
