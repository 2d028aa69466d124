"""The groups of the rows for methods that look after the worst one: class times attribute."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch

from headstart.core import Grouped, Labelled, Method
from headstart.data.attributes import class_by_attribute_groups
from headstart.data.dataset import Dataset
from headstart.data.grouped import grouped
from headstart.data.stream import Stream
from headstart.data.train_test_split import Rows

FEW = 5  # rows of a group below which it is named


def group_rows(data: Dataset, method: Method[Any], rows: Rows) -> tuple[int, ...]:
    """How many of `rows` (n,) each group has, for a method that wants to know; () for others."""
    if not issubclass(method.about.needs, Grouped):
        return ()
    found = class_by_attribute_groups(data)
    return tuple(np.bincount(found.numbers[rows], minlength=len(found.names)).tolist())


def in_groups(
    data: Dataset, method: Method[Any], stream: Stream[Labelled], rows: Rows, batch: int, seed: int
) -> Stream[Any]:
    """The batches of a stream, with groups for a method that eats them."""
    if not issubclass(method.about.needs, Grouped):
        return stream
    return grouped(stream, rows, class_by_attribute_groups(data).numbers, batch, seed)


def grouped_example(data: Dataset, method: Method[Any], batch: Labelled, rows: Rows) -> Labelled:
    """A batch of `rows`, with groups for a method that eats them."""
    if not issubclass(method.about.needs, Grouped):
        return batch
    here = torch.from_numpy(class_by_attribute_groups(data).numbers[rows])
    return Grouped(batch.x, batch.y, batch.weight, here)


def about_groups(data: Dataset, stages: Iterable[Method[Any]], rows: Rows) -> Iterator[str]:
    """What is to be said of the groups, if a stage looks at them."""
    if not any(issubclass(stage.about.needs, Grouped) for stage in stages):
        return
    found = class_by_attribute_groups(data)
    if not found.by_attribute:
        yield (
            "The data have no attribute, so the groups are the classes. Name one with attribute_column= or "
            "attribute= to look after groups within them."
        )
    many = np.bincount(found.numbers[rows], minlength=len(found.names))
    few = [f"{found.names[group]} ({many[group]})" for group in np.flatnonzero((many > 0) & (many < FEW))]
    if few:
        yield f"Groups with fewer than {FEW} training rows: {', '.join(few[:5])}. Their rows weigh much."
