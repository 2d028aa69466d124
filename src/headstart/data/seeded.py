"""Batches of samples with the seeds of what is drawn for each: its views, or its mask."""

import itertools
from collections.abc import Iterator, Sequence
from typing import final

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from headstart.core import BadInput, Labelled, SampleLoader, Seeded, SeededLabelled
from headstart.core.batches import join_samples
from headstart.data.order import order
from headstart.data.random_draws import row_seeds
from headstart.data.samples import Rows
from headstart.data.sources import PLAIN
from headstart.data.stream import Stream


def seeded(source: SampleLoader, rows: ArrayLike, batch: int, seed: int) -> Stream[Seeded]:
    """Infinite batches of a fixed size from reshuffled epochs, as of `labelled`, without labels.

    Args:
        source: the loader of the samples.
        rows: the training rows, >= 1.
        batch: rows in a batch, >= 1.
        seed: of the shuffles and of the rows' seeds.

    Raises:
        BadInput: there are no rows, or `batch` is less than 1.
    """
    chosen = np.asarray(rows, dtype=np.int64).reshape(-1)
    if len(chosen) == 0 or batch < 1:
        raise BadInput(f"No batches of {batch} out of {len(chosen)} rows: take at least 1 of each.")

    def stream(step: int) -> Iterator[Seeded]:
        for now in itertools.count(step):
            here, seeds = _drawn(chosen, batch, seed, now)
            yield Seeded(source.fetch(here, np.full(len(here), PLAIN)), seeds)

    return stream


def with_seeds(stream: Stream[Labelled], rows: ArrayLike, batch: int, seed: int) -> Stream[SeededLabelled]:
    """Add such seeds to a `labelled` stream of the same `rows`, `batch` and `seed`."""
    chosen = np.asarray(rows, dtype=np.int64).reshape(-1)

    def begin(step: int) -> Iterator[SeededLabelled]:
        for now, found in zip(itertools.count(step), stream(step), strict=False):
            yield SeededLabelled(found.x, found.y, found.weight, _drawn(chosen, batch, seed, now)[1])

    return begin


def _drawn(rows: Rows, batch: int, seed: int, step: int) -> tuple[Rows, Tensor]:
    positions, epochs = order(seed, len(rows), batch, step)
    return rows[positions], torch.from_numpy(row_seeds(seed, rows[positions], epochs))


@final
class Joined:
    """Loader of the rows of several loaders: those of the first, then those of the second, ..."""

    def __init__(self, sources: Sequence[SampleLoader], rows: Sequence[int]) -> None:
        """Of `sources` that have so many `rows` each."""
        self._sources, self._starts = tuple(sources), np.cumsum([0, *rows])

    @property
    def content(self) -> str:
        """Digests of all of them."""
        return " ".join(source.content for source in self._sources)

    def fetch(self, rows: Rows, views: Rows) -> Tensor:
        """Samples (n, ...) of (n,) rows; texts are padded to the longest."""
        which = np.searchsorted(self._starts, rows, side="right") - 1
        places = [np.flatnonzero(which == number) for number in range(len(self._sources))]
        found = [
            source.fetch(rows[here] - start, views[here])
            for source, start, here in zip(self._sources, self._starts[:-1], places, strict=True)
            if len(here)
        ]
        return join_samples(found)[torch.from_numpy(np.argsort(np.concatenate(places)))]
