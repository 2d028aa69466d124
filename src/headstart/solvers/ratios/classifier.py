"""Importance weights from a domain classifier."""

import math

import torch
from torch import Tensor

from headstart.solvers.penalty_selection import select_logistic

from .common import Ratios, dealt, from_logs, pair


def classifier_ratios(
    source: Tensor,
    target: Tensor,
    penalty: float | None = None,
    folds: int = 5,
    clip: float | None = None,
    seed: int = 0,
) -> Ratios:
    """Weights from logistic regression on the domain (Bickel et al. 2009, JMLR 10:2137-2155).

    With p = P(source | x), Bayes gives w = (1 - p) / p * n_source / n_target; the last factor corrects for
    the numbers of rows. Each row is predicted by a fit without it, as a flexible classifier overfits its
    training rows. The logarithm of the weight is linear in the
    columns; for two normal distributions of different spread, add squares of the columns.

    Args:
        source: rows (n, d).
        target: rows (m, d).
        penalty: of the squared weights, > 0, in units of standardised columns; see `solvers.logistic`. None
            selects the one with the lowest log loss over the folds.
        folds: of each domain, >= 2; never more than it has rows.
        clip: a quantile in (0, 1] at which weights are clipped. None: no clipping.
        seed: of the folds.

    Returns:
        Weights (n,) with mean 1. `chosen` has `penalty`; `error`, the mean over both domains of the held-out
        error rate, in [0, 1], 0.5 by chance; `auc`, the held-out area under the ROC curve of the domain
        classifier, in [0, 1].

    Raises:
        BadData: either is not a matrix of finite floats, has fewer than two rows, or their widths differ.
        BadInput: `penalty`, `folds` or `clip` is out of range.
    """
    one, other = pair(source, target)
    rows, n = torch.cat([one, other]), len(one)
    domain = (torch.arange(len(rows)) >= n).long().to(rows.device)  # 0 source, 1 target
    parts = [dealt(len(part), min(folds, len(part)) if folds > 1 else folds, seed) for part in (one, other)]
    held = torch.cat(parts).to(rows.device)
    fit = select_logistic(rows, domain, 2, penalty, held)
    logits = fit.held_out[:, 1] - fit.held_out[:, 0]  # log (1 - p) / p
    logs = logits + _prior(domain, held)
    chosen = {"penalty": fit.penalty, "error": _error(logs[:n], logs[n:]), "auc": _auc(logs[:n], logs[n:])}
    return from_logs(logs[:n], clip, chosen)


def _prior(domain: Tensor, held: Tensor) -> Tensor:
    """Log n_source / n_target (rows,) among the training rows of each row's fit."""
    counts = torch.stack(
        [torch.bincount(held[domain == each], minlength=int(held.max()) + 1) for each in (0, 1)]
    )
    seen = (counts.sum(1, keepdim=True) - counts).double()
    found: Tensor = (seen[0] / seen[1]).log()[held]
    return found


def _error(source: Tensor, target: Tensor) -> float:
    wrong = (source > 0).double().mean() + (target <= 0).double().mean()
    return float(wrong) / 2


def _auc(source: Tensor, target: Tensor) -> float:
    ordered = source.sort().values
    below, upto = torch.searchsorted(ordered, target), torch.searchsorted(ordered, target, right=True)
    return math.fsum((below + upto).tolist()) / (2 * len(source) * len(target))
