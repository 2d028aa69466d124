"""Scores for unsupervised model selection on an unlabelled target; none of them is an accuracy.

Higher is better in all of them. Two estimate the target's loss from labelled source rows that were not
trained on; the others look at unlabelled target rows alone, and each can be fooled: see its text. Scores can
be compared between models on the same rows, and with nothing else. Arrays may be NumPy's or tensors.
"""

from typing import Any

import numpy as np

from headstart.core import BadData, BadInput
from headstart.metrics._validation import array, matrix, shares
from headstart.metrics.scored_outputs import Floats

BLOCK = 2**22  # similarities in memory at once


def importance_weighted_validation(losses: Any, weights: Any) -> float:
    """Minus the importance-weighted mean loss (Sugiyama et al. 2007, jmlr.org/papers/v8/sugiyama07a.html).

    An unbiased estimate of minus the target's mean loss where only p(x) has changed, and where the source
    is wherever the target is.

    Args:
        losses: (n,) finite, of held-out source rows, such as the 0-1 loss.
        weights: (n,) >= 0: p_target(x) / p_source(x), with a mean near 1. Of a probability q that a row is of
            the source that is (1 - q) / q * n_source / n_target.

    Raises:
        BadData: they are not such numbers of the same length, or all weights are 0.
    """
    loss, weight = _weighted(losses, weights)
    return float(-(weight * loss).mean())


def deep_embedded_validation(losses: Any, weights: Any) -> float:
    """Minus the weighted loss with the weights as a control variate: DEV (You et al. 2019, PMLR v97).

    mean(w l) + eta (mean(w) - 1), where eta = -cov(w l, w) / var(w) makes the variance least, as the
    weights' expectation is known to be 1; a constant loss is found exactly. With few rows the
    estimated loss may be below 0. Weights that are all the same give `importance_weighted_validation`.

    Arguments and errors are those of `importance_weighted_validation`.
    """
    loss, weight = _weighted(losses, weights)
    weighted = weight * loss
    away = weight - weight.mean()
    spread = np.square(away).sum()
    varies = spread > 1e-24 * np.square(weight).sum()
    eta = -(away * (weighted - weighted.mean())).sum() / spread if varies else 0.0
    return float(-(weighted.mean() + eta * (weight.mean() - 1)))


def information_maximisation(probabilities: Any) -> float:
    """Entropy of the mean prediction less the mean entropy of predictions, in nats, in [0, ln c].

    The mutual information of rows and predictions (Krause et al. 2010; arXiv:2002.08546). It is high
    for confident wrong models, and assumes balanced classes.

    Args:
        probabilities: (n, c), each row a distribution.

    Raises:
        BadData: a row is not a distribution.
    """
    p = shares(probabilities, "Probabilities")
    return float(_entropies(p.mean(0, keepdims=True))[0] - _entropies(p).mean())


def soft_neighbourhood_density(outputs: Any, temperature: float = 0.05) -> float:
    """Soft neighbourhood density, the mean entropy of similarities to other rows (SND, arXiv:2108.10860).

    In nats, in [0, ln(n - 1)]: of each row the softmax of its cosines with the other rows over the
    temperature; the row itself does not count. High where rows lie in few dense groups, whatever they are
    of: one group of all rows has the highest score, so a collapsed model wins. Read it beside another score.

    Args:
        outputs: (n, c), n >= 2: the paper takes the softmax's outputs; features will do too.
        temperature: > 0; the paper takes 0.05.

    Raises:
        BadData: NaN or infinity, other shapes, or one row.
        BadInput: the temperature is not a finite number > 0.
    """
    if not 0 < temperature < np.inf:
        raise BadInput(f"The temperature is {temperature!r}; it must be a finite number > 0.")
    x = matrix(outputs, "Outputs")
    if len(x) < 2:
        raise BadData("A row without another has no neighbours; give two rows or more.")
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), np.finfo(np.float64).tiny)
    block = max(1, BLOCK // len(x))
    parts = [_attention(x, start, start + block, temperature) for start in range(0, len(x), block)]
    return float(np.concatenate(parts).mean())


def nuclear_norm(probabilities: Any) -> float:
    """Nuclear norm of the predictions as a share of its maximum, in (0, 1] (BNM).

    ||P||_* / sqrt(n min(n, c)) (arXiv:2003.12237): 1 where each prediction is certain and all
    classes are equally frequent. It falls with uncertain predictions and with missing classes.

    Args:
        probabilities: (n, c), each row a distribution.

    Raises:
        BadData: a row is not a distribution.
    """
    p = shares(probabilities, "Probabilities")
    return float(np.linalg.svd(p, compute_uv=False).sum() / np.sqrt(len(p) * min(p.shape)))


def _weighted(losses: Any, weights: Any) -> tuple[Floats, Floats]:
    loss, weight = _column(losses, "Losses"), _column(weights, "Weights")
    if len(loss) != len(weight):
        raise BadData(f"There are {len(loss)} losses and {len(weight)} weights.")
    if not (weight >= 0).all() or not weight.any():
        raise BadData("Weights must be >= 0, and one of them > 0.")
    return loss, weight


def _column(values: Any, what: str) -> Floats:
    found = array(values)
    if found.ndim != 1:
        raise BadData(f"{what} must be numbers (rows,), not {found.dtype} {found.shape}.")
    return matrix(found[:, None], what)[:, 0]


def _entropies(p: Floats) -> Floats:
    """Entropies (n,) in nats of distributions (n, c)."""
    logs = np.log(np.where(p > 0, p, 1.0))
    found: Floats = -(p * logs).sum(1)
    return found


def _attention(x: Floats, start: int, end: int, temperature: float) -> Floats:
    """Entropies (rows,) of the similarities of rows start..end of unit vectors x (n, c)."""
    near = x[start:end] @ x.T / temperature
    here = np.arange(len(near))
    near[here, here + start] = -np.inf
    near -= near.max(1, keepdims=True)
    share = np.exp(near)
    return _entropies(share / share.sum(1, keepdims=True))
