"""Calibration of predicted probabilities (Guo et al. 2017, arXiv:1706.04599)."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadInput
from headstart.metrics import scored_outputs
from headstart.metrics.scored_outputs import BINS, Floats, Ints, bin_of, score_outputs

from .tags import score_outputs as score_tags


class Bin(NamedTuple):
    """Predictions of similar confidence; of tags, pairs of a row and a tag."""

    confidence: float  # their mean; the middle of the bin if it is empty
    accuracy: float  # 0 if it is empty
    rows: int


def expected_calibration_error(probabilities: Floats, labels: Ints, bins: int = BINS) -> float:
    """Expected calibration error over equal-width bins, in [0, 1].

    Args:
        probabilities: (n, k), each row a distribution.
        labels: (n,) in [0, k).
        bins: number of equal-width bins of (0, 1], >= 1, closed on the right.

    Raises:
        BadData: a row is not a distribution or a label out of range.
        BadInput: `bins` is less than 1.
    """
    found = score_outputs(probabilities, labels)
    return float(scored_outputs.calibration_error(found, np.ones((1, len(labels))), _checked(bins))[0])


def reliability(probabilities: Floats, labels: NDArray[Any], bins: int = BINS) -> list[Bin]:
    """Reliability diagram: all bins in order of confidence, including empty ones.

    Arguments and errors are those of `expected_calibration_error`; or labels are bools (n, k), which of
    k tags each row has, and all pairs of a row and a tag are counted: the predicted probability of the
    tag, and how often the row has it.
    """
    if np.ndim(labels) == 2:
        tags = score_tags(probabilities, labels)
        confidence, so = tags.probabilities.ravel(), tags.known.ravel().astype(np.float64)
    else:
        found = score_outputs(probabilities, labels)
        confidence, so = found.confidence, found.right
    place = bin_of(confidence, _checked(bins))
    rows = np.bincount(place, minlength=bins)
    divisor = np.maximum(rows, 1)
    sure = np.bincount(place, confidence, bins) / divisor
    right = np.bincount(place, so, bins) / divisor
    middle = (np.arange(bins) + 0.5) / bins
    return [
        Bin(float(s if n else m), float(r), int(n))
        for s, r, n, m in zip(sure, right, rows, middle, strict=True)
    ]


def _checked(bins: int) -> int:
    if bins < 1:
        raise BadInput(f"There must be at least one bin, not {bins}.")
    return bins
