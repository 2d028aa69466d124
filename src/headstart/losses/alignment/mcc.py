"""Minimum class confusion on unlabelled rows (MCC, arXiv:1912.03699)."""

from torch import Tensor

from headstart.losses.alignment._validation import exactly, positive, rows

from .cdan import entropy_weights


def class_confusion(logits: Tensor, temperature: float = 2.5) -> Tensor:
    """Mean over classes of the share of confusion with other classes, () in [0, 1 - 1/c].

    p is the softmax of logits / temperature; rows count by 1 + exp(-entropy), with a mean of 1 and without
    a gradient. Entry (j, k) of p' diag(weights) p, divided by the sum of row j, is how much class j is
    confused with k; the loss is the off-diagonal part. Certain predictions have none, even of the same
    class for all rows: a class without predictions counts 0.

    Args:
        logits: (n, c), c >= 2 to be informative.
        temperature: > 0; the paper uses 2.5 to 3.

    Raises:
        BadData: they are not floats (n, c).
        BadInput: the temperature is not a finite number > 0.
    """
    z = rows(logits, "logits") / positive(temperature, "The temperature")
    p = z.softmax(1)
    with exactly(p):
        joint = (p * entropy_weights(z)[:, None]).T @ p
    off = joint.sum(1) - joint.diagonal()
    return (off / joint.sum(1).clamp_min(1e-30)).mean()
