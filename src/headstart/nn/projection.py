"""Projection heads: what embeddings are compared in, thrown away after the pre-training."""

from torch import nn


def projection(width: int, hidden: int, out: int) -> nn.Sequential:
    """A linear layer, a rectifier and a linear layer (arXiv:2002.05709)."""
    return nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, out))
