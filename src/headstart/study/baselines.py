"""What any model has to beat: the largest class, and the raw numbers without a backbone."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from headstart.core import Head
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.solvers.threads import threads_for

from .session import Session

BATCH = 64
RAW_SIZE = 16  # pixels a side: more make a linear model of few pictures no better


def majority(labels: NDArray[np.int64], classes: int, rows: int) -> Tensor:
    """The same logits (rows, classes) for every row: the log of how often each class was seen."""
    counts = np.bincount(labels, minlength=classes) + 0.5
    logits = torch.from_numpy(np.log(counts / counts.sum())).float()
    return logits.expand(rows, classes).clone()


def raw(samples: Tensor) -> Tensor:
    """Samples (n, ...) as plain numbers (n, d): pictures at 16 x 16 pixels, the rest as it is."""
    if samples.ndim == 4:
        samples = adaptive_avg_pool2d(samples.float() / 255, RAW_SIZE)
    return samples.float().flatten(1)


def raw_head(session: Session, rows: NDArray[np.int64]) -> Head:
    """Logistic regression on raw numbers, its penalty chosen as for any logistic probe."""
    labels = torch.from_numpy(session.data.labels[rows])
    shares = np.array_split(rows, -(-len(rows) // BATCH))  # few at a time: the samples are large
    numbers = torch.cat([raw(session.samples(some)) for some in shares])
    with threads_for(numbers.numel()):
        return LogisticProbe().solve(numbers, labels, len(session.data.classes))
