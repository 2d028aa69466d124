"""Validation of the rows of two domains."""

from typing import Any

from headstart.core import BadData
from headstart.metrics._validation import matrix
from headstart.metrics.scored_outputs import Floats


def domains(source: Any, target: Any) -> tuple[Floats, Floats]:
    """Validate rows (n, d) and (m, d) and convert them to float64.

    Raises:
        BadData: either is not a matrix of finite numbers, or their widths differ.
    """
    one, other = matrix(source, "Source rows"), matrix(target, "Target rows")
    if one.shape[1] != other.shape[1]:
        raise BadData(
            f"Source rows have {one.shape[1]} columns and target rows {other.shape[1]}; "
            f"take the features of both from one model."
        )
    return one, other


def squared_distances(x: Floats, y: Floats) -> Floats:
    """||x - y||^2 of rows (n, d) and (m, d): (n, m), never below 0.

    Both are centred first, as a common large offset would cancel the digits of small distances.
    """
    middle = y.mean(0)
    x, y = x - middle, y - middle
    found: Floats = (x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * x @ y.T
    return found.clip(min=0.0)
