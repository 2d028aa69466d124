"""Three small modules to be ranked, and vectors that they see more or less of."""

import numpy as np
import torch
from torch import nn


class Net(nn.Module):
    """Keeps the numbers from `start` on; a head of four classes follows."""

    def __init__(self, start=0, seed=0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.body = nn.Linear(8, 5)
        self.head = nn.Linear(5, 4)
        with torch.no_grad():
            self.body.weight.copy_(torch.eye(8)[start : start + 5][:5] if start < 4 else torch.zeros(5, 8))
            self.body.bias.fill_(0.1)
            self.head.weight.copy_(torch.randn(4, 5, generator=generator))
            self.head.bias.copy_(torch.randn(4, generator=generator))

    def forward(self, x):
        return self.head(self.body(x))


def vectors():
    """Only the first three of eight numbers tell the class."""
    y = np.arange(90) % 3
    rng = np.random.default_rng(0)
    return rng.normal(size=(90, 8)).astype(np.float32) + 2 * np.eye(8, dtype=np.float32)[y], y


NETS = {"blind": Net(3), "seeing": Net(0), "half": Net(1)}
