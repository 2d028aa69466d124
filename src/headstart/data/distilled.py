"""Batches of rows with what a teacher gives for them."""

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from headstart.core import Distilled, Labelled
from headstart.core.batches import join_samples
from headstart.data.order import order
from headstart.data.samples import Rows
from headstart.data.sources import PLAIN
from headstart.data.stream import Stream


class Said(NamedTuple):
    """What a teacher gives for n rows."""

    logits: Tensor  # float32 (n, outputs) or (n, teachers, outputs)
    features: Tensor | None = None  # float32 (n, d)


Ask = Callable[[Rows, Rows], Said]  # rows (n,) and their views (n,), as a sample loader takes them


def distilled(
    stream: Stream[Labelled], ask: Ask, rows: ArrayLike, batch: int, seed: int, views: int | None = None
) -> Stream[Distilled]:
    """Add what a teacher says of every row, in the view that the student sees, to a `labelled` stream.

    Args:
        stream: from `labelled` with the same `rows`, `batch`, `seed` and `views`.
        ask: the teacher.
        rows: (n,) the rows to train on.
        batch: rows in a batch.
        seed: of the shuffles.
        views: of each row; see `labelled`.
    """
    chosen = np.asarray(rows, dtype=np.int64).reshape(-1)

    def begin(step: int) -> Iterator[Distilled]:
        for now, found in zip(itertools.count(step), stream(step), strict=False):
            positions, epochs = order(seed, len(chosen), batch, now)
            shown = epochs if views is None else epochs % views if views else np.full_like(epochs, PLAIN)
            said = ask(chosen[positions], shown)
            yield Distilled(found.x, found.y, found.weight, said.logits, said.features)

    return begin


def with_unlabelled(labelled: Stream[Distilled], unlabelled: Stream[Distilled]) -> Stream[Distilled]:
    """Each batch of n labelled rows, followed by one of m unlabelled rows, whose labels are placeholders.

    Unlabelled rows have weight 0 and labelled ones are weighted by (n + m) / n, so that the label loss, a
    mean over all rows, is that of the labelled ones.
    """

    def begin(step: int) -> Iterator[Distilled]:
        for mine, unseen in zip(labelled(step), unlabelled(step), strict=False):
            n, m = len(mine), len(unseen)
            weight = torch.ones(n) if mine.weight is None else mine.weight
            assert mine.logits is not None
            assert unseen.logits is not None
            seen_inside = mine.features is not None and unseen.features is not None
            yield Distilled(
                join_samples([mine.x, unseen.x]),
                torch.cat([mine.y, unseen.y]),
                torch.cat([weight * ((n + m) / n), torch.zeros(m)]),
                torch.cat([mine.logits, unseen.logits]),
                torch.cat([mine.features, unseen.features]) if seen_inside else None,  # type: ignore[list-item]
            )

    return begin
