"""A classifier of source and target rows, evaluated on rows that it has not seen."""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadData, derive_seed
from headstart.data.splits import folds as dealt
from headstart.metrics.intervals import Interval
from headstart.metrics.shift.apart import auc
from headstart.metrics.shift.coverage import effective_sample_size
from headstart.solvers.penalty_selection import select_logistic
from headstart.solvers.ratios.common import pair
from headstart.solvers.threads import threads_for

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BINS = 20


class DomainClassifierResult(NamedTuple):
    """Log ratios log p_target(x) / p_source(x) of all rows, by fits that have not seen them."""

    source: Floats  # (n,)
    target: Floats  # (m,)
    auc: Interval
    error: float  # mean over the domains of the share of misclassified rows, 0.5 by chance

    @property
    def effective(self) -> float:
        """How many equally weighted source rows are as good as those with the weights that this gives."""
        return effective_sample_size(np.exp(self.source - self.source.max()))

    def probability(self) -> Floats:
        """(m,) that each target row is of the target, if both domains were equally frequent."""
        return _sigmoid(self.target)

    def binned(self) -> tuple[list[float], list[float], list[float]]:
        """Edges in [0, 1] of bins of that probability, and the share of source and target rows in each."""
        edges = np.linspace(0, 1, BINS + 1)
        counts = [np.histogram(_sigmoid(one), edges)[0] / len(one) for one in (self.source, self.target)]
        return edges.tolist(), counts[0].tolist(), counts[1].tolist()


def classify_domains(
    source: Tensor, target: Tensor, groups: tuple[Ints, Ints], folds: int, seed: int
) -> DomainClassifierResult:
    """Logistic regression on the domain, cross-fitted; whole groups are held out.

    Args:
        source: (n, d).
        target: (m, d).
        groups: (n,) and (m,): rows that belong together, in each domain by itself.
        folds: at most; never more than there are groups in a domain.
        seed: deals the folds.

    Raises:
        BadData: a domain has a single group, so that no row can be held out.
    """
    one, other = pair(source, target)
    names = np.concatenate([groups[0], groups[1] + groups[0].max() + 1])
    domain = np.repeat([0, 1], [len(one), len(other)])
    fewest = min(len(np.unique(part)) for part in groups)
    if fewest < 2:
        raise BadData(
            "All rows of a domain are the same or belong together, so that none can be held out. Give more "
            "rows."
        )
    held = dealt(domain, names, min(folds, fewest), derive_seed(seed, "shift-folds"))
    rows = torch.cat([one, other])
    with threads_for(rows.numel()):
        fit = select_logistic(rows, torch.from_numpy(domain), 2, folds=torch.from_numpy(held))
    logs = (fit.held_out[:, 1] - fit.held_out[:, 0]).double().numpy() + _prior(domain, held)
    mine, theirs = logs[: len(one)], logs[len(one) :]
    error = float((mine > 0).mean() + (theirs <= 0).mean()) / 2
    return DomainClassifierResult(mine, theirs, _honest(auc(mine, theirs, *groups)), error)


def _honest(found: Interval) -> Interval:
    """The interval of a cross-fitted area, wider where it can't be told from a guess.

    Where the domains are alike, the direction that a fit takes is noise of the other folds, and what rows j
    say of rows k is said again by k of j: each pair counts twice, which doubles the variance.
    """
    if not 0 < found.low < found.value < found.high < 1:
        return found
    middle, low, high = (math.log(share / (1 - share)) for share in (found.value, found.low, found.high))
    ends = (middle + math.sqrt(2) * (end - middle) for end in (low, high))
    wide = Interval(found.value, *(1 / (1 + math.exp(-end)) for end in ends))
    return wide if wide.low <= 0.5 <= wide.high else found


def _prior(domain: Ints, held: Ints) -> Floats:
    """(rows,) log n / m of the rows of both domains that the fit for each row has seen."""
    counts = np.stack([np.bincount(held[domain == side], minlength=held.max() + 1) for side in (0, 1)])
    seen = (counts.sum(1, keepdims=True) - counts).clip(1).astype(np.float64)
    found: Floats = np.log(seen[0] / seen[1])[held]
    return found


def _sigmoid(logs: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-logs.clip(-700, 700)))
    return found
