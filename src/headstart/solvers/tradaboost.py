"""TrAdaBoost: boosting that downweights source rows that contradict the labelled target rows.

Dai, Yang, Xue & Yu 2007, Boosting for transfer learning (TrAdaBoost), doi:10.1145/1273496.1273521.
"""

import math
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import torch
from torch import Tensor

from headstart.core import BadInput

from . import checks

SURE = 1e-10  # error assumed for a learner without errors
POOR = 0.49  # error assumed for a learner that is no better than chance
Learner = TypeVar("Learner")


class Boosted(NamedTuple, Generic[Learner]):
    """The learners of all rounds; those from `first` on vote."""

    learners: list[Learner]  # (rounds,)
    errors: Tensor  # (rounds,) float64, of each on the target's weighted rows, in [0, 1]
    votes: Tensor  # (rounds,) float64 > 0, weight of each vote
    first: int  # first round that votes
    weights: Tensor  # (rows,) float64, row weights after the last round; they sum to 1


def tradaboost(
    learn: Callable[[Tensor], tuple[Learner, Tensor]],
    weights: Tensor,
    source_rows: int,
    rounds: int,
) -> Boosted[Learner]:
    """Boost a learner on source rows followed by labelled target rows.

    Each round learns from all rows with their weights. With error e of the round on the target's weighted
    rows, beta_t = e / (1 - e) and beta = 1 / (1 + sqrt(2 ln n / rounds)) for n source rows, a wrong row of
    the target is multiplied by 1 / beta_t, as in AdaBoost, and a wrong row of the source by beta, since it
    contradicts the target. The later half of the rounds vote; a vote counts ln(1 / beta_t).

    Args:
        learn: maps row weights (rows,), float64 of mean 1, to a learner and its errors,
            bool (rows,).
        weights: (rows,) > 0, initial weights of the rows; their scale does not matter.
        source_rows: n, the number of source rows, >= 1; one or more target rows follow.
        rounds: >= 1.

    Raises:
        BadInput: there are no rounds, no rows of one domain, or weights are negative.
    """
    n = source_rows
    if rounds < 1:
        raise BadInput(f"TrAdaBoost: rounds is {rounds!r}; it must be >= 1.")
    if not 0 < n < len(weights):
        raise BadInput(f"TrAdaBoost needs rows of both domains, not {n} and {len(weights) - n}.")
    now = checks.row_weights(weights, len(weights)).clone()
    now /= now.sum()
    beta = 1 / (1 + math.sqrt(2 * math.log(n) / rounds))
    learners, errors = [], []
    for _ in range(rounds):
        learner, missed = learn(now * len(now))
        wrong = missed.to(now.device)
        error = float(now[n:][wrong[n:]].sum() / now[n:].sum())
        now[:n] *= torch.where(wrong[:n], beta, 1.0)
        now[n:] *= torch.where(wrong[n:], 1 / _beta(error), 1.0)
        now /= now.sum()
        learners.append(learner)
        errors.append(error)
    votes = torch.tensor([-math.log(_beta(error)) for error in errors], dtype=torch.float64)
    return Boosted(learners, now.new_tensor(errors), votes, math.ceil(rounds / 2) - 1, now)


def _beta(error: float) -> float:
    """Beta in (0, 1), also for a learner without errors or no better than chance."""
    error = min(max(error, SURE), POOR)
    return error / (1 - error)
