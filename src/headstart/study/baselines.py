"""What any model has to beat: the largest class, and the raw numbers without a backbone."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from headstart.core import Head
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.models.tables import TableEncoder
from headstart.solvers.threads import threads_for

from .session import Session
from .word_counts import WordCounts

BATCH = 64
RAW_SIZE = 16  # pixels a side: more make a linear model of few pictures no better
RAW, WORDS, COLUMNS = "raw-pixels", "word-counts", "columns"  # what they are called in the records
TITLES = {
    RAW: "Logistic regression on raw numbers",
    WORDS: "Logistic regression on word counts",
    COLUMNS: "Logistic regression on the columns",
}

Rows = NDArray[np.int64]


def majority(labels: NDArray[np.int64], classes: int, rows: int) -> Tensor:
    """The same logits (rows, classes) for every row: the log of how often each class was seen."""
    counts = np.bincount(labels, minlength=classes) + 0.5
    logits = torch.from_numpy(np.log(counts / counts.sum())).float()
    return logits.expand(rows, classes).clone()


@dataclass(frozen=True)
class Plain:
    """Logistic regression without a backbone, its penalty chosen as for any logistic probe.

    Attributes:
        name: in the records, one of `TITLES`.
        head: reads the numbers.
        numbers: of rows of a session's data, (n, d).
    """

    name: str
    head: Head
    numbers: Callable[[Session, Rows], Tensor]

    def logits(self, session: Session, rows: Rows) -> Tensor:
        """Logits (n, classes) for rows (n,) of a session's data."""
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
    found, labels = numbers(session, rows), torch.from_numpy(session.data.labels[rows])
    with threads_for(found.numel()):
        return Plain(name, LogisticProbe().solve(found, labels, len(session.data.classes)), numbers)


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
