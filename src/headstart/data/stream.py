"""Streams of batches that can start at any step, and a prefetching thread.

A stream is a function from a step to an iterator: `stream(7)` yields batches 7, 8, 9, ...
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from headstart.core import BadInput, Labelled, SampleLoader

from .labels import as_labels, labels_of
from .order import order as order
from .samples import Rows
from .sources import PLAIN
from .sources import Arrays as Arrays
from .sources import Pictures as Pictures
from .sources import Sentences as Sentences

T = TypeVar("T")
Stream = Callable[[int], Iterator[T]]


def labelled(
    source: SampleLoader,
    labels: ArrayLike,
    rows: ArrayLike,
    batch: int,
    seed: int,
    views: int | None = None,
    weights: ArrayLike | None = None,
) -> Stream[Labelled]:
    """Infinite batches of a fixed size from reshuffled epochs; every batch is a function of (seed, step).

    Args:
        source: the loader of the samples.
        labels: of all rows of the source: int64 (n,), bool (n, k) or floats (n, k).
        rows: the rows to train on, >= 1.
        batch: rows in a batch, >= 1.
        seed: of the shuffles.
        views: number of random views of each row: None: a new one every epoch, k: k of them in turn,
            0: the sample without augmentation.
        weights: (n,) >= 0 of all rows of the source; None: all equal.

    Raises:
        BadInput: there are no rows, `batch` is less than 1, or weights are negative, NaN or infinite.
    """
    known, chosen, counts = as_labels(labels), _rows(rows), _weights(weights)
    if len(chosen) == 0 or batch < 1:
        raise BadInput(f"No batches of {batch} out of {len(chosen)} rows: take at least 1 of each.")

    def stream(step: int) -> Iterator[Labelled]:
        for now in itertools.count(step):
            positions, epochs = order(seed, len(chosen), batch, now)
            here = chosen[positions]
            samples = source.fetch(here, _views(epochs, views))
            yield Labelled(samples, labels_of(known, here), _of(counts, here))

    return stream


def once(
    source: SampleLoader, labels: ArrayLike, rows: ArrayLike, batch: int, weights: ArrayLike | None = None
) -> Stream[Labelled]:
    """One pass over `rows` in order, plain views; the last batch may be smaller. See `labelled`."""
    known, chosen, counts = as_labels(labels), _rows(rows), _weights(weights)
    if batch < 1:
        raise BadInput(f"batch={batch}: take at least 1.")

    def stream(step: int) -> Iterator[Labelled]:
        for start in range(step * batch, len(chosen), batch):
            here = chosen[start : start + batch]
            plain = np.full(len(here), PLAIN, dtype=np.int64)
            yield Labelled(source.fetch(here, plain), labels_of(known, here), _of(counts, here))

    return stream


def ahead(stream: Stream[T], depth: int = 2) -> Stream[T]:
    """Prefetch the next `depth` batches in a thread.

    Errors of the thread are raised here. The thread ends with the iterator: when it is exhausted,
    closed or garbage-collected, or at Ctrl-C.
    """

    def early(step: int) -> Iterator[T]:
        batches, end = stream(step), object()
        pending: deque[Future[T | object]] = deque()
        with ThreadPoolExecutor(1, "headstart-ahead") as thread:
            try:
                for _ in range(max(1, depth)):
                    pending.append(thread.submit(next, batches, end))
                while (batch := pending.popleft().result()) is not end:
                    pending.append(thread.submit(next, batches, end))
                    yield batch  # type: ignore[misc]
            finally:
                thread.shutdown(wait=True, cancel_futures=True)

    return early


def _rows(values: ArrayLike) -> Rows:
    return np.asarray(values, dtype=np.int64).reshape(-1)


def _weights(values: ArrayLike | None) -> Tensor | None:
    if values is None:
        return None
    found = torch.as_tensor(np.asarray(values), dtype=torch.float32)
    if found.ndim != 1 or not bool((found.isfinite() & (found >= 0)).all()):
        raise BadInput("Weights must be finite numbers >= 0, one for each row; drop rows that have none.")
    return found


def _of(weights: Tensor | None, rows: Rows) -> Tensor | None:
    return None if weights is None else weights[torch.from_numpy(rows)]


def _views(epochs: Rows, views: int | None) -> Rows:
    if views is None:
        return epochs
    return epochs % views if views > 0 else np.full_like(epochs, PLAIN)
