"""Correct the biases of a student by the shares that its predictions of unlabelled rows should have."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from headstart.core import Method, Model
from headstart.nn.heads import AdjustedHead
from headstart.session.asking import Asked
from headstart.session.fitted import Fitted
from headstart.session.inputs import loader_of
from headstart.session.scoring import outputs_of
from headstart.session.session_data import SessionData
from headstart.session.students import teacher_of
from headstart.solvers.class_shares import share_offsets


def correct_shares(session: SessionData, method: Method[Any], fitted: Fitted) -> Fitted:
    """The fit with biases by which the mean probability of each class on unlabelled rows is its prior.

    It stays as it is unless its method learns the classes of its teacher.
    """
    if not method.about.labels_of_teacher or session.data.label_kind != "classes":
        return fitted
    teacher = teacher_of(session, method)
    on: Asked | None = teacher.unlabelled
    if on is None:
        note = (
            f"{method.about.title}: the biases of classes without rows are too low, and there are no "
            "unlabelled rows to correct them by."
        )
        return replace(fitted, notes=[*fitted.notes, note])
    rows = np.arange(len(on.data))
    said = teacher.ask(on, None, rows, np.full(len(rows), -1), 0).logits
    shares = method.class_shares(said)
    if shares is None:
        return fitted
    loader = loader_of(on.data, session.backbone, None)
    logits = outputs_of(fitted.model.eval(), loader, rows, session.engine.device)
    offsets = share_offsets(logits, shares)
    head = AdjustedHead.shifted(fitted.model.head, -offsets)
    largest = int(offsets.argmax())
    note = (
        f"{method.about.title}: the biases were fitted to {len(rows)} unlabelled rows, so that the predicted "
        f"shares are those of the prior; that of {session.data.classes[largest]} grew most, by "
        f"{float(offsets[largest] - offsets.median()):.2f} more than the median."
    )
    device = torch.device(session.engine.device)
    model = Model(fitted.model.backbone, head.to(device)).eval()
    return replace(fitted, model=model, notes=[*fitted.notes, note])
