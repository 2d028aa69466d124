"""Views of rows of a table: some cells are those of other rows."""

import torch
from torch import Tensor

from headstart.core import BadData
from headstart.core.draws import reseeded, uniforms
from headstart.nn.views.views import Views, identical

SHOWN = 8  # columns that a message names


class CellViews(Views):
    """Replace a share of the cells of each row by those of the same column in random training rows.

    So every column keeps its distribution (SCARF, arXiv:2106.15147). Missing cells are cells like others.
    Columns that are the same in all training rows would not change: the share is one of the others.
    """

    columns: Tensor  # (rows, columns) that are drawn from
    varying: Tensor  # bool (columns,)

    def __init__(self, columns: Tensor, corruption: float) -> None:
        """Corrupt the share `corruption` of the cells, in [0, 1], with cells of `columns` (rows, columns).

        Raises:
            BadData: all columns are constant, and the share is above 0.
        """
        super().__init__()
        self.corruption = corruption
        self.register_buffer("columns", columns.clone())
        varying = varying_columns(columns)
        self.register_buffer("varying", varying, persistent=False)
        count = int(varying.sum())
        self.count = max(1, round(corruption * count)) if corruption else 0  # cells that are drawn for
        if corruption and not count:
            raise BadData(
                f"All {columns.shape[1]} columns are constant in the {len(columns)} rows that cells are "
                "drawn from, so no view of a row differs from it. Give columns that vary."
            )
        if not corruption:
            self.caution = identical("no cell is replaced")
        elif count < columns.shape[1]:
            fixed = [str(number + 1) for number, one in enumerate(varying.tolist()) if not one]
            self.caution = (
                f"{len(fixed)} of {columns.shape[1]} columns are the same in all rows and never replaced: "
                f"{', '.join(fixed[:SHOWN])}{', ...' if len(fixed) > SHOWN else ''} (counted from 1)."
            )

    def forward(self, x: Tensor, seed: Tensor) -> Tensor:
        """A view (n, columns) of x (n, columns), by seeds (n,): the rounded share of each row is replaced."""
        return torch.where(self.hidden(x, seed), self.drawn(x, seed), x)

    def hidden(self, x: Tensor, seed: Tensor) -> Tensor:
        """Which cells change, bool (n, columns)."""
        draws = uniforms(reseeded(seed, 0), x.shape[1]).masked_fill(~self.varying, 2.0)
        return draws.argsort(dim=1).argsort(dim=1) < self.count

    def drawn(self, x: Tensor, seed: Tensor) -> Tensor:
        """Cells (n, columns) of random training rows, each drawn by itself."""
        return drawn_cells(self.columns, seed)


def drawn_cells(columns: Tensor, seed: Tensor) -> Tensor:
    """Cells (n, columns) of random rows of `columns` (rows, columns), each drawn by itself, by seeds (n,)."""
    rows = (uniforms(reseeded(seed, 1), columns.shape[1]) * len(columns)).long()
    return columns.gather(0, rows)


def varying_columns(columns: Tensor) -> Tensor:
    """Which columns (columns,) of rows (m, columns) are not the same in all; a missing cell is a value."""
    first = columns[:1]
    return ((columns != first) & ~(columns.isnan() & first.isnan())).any(0)
