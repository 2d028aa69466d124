"""Rows in cells, such as the classes of a data set, from which those of a task are drawn."""

from dataclasses import dataclass, replace

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
        sources: int64 (sources,), the number that a source was given by.
    """

    rows: Tensor
    first_row: Tensor
    rows_of: Tensor
    first_unit: Tensor
    units_of: Tensor
    first_cell: Tensor
    cells_of: Tensor
    sources: Tensor

    def renumbered(self, rows: Tensor) -> "Cells":
        """The same cells, where row i is called `rows[i]`."""
        return replace(self, rows=rows[self.rows])

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
    return _sorted(torch.stack([source, cell, rows if unit is None else unit], 1), rows)


def large_cells(cell: Tensor, source: Tensor, needed: int, count: int) -> Cells:
    """Cells of at least so many rows, of the sources that have at least so many such cells; perhaps none.

    Args:
        cell: int64 (n,), the cell of each row.
        source: int64 (n,), its source.
        needed: rows of a cell.
        count: cells of a source.
    """
    every = cells_of(cell, source)
    large = every.units_of >= needed
    of_cell = torch.arange(len(every.cells_of)).repeat_interleave(every.cells_of)
    often = torch.zeros_like(every.cells_of).index_add(0, of_cell, large.long())
    kept = large & (often >= count)[of_cell]
    rows = every.rows[kept.repeat_interleave(every.units_of)].sort().values
    return _sorted(torch.stack([source[rows], cell[rows], rows], 1), rows)


def _sorted(keys: Tensor, rows: Tensor) -> Cells:
    """Cells of rows (n,) with keys (n, 3): source, cell, unit."""
    order = torch.arange(len(keys))
    for column in (2, 1, 0):  # the last sort is the first key
        order = order[keys[order, column].argsort(stable=True)]
    units, rows_of = torch.unique_consecutive(keys[order], dim=0, return_counts=True)
    cells, units_of = torch.unique_consecutive(units[:, :2], dim=0, return_counts=True)
    sources, cells_of = torch.unique_consecutive(cells[:, 0], return_counts=True)
    return Cells(
        rows[order],
        _starts(rows_of),
        rows_of,
        _starts(units_of),
        units_of,
        _starts(cells_of),
        cells_of,
        sources,
    )


def _starts(counts: Tensor) -> Tensor:
    return counts.cumsum(0) - counts
