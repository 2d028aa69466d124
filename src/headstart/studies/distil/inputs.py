"""What `distil` is given: teachers, the data that they learned from, rows without labels."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.core import BadInput
from headstart.data.dataset import Dataset
from headstart.data.overlap import rows_without_copies
from headstart.data.train_test_split import Rows
from headstart.face import spell
from headstart.predictor.predictor import Predictor
from headstart.studies._runner import UNLABELLED, load_target
from headstart.studies.distil import DistilSettings
from headstart.studies.distil.found_data import load_for
from headstart.studies.distil.trials import distillation_of
from headstart.studies.evaluate.run import predictor_in, reported_metric
from headstart.studies.evaluate.run_split import run_of


def teacher_of(given: Any) -> Any:
    """The predictor of a run, a folder or a result; another teacher, such as an estimator, as it is.

    Raises:
        BadInput: it is none.
    """
    if isinstance(given, Predictor | str | Path) or not hasattr(given, "predict") or hasattr(given, "folder"):
        return predictor_in(given)
    return given


def load_distilled(
    given: Mapping[str, Any], settings: DistilSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The inputs by name; what begins with `_` is no input."""
    distillation_of(settings)
    first = teacher_of(given["run"])
    teachers = [first, *map(teacher_of, _listed(given.get("teachers")))]
    data, notes = load_for(given.get("data"), teachers, columns, settings.test)
    _require_one_kind(teachers, data)
    more = given.get("unlabelled")
    unlabelled = None if more is None else load_target(more, data, _shared(columns))
    return {
        "run": first if isinstance(first, Predictor) else None,
        "data": data,
        "unlabelled": unlabelled,
        "_teachers": teachers,
        "_students": _listed(given.get("students")),
        "_notes": notes,
        "_names": [name_of(one) for one in teachers],
        "_metric": reported_metric(first) if isinstance(first, Predictor) else None,
    }


def _shared(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in columns.items() if name in UNLABELLED}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _require_one_kind(teachers: Sequence[Any], data: Dataset) -> None:
    for one in teachers:
        if isinstance(one, Predictor) and one.label_kind != data.label_kind:
            raise BadInput(
                f"A teacher predicts {one.label_kind}, and {data.name} has {data.label_kind} as labels."
            )


def name_of(teacher: Any) -> str:
    """Of its run folder, or of its class."""
    if isinstance(teacher, Predictor):
        return "a predictor" if teacher.folder is None else run_of(teacher.folder).name
    return type(teacher).__name__


def without_test_rows(unlabelled: Dataset, test: Dataset) -> tuple[Dataset, list[str]]:
    """The unlabelled rows of which no copy is tested on, and a note on the others.

    Raises:
        BadInput: none is left.
    """
    kept: Rows = rows_without_copies(unlabelled, test)
    gone = len(unlabelled) - len(kept)
    if not len(kept):
        raise BadInput(
            f"All rows of {unlabelled.name} are copies of test rows, which no student may learn from. Give "
            f"others to {spell('unlabelled')}."
        )
    if not gone:
        return unlabelled, []
    note = f"{gone} of {len(unlabelled)} unlabelled rows are copies of test rows and are left out."
    return replace(unlabelled.subset(kept)), [note]
