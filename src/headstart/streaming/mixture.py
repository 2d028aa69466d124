"""Do predicted classes come as training rows would, drawn at random?"""

import torch
from torch import Tensor

SURE = 2.326  # standard errors that 1 % lie beyond
MIXED = 0.3  # chance that two rows have one class, beyond which too few classes are too common to tell


def looks_drawn(predicted: Tensor, shares: Tensor) -> bool:
    """Whether neither the frequencies of predicted classes nor their order contradict random draws.

    Both tests are at 1 %: Pearson's chi-square of the frequencies, and how often a row has the class of the
    row before it, which happens more often where classes come one after the other.

    Args:
        predicted: (n,) classes in the order of the rows, n >= 2.
        shares: (classes,) of the classes among training rows, each > 0, sum 1.
    """
    count, classes, chance = len(predicted), len(shares), float(shares.square().sum())
    if chance > MIXED:
        return False
    expected = count * shares
    off = ((torch.bincount(predicted, minlength=classes) - expected).square() / expected).sum()
    free = classes - 1  # the quantile of chi-square by Wilson and Hilferty (1931)
    most = free * (1 - 2 / (9 * free) + SURE * (2 / (9 * free)) ** 0.5) ** 3
    alike = (predicted[1:] == predicted[:-1]).float().mean()
    error = (chance * (1 - chance) / (count - 1)) ** 0.5
    return bool(off <= most) and bool(alike <= chance + SURE * error)
