"""The scores that a ranking can have, by name; see `headstart.metrics.transferability`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.metrics.agreement import linear_cka
from headstart.metrics.transferability import h_score, knn_accuracy, leep, logme, nce


@dataclass(frozen=True)
class Features:
    """What the scores of one backbone are computed from.

    Attributes:
        features: (n, width) of the rows.
        labels: (n,) of the rows.
        first: (n, width of the first) features of the first backbone.
        head: (n, z) probabilities of the head that the backbone was trained with; None if it is not known.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    first: NDArray[np.float32]
    head: NDArray[np.float64] | None


FOR_ALL = ("logme", "cka")  # defined for tags and numbers, too


class UnknownHead(Exception):
    """The score needs the backbone's own head."""


def _head(given: Features) -> NDArray[np.float64]:
    if given.head is None:
        raise UnknownHead
    return given.head


SCORES: dict[str, Callable[[Features], float]] = {
    "logme": lambda given: logme(given.features, given.labels),
    "h-score": lambda given: h_score(given.features, given.labels),
    "leep": lambda given: leep(_head(given), given.labels),
    "nce": lambda given: nce(_head(given).argmax(1), given.labels),
    "knn": lambda given: knn_accuracy(given.features, given.labels),
    "cka": lambda given: linear_cka(given.features, given.first),
}
