"""Discrepancy of two classifiers (maximum classifier discrepancy, arXiv:1712.02560)."""

from torch import Tensor

from headstart.core import BadData
from headstart.losses.alignment._validation import both


def classifier_discrepancy(one: Tensor, other: Tensor) -> Tensor:
    """The mean over rows and classes of |p - q|, () in [0, 2 / c], of two softmaxes p and q.

    The classifiers maximise it on the target, the features minimise it.

    Args:
        one: logits (n, c) of one classifier.
        other: logits (n, c) of the other, of the same rows.

    Raises:
        BadData: they are not floats of the same shape (n, c).
    """
    p, q = both(one, other, "logits")
    if len(p) != len(q):
        raise BadData(f"The classifiers answered {len(p)} and {len(q)} rows; give both the same.")
    return (p.softmax(1) - q.softmax(1)).abs().mean()
