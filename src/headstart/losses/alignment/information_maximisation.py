"""Confident and diverse predictions (Krause et al. 2010; SHOT, arXiv:2002.08546)."""

from math import log

from torch import Tensor

from headstart.core import BadInput
from headstart.losses.alignment._validation import rows


def information_maximisation_loss(logits: Tensor, balance: float = 1.0) -> Tensor:
    """Mean entropy of predictions less `balance` times the entropy of their mean, () in nats.

    At `balance` 1 it is minus the mutual information of rows and predictions, in [-ln c, 0]: 0 where all
    predictions are equal, -ln c where each is certain and all classes are equally frequent.

    Args:
        logits: (n, c).
        balance: >= 0; 0 gives `entropy_loss`, which is minimised by one class for all rows.

    Raises:
        BadData: they are not floats (n, c).
        BadInput: `balance` is negative or not a finite number.
    """
    if not 0 <= balance < float("inf"):
        raise BadInput(f"balance is {balance!r}; it must be a finite number >= 0.")
    logs = rows(logits, "logits").log_softmax(1)
    unsure = -(logs.exp() * logs).sum(1).mean()
    mean_log = logs.logsumexp(0) - log(len(logs))
    return unsure + balance * (mean_log.exp() * mean_log).sum()
