"""Rows in cells, such as the classes of a data set, from which those of a task are drawn."""

from dataclasses import dataclass

import torch
from torch import Tensor

from headstart.core.draws import distinct, reseeded, uniforms


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of rows, each of a source; tasks take several cells of one source.

    A cell is made of units, of each of which at most one row is drawn: rows of one person, or single rows.

    Attributes:
        rows: int64 (m,), row numbers, those of a unit beside each other, units by cell.
        first_row: int64 (units,), where a unit begins in `rows`.
        rows_of: int64 (units,), how many rows a unit has.
        first_unit: int64 (cells,), the first unit of a cell.
        units_of: int64 (cells,), how many units a cell has.
        first_cell: int64 (sources,), the first cell of a source.
        cells_of: int64 (sources,), how many cells a source has.
        names: int64 (cells,), the number that a cell was given by.
    """

    rows: Tensor
    first_row: Tensor
    rows_of: Tensor
    first_unit: Tensor
    units_of: Tensor
    first_cell: Tensor
    cells_of: Tensor
    names: Tensor

    def drawn_sources(self, seed: Tensor) -> Tensor:
        """A source (t,) for each of t seeds, each as likely."""
        draw = uniforms(reseeded(seed, 0), 1)[:, 0]
        return (draw * len(self.cells_of)).long()

    def drawn_cells(self, seed: Tensor, sources: Tensor, count: int) -> Tensor:
        """Different cells (t, count) of sources (t,), in random order."""
        return self.first_cell[sources][:, None] + distinct(reseeded(seed, 1), self.cells_of[sources], count)

    def drawn_rows(self, seed: Tensor, cells: Tensor, count: int) -> Tensor:
        """Rows (t, cells, count) of different units of cells (t, cells), in random order."""
        of_cell = torch.stack([reseeded(seed, 9 + place) for place in range(cells.shape[1])], 1).flatten()
        flat = cells.flatten()
        units = self.first_unit[flat][:, None] + distinct(of_cell, self.units_of[flat], count)
        within = (uniforms(reseeded(of_cell, 1), count) * self.rows_of[units]).long()
        return self.rows[self.first_row[units] + within].view(*cells.shape, count)


def cells_of(cell: Tensor, source: Tensor | None = None, unit: Tensor | None = None) -> Cells:
    """Cells of n rows.

    Args:
        cell: int64 (n,), the cell of each row.
        source: int64 (n,), its source; None: one source. Rows of a cell in two sources are two cells.
        unit: int64 (n,), of which at most one row is drawn from a cell; None: each row.
    """
    rows = torch.arange(len(cell))
    source = torch.zeros_like(cell) if source is None else source
    keys = torch.stack([source, cell, rows if unit is None else unit], 1)
    order = rows
    for column in (2, 1, 0):  # the last sort is the first key
        order = order[keys[order, column].argsort(stable=True)]
    units, rows_of = torch.unique_consecutive(keys[order], dim=0, return_counts=True)
    cells, units_of = torch.unique_consecutive(units[:, :2], dim=0, return_counts=True)
    _, cells_of = torch.unique_consecutive(cells[:, 0], return_counts=True)
    return Cells(
        order,
        _starts(rows_of),
        rows_of,
        _starts(units_of),
        units_of,
        _starts(cells_of),
        cells_of,
        cells[:, 1],
    )


def _starts(counts: Tensor) -> Tensor:
    return counts.cumsum(0) - counts
