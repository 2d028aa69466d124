"""Labels of scores: classes of any number and shares, or numbers; with noise."""

import torch
from torch import Tensor

from .draws import Draws, standard

MOST_CLASSES = 10
_CLASSES = (0.44, 0.2, 0.1, 0.07, 0.05, 0.04, 0.03, 0.03, 0.04)  # shares of tasks with 2 .. 10 classes


def noisy(draws: Draws, scores: Tensor) -> Tensor:
    """Standardised scores (tasks, rows, k) with the noise of their task: none, some, or more than signal."""
    level = draws.log_uniform(scores.shape[0], 1, 1, low=0.02, high=1.0)
    level = level * ~draws.chance(scores.shape[0], 1, 1, share=0.45)
    return standard(scores) + level * draws.normal(*scores.shape)


def classes(draws: Draws, scores: Tensor, counts: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Class indices (tasks, rows), int64, and how many classes each task has (tasks,).

    A class is an interval of the first score, several intervals of it, or that of the largest score. Indices
    are dealt at random, so that they tell nothing.

    Args:
        draws: random numbers.
        scores: (tasks, rows, 10) with noise.
        counts: classes of each task, 2 .. 10; None: random.
    """
    tasks, rows, _ = scores.shape
    counts = 2 + draws.pick(tasks, shares=_CLASSES) if counts is None else counts
    unused = torch.arange(MOST_CLASSES) >= counts[:, None]
    largest = _largest(draws, scores, unused)
    cut = _intervals(draws, scores[..., 0], counts, unused)
    found = torch.where(draws.chance(tasks, 1, share=0.5), largest, cut)
    order = torch.where(unused, 2.0, draws.uniform(tasks, MOST_CLASSES)).argsort(1).argsort(1)
    found = order.gather(1, found)
    wrong = draws.chance(tasks, rows, share=0.1) & draws.chance(tasks, 1, share=0.15)
    other = (draws.uniform(tasks, rows) * counts[:, None]).long()
    return torch.where(wrong, other, found), counts


def _largest(draws: Draws, scores: Tensor, unused: Tensor) -> Tensor:
    """The class of the largest score; a random lead makes shares unequal."""
    lead = draws.normal(len(scores), 1, MOST_CLASSES) * draws.uniform(len(scores), 1, 1, high=1.2)
    return (scores + lead).masked_fill(unused[:, None], float("-inf")).argmax(2)


def _intervals(draws: Draws, score: Tensor, counts: Tensor, unused: Tensor) -> Tensor:
    """The interval of a score, by shares of rows; for some tables a class has two intervals."""
    tasks, rows = score.shape
    even = draws.log_uniform(tasks, 1, low=0.05, high=2)
    share = (draws.exponential(tasks, MOST_CLASSES) + even).masked_fill(unused, 0)
    edge = (share / share.sum(1, keepdim=True)).cumsum(1)
    rank = (score.argsort(1).argsort(1) + 0.5) / rows
    twice = draws.chance(tasks, 1, share=0.12)
    rank = torch.where(twice, (2 * rank) % 1, rank)
    place = torch.searchsorted(edge.contiguous(), rank.contiguous())
    return torch.minimum(place, counts[:, None] - 1)


def numbers(draws: Draws, score: Tensor) -> Tensor:
    """Targets (tasks, rows) of a score with noise: as it is, or under a monotone function."""
    kind = draws.pick(len(score), 1, shares=(0.6, 0.2, 0.1, 0.1))
    found = torch.where(kind == 1, score.clamp(-4, 4).exp(), score)
    found = torch.where(kind == 2, score.sign() * score.square(), found)
    return torch.where(kind == 3, (2 * score).round(), found)
