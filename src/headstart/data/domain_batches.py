"""Batches of unlabelled rows, alone or paired with labelled ones of another domain."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from headstart.core import BadInput, Domains, JointTasks, Labelled, SampleLoader, Unlabelled
from headstart.data.order import order
from headstart.data.samples import Rows
from headstart.data.sources import PLAIN
from headstart.data.stream import Stream


def unlabelled(
    source: SampleLoader, rows: ArrayLike, batch: int, seed: int, views: int | None = None
) -> Stream[Unlabelled]:
    """Infinite batches of a fixed size from reshuffled epochs; every batch is a function of (seed, step).

    Args:
        source: the loader of the samples.
        rows: the training rows, >= 1.
        batch: rows in a batch, >= 1.
        seed: of the shuffles.
        views: how many random views of each row there are, as in `labelled`.

    Raises:
        BadInput: there are no rows, or `batch` is less than 1.
    """
    chosen: Rows = np.asarray(rows, dtype=np.int64).reshape(-1)
    if len(chosen) == 0 or batch < 1:
        raise BadInput(f"No batches of {batch} out of {len(chosen)} rows: take at least 1 of each.")

    def stream(step: int) -> Iterator[Unlabelled]:
        for now in itertools.count(step):
            positions, epochs = order(seed, len(chosen), batch, now)
            shown = epochs if views is None else epochs % views if views else np.full_like(epochs, PLAIN)
            yield Unlabelled(source.fetch(chosen[positions], shown))

    return stream


def unlabelled_once(source: SampleLoader, rows: ArrayLike, batches: int) -> Stream[Unlabelled]:
    """One pass over `rows` in order, plain views, in nearly equal batches; at most one a row."""
    chosen: Rows = np.asarray(rows, dtype=np.int64).reshape(-1)

    def stream(step: int) -> Iterator[Unlabelled]:
        for here in np.array_split(chosen, max(1, batches))[step:]:
            yield Unlabelled(source.fetch(here, np.full(len(here), PLAIN, dtype=np.int64)))

    return stream


def pair_domains(
    source: Stream[Labelled], target: Stream[Unlabelled], target_labelled: Stream[Labelled] | None = None
) -> Stream[Domains]:
    """Zip the batches of all streams from the same step on; ends with the shortest one."""

    def stream(step: int) -> Iterator[Domains]:
        theirs = itertools.repeat(None) if target_labelled is None else target_labelled(step)
        for mine, unseen, labelled in zip(source(step), target(step), theirs, strict=False):
            yield Domains(mine, unseen.x, labelled)

    return stream


def join_tasks(target: Stream[Labelled], sources: Sequence[Stream[Labelled]]) -> Stream[JointTasks]:
    """Zip the batches of all streams from the same step on; ends with the shortest one."""

    def stream(step: int) -> Iterator[JointTasks]:
        for mine, *theirs in zip(target(step), *(source(step) for source in sources), strict=False):
            yield JointTasks(mine, tuple(theirs))

    return stream
