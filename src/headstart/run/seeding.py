"""The one place that sets seeds."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """All that is random inside is a function of `seed`; the caller's generators stay as they were."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
