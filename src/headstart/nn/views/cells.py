"""Views of rows of a table: some cells are those of other rows."""

import torch
from torch import Tensor

from headstart.core.draws import reseeded, uniforms
from headstart.nn.views.views import Views, identical


class CellViews(Views):
    """Replace a share of the cells of each row by those of the same column in random training rows.

    So every column keeps its distribution (SCARF, arXiv:2106.15147). Missing cells are cells like others.
    """

    columns: Tensor  # (rows, columns) that are drawn from

    def __init__(self, columns: Tensor, corruption: float) -> None:
        """Corrupt the share `corruption` of the cells, in [0, 1], with cells of `columns` (rows, columns)."""
        super().__init__()
        self.corruption = corruption
        self.register_buffer("columns", columns.clone())
        if round(corruption * columns.shape[1]) == 0:
            self.caution = identical(f"{corruption} of {columns.shape[1]} cells is none")

    def forward(self, x: Tensor, seed: Tensor) -> Tensor:
        """A view (n, columns) of x (n, columns), by seeds (n,): the rounded share of each row is replaced."""
        return torch.where(self.hidden(x, seed), self.drawn(x, seed), x)

    def hidden(self, x: Tensor, seed: Tensor) -> Tensor:
        """Which cells change, bool (n, columns)."""
        count = round(self.corruption * x.shape[1])
        ranks = uniforms(reseeded(seed, 0), x.shape[1]).argsort(dim=1).argsort(dim=1)
        return ranks < count

    def drawn(self, x: Tensor, seed: Tensor) -> Tensor:
        """Cells (n, columns) of random training rows, each drawn by itself."""
        rows = (uniforms(reseeded(seed, 1), x.shape[1]) * len(self.columns)).long()
        return self.columns.gather(0, rows)
