"""Teachers of a session: models, estimators or arrays whose outputs a student learns to give."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from headstart.core import BadInput, LabelKind, Method, Model
from headstart.core.model_folder import model_folder
from headstart.data.dataset import Dataset
from headstart.data.train_test_split import Rows
from headstart.face import spell
from headstart.models.backbone import load_model
from headstart.models.saved import is_run, model_in
from headstart.session.asking import Member, rows_match
from headstart.session.asking import Teacher as Teacher
from headstart.session.estimators import is_estimator, kind_of_estimator
from headstart.session.fitted import Fitted
from headstart.session.inputs import fit_to_data
from headstart.session.label_units import LabelUnits
from headstart.session.session_data import SessionData


def attach_teacher(
    session: SessionData,
    given: Any,
    *,
    unlabelled: Dataset | None = None,
    shared_classes: bool = False,
) -> Teacher:
    """The teacher of the students of a session.

    Args:
        session: on the data that students learn.
        given: a predictor, its model, the folder of a run or of a model, a fitted estimator of scikit-learn,
            outputs (rows, k) of all rows of the data, or a list of these, whose answers are averaged.
        unlabelled: rows without labels, of the same kind as the data.
        shared_classes: whether the teacher may have other classes than the student: what it says is
            restricted to those that both have. False: both have the same ones.

    Raises:
        BadInput: it is none of these, of another kind of label, or has other classes; both sets are named.
        BadData: it takes other data than those of the session.
    """
    several = isinstance(given, list | tuple) and not _is_array(given)
    each = list(given) if several else [given]
    if not each:
        raise BadInput("There is an empty list of teachers. Give at least one.")
    members = tuple(_member(session, one, shared_classes) for one in each)
    on = None
    if unlabelled is not None:
        augment = unlabelled.modality.augment if session.augment else None
        on = replace(session, data=unlabelled, augment=augment, source=None, target=None, teacher=None)
    return Teacher(members, tuple(session.data.classes), on)


def for_students(method: Method[Any], data: Dataset, given: Any) -> Dataset:
    """The data, with the classes of a teacher if that is what the method learns and a teacher is given."""
    return with_classes_of(data, given) if method.about.labels_of_teacher and given is not None else data


def with_classes_of(data: Dataset, given: Any) -> Dataset:
    """Data whose classes, tags or numbers are those of a teacher, also those that no row has.

    Labels that the teacher does not know, or of unlabelled rows, become placeholders: what is made of the
    result must not read labels.

    Raises:
        BadInput: it is no teacher.
    """
    opened = open_teacher(
        given[0] if isinstance(given, list | tuple) and given and not _is_array(given) else given
    )
    if is_estimator(opened):
        kind, names = kind_of_estimator(opened, data)
    elif isinstance(opened, Model):
        kind, names = opened.label_kind, opened.classes or tuple(data.classes)
    else:
        kind, names = data.label_kind, tuple(data.classes)
    if kind == "classes" and data.label_kind == "classes":
        place = np.array([names.index(name) if name in names else 0 for name in data.classes], np.int64)
        labels: Any = place[data.labels]
    else:
        labels = np.zeros((len(data), len(names)), np.bool_ if kind == "tags" else np.float64)
    digests = data.__dict__.get("digests")
    made = replace(data, classes=tuple(names), labels=labels)
    return made if digests is None else made.knowing(digests)


S = TypeVar("S", bound=SessionData)


def taught_by(session: S, fitted: Fitted | None, rows: Rows) -> S:
    """A session with the same caches, whose teacher is what was fitted on `rows` (n,) of its data, if any."""
    if fitted is None:
        return session
    teacher, units = copy.copy(fitted.model), LabelUnits.of(session.data.labels[rows])
    teacher = units.undone(teacher) if units else teacher
    teacher.classes, teacher.label_kind = tuple(session.data.classes), session.data.label_kind
    taught = copy.copy(session)
    taught.teacher = attach_teacher(session, teacher)
    return taught


def open_teacher(given: Any) -> Any:
    """The model of a predictor or in a folder; anything else that can be a teacher as it is.

    Raises:
        BadInput: it can't be one.
    """
    found = model_in(given)
    if isinstance(found, str | Path):
        if not is_run(found):
            raise BadInput(f"The teacher {str(found)!r} is no folder of a run or of a saved model.")
        return load_model(model_folder(found))[0]
    if isinstance(found, Model) or is_estimator(found) or _is_array(found):
        return found
    raise BadInput(
        f"The teacher is a {type(given).__name__}. Give a predictor, the folder of a run, a fitted estimator "
        "of scikit-learn, an array of outputs (rows, classes), or a list of these."
    )


def _member(session: SessionData, given: Any, shared: bool) -> Member:
    given, data = open_teacher(given), session.data
    if isinstance(given, Model):
        _check_kind(given.label_kind, data.label_kind)
        names = given.classes or tuple(data.classes)
        fit_to_data(given.backbone, data)  # type: ignore[arg-type]  # refuses one that takes other data
        return Member(given, _places(names, data, shared), len(names))
    if is_estimator(given):
        kind, names = kind_of_estimator(given, data)
        _check_kind(kind, data.label_kind)
        return Member(given, _places(names, data, shared), len(names))
    outputs = torch.as_tensor(np.asarray(given, dtype=np.float32))
    if outputs.ndim != 2 or outputs.shape[1] != len(data.classes) or not bool(outputs.isfinite().all()):
        raise BadInput(
            f"The teacher's outputs are of shape {tuple(outputs.shape)}; give finite ones of shape "
            f"({len(data)}, {len(data.classes)}): a row for each row of the data, a column for each of its "
            f"outputs in their order ({', '.join(data.classes[:5])})."
        )
    return Member(rows_match(outputs, data), tuple(range(len(data.classes))), outputs.shape[1])


def _is_array(given: Any) -> bool:
    rows = isinstance(given, list | tuple) and bool(given)
    return hasattr(given, "__array__") or (rows and isinstance(given[0], list | tuple | float | int))


def _check_kind(mine: LabelKind, wanted: LabelKind) -> None:
    if mine != wanted:
        raise BadInput(f"The teacher predicts {mine}, and the data have {wanted}. Give one for {wanted}.")


def _places(names: Sequence[str], data: Dataset, shared: bool) -> tuple[int, ...]:
    """Where the student's outputs are among the teacher's."""
    mine, theirs = tuple(data.classes), {name: place for place, name in enumerate(names)}
    both = [name for name in mine if name in theirs]
    if set(mine) != set(theirs) and not shared:
        raise BadInput(
            f"The teacher and the student have different {data.label_kind}: the teacher has "
            f"{_listed(names)}, the student {_listed(mine)}. To learn from the teacher about those that both "
            f"have, say {spell('shared_classes', True)}; for classes of which there are no rows take "
            "label-transfer."
        )
    if len(both) < (2 if data.label_kind == "classes" else 1):
        raise BadInput(
            f"The teacher has {_listed(names)}, the student {_listed(mine)}: there is too little that both "
            "have for one to learn from the other."
        )
    return tuple(theirs.get(name, -1) for name in mine)


def _listed(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
