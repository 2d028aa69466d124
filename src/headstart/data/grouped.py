"""Batches of labelled rows with their groups."""

import itertools
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import ArrayLike

from headstart.core import BadInput, Grouped, Labelled

from .order import order
from .stream import Stream


def grouped(
    stream: Stream[Labelled], rows: ArrayLike, groups: ArrayLike, batch: int, seed: int
) -> Stream[Grouped]:
    """Add the group of every row to the batches of a `labelled` stream.

    Args:
        stream: from `labelled` with the same `rows`, `batch` and `seed`.
        rows: (n,) the rows to train on.
        groups: (m,) integers, the group of each row of the source.
        batch: rows in a batch.
        seed: of the shuffles.

    Raises:
        BadInput: `rows` has an index beyond `groups`.
    """
    chosen = np.asarray(rows, dtype=np.int64).reshape(-1)
    known = np.asarray(groups, dtype=np.int64)
    if len(chosen) and chosen.max() >= len(known):
        raise BadInput(
            f"{len(known)} rows have a group, and row {chosen.max()} is wanted. Give one for each."
        )

    def begin(step: int) -> Iterator[Grouped]:
        for now, found in zip(itertools.count(step), stream(step), strict=False):
            positions, _ = order(seed, len(chosen), batch, now)
            here = torch.from_numpy(known[chosen[positions]])
            yield Grouped(found.x, found.y, found.weight, here)

    return begin
