"""Rows of two domains whose labels depend on the features alike, for the methods that weigh rows."""

import torch

from headstart.core import Labelled


def bent(rows, seed, middle, size):
    """One feature around `middle`, its square, and a class that no straight line tells everywhere.

    The class is 1 where the feature is between -0.5 and 1: left of 0.25 it rises with the feature.
    """
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, 1, generator=g) * size + middle
    return x, ((x[:, 0] > -0.5) & (x[:, 0] < 1)).long()


def feed(x, y, weight=None, size=16):
    """Batches over and over, in order."""

    def begin(step):
        while True:
            at = torch.arange(step * size, (step + 1) * size) % len(x)
            yield Labelled(x[at], y[at], None if weight is None else weight[at])
            step += 1

    return begin
