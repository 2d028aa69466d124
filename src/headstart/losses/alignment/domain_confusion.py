"""What a critic of domains lowers, and what confuses it (arXiv:1505.07818, arXiv:1510.02192).

A critic gives one number a row, the logit of P(source | row): no softmax over a single output can slip in,
which would say 1 of every row and teach nothing.
"""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from headstart.core import BadData


def domain_loss(
    source: Tensor,
    target: Tensor,
    source_weights: Tensor | None = None,
    target_weights: Tensor | None = None,
) -> Tensor:
    """The cross-entropy of a critic, () in nats: (mean -log P(s) + mean -log(1 - P(t))) / 2.

    Both domains have the same say, however many rows each has; a critic that says 0 of all rows loses ln 2.
    The critic lowers it; features behind `reverse_gradient` raise it.

    Args:
        source: logits (n,) or (n, 1) of P(source).
        target: logits (m,) or (m, 1) of P(source).
        source_weights: (n,) >= 0, how much each row counts; their scale does not matter.
        target_weights: (m,) likewise.

    Raises:
        BadData: other shapes, or weights that are negative or sum to 0.
    """
    one, other = _logits(source, "source"), _logits(target, "target")
    return (_mean(softplus(-one), source_weights) + _mean(softplus(other), target_weights)) / 2


def uniform_confusion_loss(source: Tensor, target: Tensor) -> Tensor:
    """The cross-entropy, () in nats, of a critic's predictions against one half; at least ln 2.

    Features that lower it make the critic undecided, where those that raise `domain_loss` make it wrong
    (arXiv:1510.02192). Both domains have the same say.

    Args:
        source: logits (n,) or (n, 1) of P(source).
        target: logits (m,) or (m, 1) of P(source).

    Raises:
        BadData: other shapes.
    """
    each = (_logits(source, "source"), _logits(target, "target"))
    means = [((softplus(z) + softplus(-z)) / 2).mean() for z in each]
    return (means[0] + means[1]) / 2


def _logits(z: Tensor, what: str) -> Tensor:
    """(n,) in float32 at least."""
    flat = z[:, 0] if z.ndim == 2 and z.shape[1] == 1 else z
    if flat.ndim != 1 or not flat.is_floating_point() or not len(flat):
        raise BadData(
            f"A critic gives one logit a row, floats (rows,) or (rows, 1); of the {what} it gave {z.dtype} "
            f"{tuple(z.shape)}."
        )
    return flat if flat.dtype == torch.float64 else flat.float()


def _mean(losses: Tensor, weights: Tensor | None) -> Tensor:
    if weights is None:
        return losses.mean()
    known = weights.detach()
    if known.shape != losses.shape or not bool((known >= 0).all()) or not float(known.sum()) > 0:
        raise BadData(f"Weights must be {len(losses)} numbers >= 0, one of them > 0.")
    return (losses * weights).sum() / weights.sum()
