"""Thresholds on the probability of one of two classes: ROC and precision-recall curves, and a choice."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.core import BadData, Unknown
from headstart.metrics.scored_outputs import Floats

Bools = NDArray[np.bool_]
MAXIMISED = ("f1", "accuracy", "balanced_accuracy", "macro_f1")  # that a threshold can be best for
HALF = 0.5
SAME = 1e-12  # values of a metric that are no further apart are equal


class Threshold(NamedTuple):
    """The positive of two classes is predicted where its probability is at least `value`.

    Attributes:
        positive: number of the class, 0 or 1.
        value: in [0, 1].
    """

    positive: int
    value: float

    def predict(self, probabilities: ArrayLike) -> NDArray[np.int64]:
        """The class (n,) of rows of probabilities (n, 2)."""
        chosen = np.asarray(probabilities, np.float64)[:, self.positive] >= self.value
        return np.where(chosen, self.positive, 1 - self.positive).astype(np.int64)


class Rates(NamedTuple):
    """What m thresholds give, from the highest, at which no row is predicted positive, to the lowest."""

    thresholds: Floats  # (m,) between the probabilities of the rows
    hits: Floats  # (m,) positive rows at or above the threshold
    false_alarms: Floats  # (m,) negative rows at or above it
    positives: int
    negatives: int

    @property
    def recall(self) -> Floats:
        """The true positive rate (m,)."""
        return self.hits / max(1, self.positives)

    @property
    def false_positive_rate(self) -> Floats:
        """The share (m,) of the negative rows that are predicted positive; 1 less the specificity."""
        return self.false_alarms / max(1, self.negatives)

    @property
    def precision(self) -> Floats:
        """The share (m,) of the rows predicted positive that are; 1 where none is."""
        predicted = self.hits + self.false_alarms
        return np.where(predicted > 0, self.hits / np.maximum(predicted, 1), 1.0)


def rates(probabilities: ArrayLike, positive: ArrayLike) -> Rates:
    """The points of the ROC and precision-recall curves; rows of equal probability come together.

    A threshold lies half way between two probabilities that occur, so that rounding does not move a row
    across it.

    Args:
        probabilities: (n,) of the positive class, in [0, 1].
        positive: bools (n,), which rows are of this class.

    Raises:
        BadData: other shapes or values, or no row.
    """
    p, known = np.asarray(probabilities, np.float64), np.asarray(positive)
    if p.ndim != 1 or not p.size or known.shape != p.shape or known.dtype != np.bool_:
        raise BadData(f"Probabilities {p.shape} and {known.dtype} {known.shape} must be (n,) and bools (n,).")
    if not (np.all(p >= 0) and np.all(p <= 1)):
        raise BadData("Probabilities must lie in [0, 1].")
    levels, place = np.unique(-p, return_inverse=True)
    hits, alarms = (np.bincount(place.reshape(-1), rows, len(levels)) for rows in (known, ~known))
    edges = np.concatenate([[1.0], -levels, [0.0]])
    return Rates(
        (edges[:-1] + edges[1:]) / 2,
        np.concatenate([[0.0], hits.cumsum()]),
        np.concatenate([[0.0], alarms.cumsum()]),
        int(known.sum()),
        int((~known).sum()),
    )


def best_threshold(probabilities: ArrayLike, positive: ArrayLike, metric: str) -> float:
    """The threshold at which a metric is highest; of several, the one nearest to 0.5.

    Args:
        probabilities: (n,) of the positive class.
        positive: bools (n,); both classes have rows.
        metric: one of `MAXIMISED`.

    Raises:
        BadData: see `rates`; or one of the classes has no rows.
        Unknown: another metric.
    """
    found = _both(probabilities, positive)
    values = _metrics(found)
    if metric not in values:
        raise Unknown("metric that depends on a threshold", metric, values)
    return _best(found, values[metric])


def threshold_for(
    probabilities: ArrayLike, positive: ArrayLike, aim: Literal["recall", "precision"], least: float
) -> float | None:
    """The threshold of the highest precision at a recall of at least `least`, or the other way round.

    Args:
        probabilities: (n,) of the positive class.
        positive: bools (n,); both classes have rows.
        aim: what is at least `least`.
        least: in (0, 1].

    Returns:
        The one nearest to 0.5 if several are as good; None if no threshold reaches it.

    Raises:
        BadData: see `best_threshold`.
    """
    found = _both(probabilities, positive)
    aimed, other = found.recall, found.precision
    if aim == "precision":
        aimed, other = other, aimed
    fine = (aimed >= least - SAME) & (found.hits + found.false_alarms > 0)
    return _best(found, np.where(fine, other, -1.0)) if fine.any() else None


def _both(probabilities: ArrayLike, positive: ArrayLike) -> Rates:
    found = rates(probabilities, positive)
    if not (found.positives and found.negatives):
        raise BadData("A threshold is chosen by rows of both classes, and one of them has none.")
    return found


def _best(found: Rates, merit: Floats) -> float:
    """The threshold of the highest merit (m,), of several the one nearest to 0.5."""
    merit = np.where(found.thresholds < 1, merit, -1.0)  # at 1 rows of probability 1 are positive
    equal = np.flatnonzero(merit >= merit.max() - SAME)
    return float(found.thresholds[equal[np.abs(found.thresholds[equal] - HALF).argmin()]])


def _metrics(found: Rates) -> dict[str, Floats]:
    """Each of `MAXIMISED` at every threshold (m,)."""
    hits, alarms = found.hits, found.false_alarms
    rejected, missed = found.negatives - alarms, found.positives - hits
    f1 = 2 * hits / (2 * hits + alarms + missed)
    of_others = 2 * rejected / (2 * rejected + alarms + missed)
    return {
        "f1": f1,
        "accuracy": (hits + rejected) / (found.positives + found.negatives),
        "balanced_accuracy": (hits / found.positives + rejected / found.negatives) / 2,
        "macro_f1": (f1 + of_others) / 2,
    }
