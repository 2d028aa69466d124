"""Seed the random number generators of a block."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Context in which all random draws are a function of `seed`; the generators are restored after it."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
