"""What families of tasks of given rows share: how rows become episodes."""

import torch
from torch import Tensor

from headstart.core import Episodes, Labelled
from headstart.core.draws import orders, reseeded
from headstart.tasks.cells import Cells
from headstart.tasks.examples import Examples


def class_episodes(
    data: Examples, cells: Cells, seed: Tensor, ways: int, counts: tuple[int, int]
) -> Episodes:
    """Tasks of classes: cells of one source each, numbered by their places, in random order.

    Args:
        data: the rows.
        cells: classes; each has enough units.
        seed: int64 (tasks,).
        ways: classes of a task.
        counts: rows of each class in the support, and among the queries.
    """
    chosen = cells.drawn_cells(seed, cells.drawn_sources(seed), ways)
    rows = cells.drawn_rows(seed, chosen, sum(counts))
    numbers = torch.arange(ways)[:, None].expand_as(rows)
    made = []
    for part, some in enumerate((slice(0, counts[0]), slice(counts[0], None))):
        mine, y = rows[..., some].flatten(1), numbers[..., some].flatten(1)
        order = orders(reseeded(seed, 2 + part), mine.shape[1])
        made.append(Labelled(data.inputs(mine.gather(1, order)), y.gather(1, order)))
    return Episodes(*made)


def number_episodes(data: Examples, cells: Cells, seed: Tensor, counts: tuple[int, int]) -> Episodes:
    """Tasks of numbers: the rows of a cell each, in random order.

    Args:
        data: the rows.
        cells: one of each source.
        seed: int64 (tasks,).
        counts: rows of the support, and queries.
    """
    chosen = cells.drawn_cells(seed, cells.drawn_sources(seed), 1)
    rows = cells.drawn_rows(seed, chosen, sum(counts))[:, 0]
    parts = rows[:, : counts[0]], rows[:, counts[0] :]
    return Episodes(*(Labelled(data.inputs(some), data.y[some]) for some in parts))
