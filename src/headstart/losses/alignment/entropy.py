"""Entropy of predictions (entropy minimisation, Grandvalet & Bengio 2004, doi:10.5555/2976040.2976107)."""

from torch import Tensor

from headstart.losses.alignment._validation import rows


def entropies(logits: Tensor) -> Tensor:
    """Entropy of the softmax of each row of logits (n, c): (n,) in nats, in [0, ln c].

    Raises:
        BadData: they are not floats (n, c).
    """
    logs = rows(logits, "logits").log_softmax(1)
    return -(logs.exp() * logs).sum(1)


def entropy_loss(logits: Tensor) -> Tensor:
    """The mean of `entropies`, (): low if every prediction is confident, even of the same class for all."""
    return entropies(logits).mean()
