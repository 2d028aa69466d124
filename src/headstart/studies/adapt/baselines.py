"""What any model has to beat: the largest class or the mean, and the raw numbers without a backbone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from headstart.core import Head, LabelKind, label_kind_of
from headstart.data.labels import labels_of
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.models.tables import TableEncoder
from headstart.session.session import Session
from headstart.solvers.threads import threads_for
from headstart.studies.adapt.word_counts import WordCounts

BATCH = 64
RAW_SIZE = 16  # pixels a side: more make a linear model of few pictures no better
RAW, WORDS, COLUMNS = "raw-pixels", "word-counts", "columns"  # what they are called in the records
ON = {RAW: "raw numbers", WORDS: "word counts", COLUMNS: "the columns"}
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
    return constants[name] if name in constants else f"{regression} regression on {ON[name]}"


@dataclass(frozen=True)
class Plain:
    """A linear model without a backbone, its penalty chosen as for any probe.

    Attributes:
        name: in the records, one of `ON`.
        head: reads the numbers.
        numbers: of rows of a session's data, (n, d).
    """

    name: str
    head: Head
    numbers: Callable[[Session, Rows], Tensor]

    def logits(self, session: Session, rows: Rows) -> Tensor:
        """Outputs (n, outputs) for rows (n,) of a session's data."""
        with torch.inference_mode():
            return self.head(self.numbers(session, rows))  # type: ignore[no-any-return]


def plain(session: Session, rows: Rows) -> Plain:
    """Learn from rows (n,) of the session's data as they are."""
    name = RAW
    numbers: Callable[[Session, Rows], Tensor] = raw_numbers
    if session.data.is_texts:
        name, numbers = WORDS, _counted(WordCounts.of(_texts(session, rows)))
    elif isinstance(session.backbone, TableEncoder):
        name, numbers = COLUMNS, _standardised(TableEncoder(session.backbone.schema, hidden=0))
    found, labels = numbers(session, rows), labels_of(session.data.labels, rows)
    probe = linear_probe(session.data.label_kind)
    with threads_for(found.numel()):
        return Plain(name, probe.solve(found, labels, len(session.data.classes)), numbers)


def raw(samples: Tensor) -> Tensor:
    """Samples (n, ...) as plain numbers (n, d): pictures at 16 x 16 pixels, the rest as it is."""
    if samples.ndim == 4:
        samples = adaptive_avg_pool2d(samples.float() / 255, RAW_SIZE)
    return samples.float().flatten(1)


def raw_numbers(session: Session, rows: Rows) -> Tensor:
    """`raw` of rows (n,) of the session's data, few at a time, as the samples are large."""
    shares = np.array_split(rows, max(1, -(-len(rows) // BATCH)))
    return torch.cat([raw(session.samples(some)) for some in shares])


def _standardised(columns: TableEncoder) -> Callable[[Session, Rows], Tensor]:
    return lambda session, rows: columns(session.samples(rows))


def _counted(words: WordCounts) -> Callable[[Session, Rows], Tensor]:
    return lambda session, rows: words(_texts(session, rows))


def _texts(session: Session, rows: Rows) -> list[str]:
    texts = session.data.texts
    assert texts is not None
    return [texts[row] for row in rows]
