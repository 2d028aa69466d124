"""Embeddings of two views, functions of their places alone, as the golden numbers have them."""

import torch
from torch import Tensor


def waves(n: int, d: int, start: int = 0) -> Tensor:
    return (3 * torch.arange(start, start + n * d, dtype=torch.float32).view(n, d)).sin()


def views(n: int = 6, d: int = 4) -> tuple[Tensor, Tensor]:
    first, second = waves(n, d), waves(n, d, n * d)
    return first + 0.2, 0.3 * second + first
