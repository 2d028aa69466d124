"""What students learn from: labelled rows, maybe unlabelled ones, and what their teacher says of them."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from headstart.core import BadInput, Distilled, Labelled, Method, SampleLoader, TeacherView, derive_seed
from headstart.data.distilled import Ask, Said, distilled, with_unlabelled
from headstart.data.stream import Stream, labelled
from headstart.data.train_test_split import Rows
from headstart.face import spell
from headstart.run.recipe import Recipe
from headstart.session.asking import Teacher
from headstart.session.label_units import LabelUnits
from headstart.session.session_data import SessionData


def teacher_of(session: SessionData, method: Method[Any]) -> Teacher:
    """The teacher of a session.

    Raises:
        BadInput: there is none.
    """
    if session.teacher is None:
        way = spell("teacher", ..., stands="RUN")
        raise BadInput(f"{method.label} learns from a teacher, and there is none. Give one: {way}.")
    return session.teacher


def unlabelled_of(session: SessionData, method: Method[Any]) -> SessionData | None:
    """The session on the rows without labels that a method learns from with its teacher, if there are any."""
    if session.teacher is None or not issubclass(method.about.needs, Distilled):
        return None
    if method.about.labels_of_teacher:  # they tell shares of classes alone
        return None
    found = session.teacher.unlabelled
    return found if isinstance(found, SessionData) else None


def teacher_view(session: SessionData, method: Method[Any]) -> TeacherView | None:
    """What a method sees inside the teacher: no more blocks than both networks have."""
    view = method.teacher_view()
    if view is None:
        return None
    theirs = teacher_of(session, method).blocks()
    blocks = min(view.blocks, len(session.backbone.blocks), view.blocks if theirs is None else theirs)
    return replace(view, blocks=blocks)


def teacher_shapes(session: SessionData, method: Method[Any]) -> tuple[tuple[int, int], ...]:
    """Places and width of what a method sees inside the teacher; () if it sees nothing."""
    view = teacher_view(session, method)
    return () if view is None else teacher_of(session, method).shapes(session, view)


def ask_teacher(session: SessionData, method: Method[Any], rows: Rows, views: int | None) -> Ask:
    """What the teacher of a session says of its data, numbers in the units of `rows` (n,) of them."""
    units = LabelUnits.of(session.data.labels[rows])
    return _ask(session, session, method, units, views)


def student_stream(
    session: SessionData,
    method: Method[Any],
    stream: Stream[Labelled],
    rows: Rows,
    recipe: Recipe,
    views: int | None,
    unlabelled: SampleLoader | None,
) -> Stream[Distilled]:
    """Batches of labelled rows (n,), maybe of as many unlabelled ones beside, with what the teacher says.

    Args:
        session: on the labelled rows.
        method: of the student.
        stream: of the labelled rows alone.
        rows: (n,) that are learned from.
        recipe: of the training.
        views: how many there are of each row.
        unlabelled: the loader of the rows without labels; None: there are none.
    """
    units = LabelUnits.of(session.data.labels[rows])
    size = min(recipe.batch, len(rows))
    mine = distilled(stream, _ask(session, session, method, units, views), rows, size, recipe.seed, views)
    beside = unlabelled_of(session, method)
    if unlabelled is None or beside is None:
        return mine
    every, seed = np.arange(len(beside.data)), derive_seed(recipe.seed, "unlabelled")
    size = min(recipe.batch, len(every))
    placeholders = np.zeros((len(every), *session.data.labels.shape[1:]), session.data.labels.dtype)
    unseen = labelled(unlabelled, placeholders, every, size, seed, views)
    ask = _ask(session, beside, method, units, views)
    return with_unlabelled(mine, distilled(unseen, ask, every, size, seed, views))


def _ask(
    session: SessionData, data: SessionData, method: Method[Any], units: LabelUnits | None, views: int | None
) -> Ask:
    teacher, view = teacher_of(session, method), teacher_view(session, method)

    def ask(rows: Rows, shown: Rows) -> Said:
        said = teacher.ask(data, view, rows, shown, views)
        if units is None:
            return said
        standard = units.standard(said.logits.double().numpy())
        return Said(torch.from_numpy(standard).float(), said.features)

    return ask
