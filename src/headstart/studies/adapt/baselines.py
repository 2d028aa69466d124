"""What any model has to beat: the largest class or the mean, and the raw numbers without a backbone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import Head, LabelKind, label_kind_of
from headstart.data.dataset import Dataset
from headstart.data.labels import labels_of
from headstart.data.modality import Features, modalities
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.session.session import Session
from headstart.solvers.threads import threads_for

CONSTANTS: dict[LabelKind, tuple[str, str]] = {  # the model that knows nothing: name and title
    "classes": ("majority-class", "Always the largest class"),
    "tags": ("tag-shares", "Each tag as often as in training"),
    "numbers": ("mean", "Always the mean"),
}

Rows = NDArray[np.int64]


def constant(labels: NDArray[Any], outputs: int, rows: int) -> Tensor:
    """The same outputs (rows, outputs) for every row, of labels (n, ...) alone.

    Classes: the log of how often each was seen; tags: the log odds of it; numbers: their means. Half a row
    more counts for and against each class and tag.
    """
    kind = label_kind_of(labels)
    if kind == "classes":
        counts = np.bincount(labels, minlength=outputs) + 0.5
        found = np.log(counts / counts.sum())
    elif kind == "tags":
        found = np.log((labels.sum(0) + 0.5) / (len(labels) - labels.sum(0) + 0.5))
    else:
        found = labels.mean(0)
    return torch.from_numpy(found).float().expand(rows, outputs).clone()


def title_of(name: str, kind: LabelKind) -> str:
    """Of a baseline in the records."""
    constants = dict(CONSTANTS.values())
    regression = "Ridge" if kind == "numbers" else "Logistic"
    if name in constants:
        return constants[name]
    return f"{regression} regression on {dict(one.baseline for one in modalities().values())[name]}"


@dataclass(frozen=True)
class Plain:
    """A linear model without a backbone, its penalty chosen as for any probe.

    Attributes:
        name: in the records, that of the modality's baseline.
        head: reads the numbers.
        numbers: of rows of a session's data, (n, d).
    """

    name: str
    head: Head
    numbers: Features[Dataset]

    def logits(self, session: Session, rows: Rows) -> Tensor:
        """Outputs (n, outputs) for rows (n,) of a session's data."""
        with torch.inference_mode():
            return self.head(self.numbers(session.data, rows, session.samples))  # type: ignore[no-any-return]


def plain(session: Session, rows: Rows) -> Plain:
    """Learn from rows (n,) of the session's data as they are."""
    data = session.data
    numbers = data.modality.features(data, rows, session.backbone.reader)
    found, labels = numbers(data, rows, session.samples), labels_of(data.labels, rows)
    probe = linear_probe(data.label_kind)
    with threads_for(found.numel()):
        return Plain(data.modality.baseline[0], probe.solve(found, labels, len(data.classes)), numbers)
