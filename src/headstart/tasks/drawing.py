"""What families of tasks of given rows share: how rows become episodes."""

import torch
from torch import Tensor

from headstart.core import Episodes, Labelled
from headstart.core.draws import orders, reseeded, uniforms
from headstart.tasks.cells import Cells
from headstart.tasks.examples import Examples


def class_rows(
    cells: Cells, seed: Tensor, sources: Tensor, ways: int, counts: tuple[int, int]
) -> tuple[Labelled, Labelled]:
    """Row numbers of support and queries, as x (tasks, rows), and classes numbered by their places, as y.

    Args:
        cells: classes; each has enough units.
        seed: int64 (tasks,).
        sources: int64 (tasks,), from which the classes of a task are.
        ways: classes of a task.
        counts: rows of each class in the support, and among the queries.
    """
    rows = cells.drawn_rows(seed, cells.drawn_cells(seed, sources, ways), sum(counts))
    numbers = torch.arange(ways)[:, None].expand_as(rows)
    made = []
    for part, some in enumerate((slice(0, counts[0]), slice(counts[0], None))):
        mine, y = rows[..., some].flatten(1), numbers[..., some].flatten(1)
        order = orders(reseeded(seed, 2 + part), ways * counts[part])
        made.append(Labelled(mine.gather(1, order), y.gather(1, order)))
    return made[0], made[1]


def number_rows(cells: Cells, seed: Tensor, sources: Tensor, counts: tuple[int, int]) -> list[Tensor]:
    """Row numbers (tasks, rows) of support and queries, in random order.

    Args:
        cells: one of each source.
        seed: int64 (tasks,).
        sources: int64 (tasks,).
        counts: rows of the support, and queries.
    """
    cell = cells.drawn_cells(seed, sources, 1)
    rows = cells.drawn_rows(seed, cell, sum(counts))[:, 0]
    return [rows[:, : counts[0]], rows[:, counts[0] :]]


def episodes_of(data: Examples, cells: Cells, seed: Tensor, ways: int, counts: tuple[int, int]) -> Episodes:
    """Tasks of rows of one source each: of classes, or of numbers as the data have them."""
    sources = cells.drawn_sources(seed)
    if data.kind == "numbers":
        rows = number_rows(cells, seed, sources, counts)
        return Episodes(*(Labelled(data.inputs(some), data.y[some]) for some in rows))
    parts = class_rows(cells, seed, sources, ways, counts)
    return Episodes(*(Labelled(data.inputs(part.x), part.y) for part in parts))


def pooled_rows(data: Examples, seed: int, count: int) -> Labelled:
    """So many rows of all classes, each as likely."""
    rows = (uniforms(torch.tensor([seed]), count)[0] * len(data)).long()
    return Labelled(data.inputs(rows), data.y[rows])
