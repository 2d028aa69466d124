"""Shuffled row order as a function of the seed and the step."""

from functools import lru_cache

import numpy as np

from headstart.core import BadInput
from headstart.data.random_draws import shuffled

from .samples import Rows


def order(seed: int, n: int, batch: int, step: int) -> tuple[Rows, Rows]:
    """Positions of batch `step` in an infinite sequence of reshuffled epochs.

    All batches are of the same size; one may end an epoch and begin the next. Every epoch holds
    every position once.

    Args:
        seed: of the shuffles.
        n: positions in an epoch, >= 1.
        batch: positions in a batch, >= 1; may be more than n.
        step: >= 0.

    Returns:
        (batch,) positions in [0, n) and (batch,) the epoch that each belongs to.
    """
    if n < 1 or batch < 1 or step < 0:
        raise BadInput(f"No batch {step} of {batch} out of {n} rows.")
    place = np.arange(step * batch, (step + 1) * batch, dtype=np.int64)
    epochs = place // n
    within = place % n
    positions = np.empty_like(place)
    for epoch in range(int(epochs[0]), int(epochs[-1]) + 1):
        here = epochs == epoch
        positions[here] = _epoch(seed, n, epoch)[within[here]]
    return positions, epochs


@lru_cache(maxsize=8)
def _epoch(seed: int, n: int, epoch: int) -> Rows:
    positions = shuffled(n, seed, "order", epoch)
    positions.flags.writeable = False
    return positions
