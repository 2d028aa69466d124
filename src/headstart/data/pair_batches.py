"""Batches of pairs: rows of two loaders, those of a pair in the same place."""

import itertools
from collections.abc import Iterator
from typing import final

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from headstart.core import BadInput, Pairs, SampleLoader
from headstart.data.order import order
from headstart.data.samples import Rows
from headstart.data.sources import PLAIN
from headstart.data.stream import Stream


def pair_stream(
    first: SampleLoader, second: SampleLoader, rows: ArrayLike, batch: int, seed: int
) -> Stream[Pairs]:
    """Infinite batches of a fixed size from reshuffled epochs; every batch is a function of (seed, step).

    Args:
        first: the loader of what `Pairs.a` holds; a view of it is fresh in every epoch if it has views.
        second: the loader of what `Pairs.b` holds, as it is.
        rows: of both to train on, >= 2.
        batch: pairs in a batch, >= 2.
        seed: of the shuffles.

    Raises:
        BadInput: there are fewer than two rows, or two in a batch: each is told from the others.
    """
    chosen = np.asarray(rows, dtype=np.int64).reshape(-1)
    if len(chosen) < 2 or batch < 2:
        raise BadInput(f"No batches of {batch} out of {len(chosen)} pairs: take at least 2 of each.")

    def stream(step: int) -> Iterator[Pairs]:
        for now in itertools.count(step):
            positions, epochs = order(seed, len(chosen), batch, now)
            here = chosen[positions]
            yield Pairs(first.fetch(here, epochs), second.fetch(here, np.full(len(here), PLAIN)))

    return stream


@final
class Features:
    """Loader of features (n, d) that were computed once, the same in all views."""

    def __init__(self, features: Tensor) -> None:
        self._features = features

    @property
    def content(self) -> str:
        """Nothing is kept of them."""
        return "features"

    def fetch(self, rows: Rows, views: Rows) -> Tensor:
        """Float32 (n, d)."""
        return self._features[rows]
