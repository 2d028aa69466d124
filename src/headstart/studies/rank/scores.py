"""The scores that a ranking can have, by name; see `headstart.metrics.transferability`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.metrics.agreement import linear_cka
from headstart.metrics.transferability import h_score, knn_accuracy, leep, logme, nce


@dataclass(frozen=True)
class Seen:
    """What the scores of one backbone may look at.

    Attributes:
        features: (n, width) of the rows.
        labels: (n,) of the rows.
        first: (n, width of the first) what the first backbone gives for them.
        source: (n, z) what the backbone's own head says of them; None if it is not known.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    first: NDArray[np.float32]
    source: NDArray[np.float64] | None


FOR_ALL = ("logme", "cka")  # that tags and numbers have, too


class NoSource(Exception):
    """The score needs the backbone's own head."""


def _source(seen: Seen) -> NDArray[np.float64]:
    if seen.source is None:
        raise NoSource
    return seen.source


SCORES: dict[str, Callable[[Seen], float]] = {
    "logme": lambda seen: logme(seen.features, seen.labels),
    "h-score": lambda seen: h_score(seen.features, seen.labels),
    "leep": lambda seen: leep(_source(seen), seen.labels),
    "nce": lambda seen: nce(_source(seen).argmax(1), seen.labels),
    "knn": lambda seen: knn_accuracy(seen.features, seen.labels),
    "cka": lambda seen: linear_cka(seen.features, seen.first),
}
