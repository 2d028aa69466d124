"""How wrong logits are about labels."""

from torch import Tensor
from torch.nn.functional import cross_entropy


def label_loss(logits: Tensor, y: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy (), in nats, of logits (n, classes) against class numbers y (n,).

    `smoothing` in [0, 1) spreads that share of each label over all classes (arXiv:1512.00567).
    Computed in float32 whatever the precision of the logits.
    """
    return cross_entropy(logits.float(), y, label_smoothing=smoothing)
