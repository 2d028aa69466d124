"""A perceptron whose first weights are a function of a generator."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn


def perceptron(random: torch.Generator, widths: Sequence[int]) -> nn.Sequential:
    """Linear layers between the widths, from inputs to outputs, with rectifiers between them."""
    net = nn.Sequential()
    for before, after in pairwise(widths):
        layer = nn.Linear(before, after)
        with torch.no_grad():
            layer.weight.copy_(torch.randn(after, before, generator=random) * (2 / before) ** 0.5)
            layer.bias.zero_()
        net.extend([layer, nn.ReLU()])
    return net[:-1]
