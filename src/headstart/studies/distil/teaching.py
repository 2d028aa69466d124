"""What the teacher answers, and how often a student gives the same answer."""

from typing import Any

import numpy as np
from torch import Tensor

from headstart.core import LabelKind
from headstart.data.train_test_split import Rows
from headstart.metrics.intervals import share
from headstart.records.record import Interval
from headstart.session.session import Session

LEAST = 1e-12  # of a probability whose logarithm is taken


def said_of(session: Session, rows: Rows) -> Tensor:
    """Outputs (n, k) of a session's teacher for rows (n,), the average of several."""
    teacher: Any = session.teacher
    logits: Tensor = teacher.ask(session, None, rows, np.full(len(rows), -1), 0).logits
    return averaged(logits, session.data.label_kind).float()


def averaged(logits: Tensor, label_kind: LabelKind) -> Tensor:
    """Outputs (n, k) of logits (n, k), or (n, teachers, k): the mean of probabilities, or of numbers."""
    if logits.ndim == 2:
        return logits
    if label_kind == "numbers":
        return logits.mean(1)
    if label_kind == "tags":
        return logits.double().sigmoid().mean(1).clamp(LEAST, 1 - LEAST).logit()
    return logits.double().softmax(2).mean(1).clamp_min(LEAST).log()


def agreement(
    outputs: Tensor, teacher: Tensor, groups: Rows | None, label_kind: LabelKind
) -> Interval | None:
    """The share of rows with the teacher's answer, of tags with all of them; None of numbers.

    Args:
        outputs: (n, k) of the student.
        teacher: (n, k) likewise.
        groups: (n,) rows of a group depend on each other.
        label_kind: of the outputs.
    """
    if label_kind == "numbers":
        return None
    if label_kind == "tags":
        same = ((outputs > 0) == (teacher > 0)).all(1)
    else:
        same = outputs.argmax(1) == teacher.argmax(1)
    return Interval(*share(same.numpy(), groups))
