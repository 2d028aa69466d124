"""Ridge regression on several tasks at once: what it says of rows that it has not seen, and of those it has.

The factorisation belongs to the features alone. So true labels and any number of shuffled ones share it,
and each further task costs a few products of matrices.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from headstart.core import BadData

from . import checks


class Answers(NamedTuple):
    """What p penalties say of n rows of a task with k outputs."""

    held_out: Tensor  # (p, n, k): each row by the fit on all rows outside its group
    fitted: Tensor  # (p, n, k): each row by the fit on all rows


class LeftOut:
    """Features (n, d), factored for p penalties and for groups of rows that are left out together.

    The residuals e of a group G that was left out are those of the fit on all rows, r, times the inverse
    of its part of the residual maker: (I - H)_GG e = r_G (Cook & Weisberg 1982, Residuals and Influence in
    Regression, chapter 3). For a single row this is the division by 1 - h of leave-one-out.
    """

    def __init__(self, x: Tensor, penalties: Sequence[float] | Tensor, groups: Tensor | None = None) -> None:
        """Factor the smaller Gram matrix of the centred features, in float64.

        Args:
            x: features (n, d), n >= 2.
            penalties: p numbers > 0, in any order; see `ridge` for what is minimised.
            groups: (n,) whole numbers: rows of a group are left out together. None: each by itself.

        Raises:
            BadData: x is no float matrix of finite numbers, or there are fewer than two groups.
            BadInput: a penalty is not a positive finite number.
        """
        wide = checks.features(x)
        self.penalties = torch.tensor(checks.penalties(penalties), dtype=torch.float64, device=wide.device)
        self._sets = _together(groups, len(x), wide.device)
        rows = wide - wide.mean(0)
        self._by_rows = len(rows) <= rows.shape[1]
        if self._by_rows:
            # centred rows sum to nothing: the constant vector, the intercept's, is lifted and dropped
            gram = rows @ rows.T
            spectrum, basis = torch.linalg.eigh(gram + (2 * gram.trace() + 1) / len(rows))
            spectrum, self._turned = spectrum[:-1].clamp_min(0), basis[:, :-1]
        else:
            spectrum, basis = torch.linalg.eigh(rows.T @ rows)
            spectrum, self._turned = spectrum.clamp_min(0), rows @ basis
        self._shrink = 1 / (spectrum + self.penalties[:, None])  # (p, r)
        leverage = self._turned.square() @ self._shrink.T  # (n, p)
        self._room = leverage if self._by_rows else 1 - 1 / len(rows) - leverage
        self._corners = [self._corner(rows) for rows in self._sets]

    def answers(self, y: Tensor) -> Answers:
        """Of targets y (n, k), floats.

        Raises:
            BadData: y is no float matrix of finite numbers with a row for each of the features.
        """
        goal = checks.targets(y, len(self._turned)).to(self._turned.device)
        level = goal.mean(0)
        inner = self._shrink[..., None] * (self._turned.T @ (goal - level))  # (p, r, k)
        found = self._turned @ inner  # (p, n, k)
        # by rows, residuals and residual maker are both divided by the penalty, so that nothing cancels
        residuals = found if self._by_rows else goal - level - found
        left = residuals / self._room.T.clamp_min(1e-15)[..., None]
        for rows, corner in zip(self._sets, self._corners, strict=True):
            left[:, rows] = torch.linalg.solve(corner, residuals[:, rows])
        if self._by_rows:
            residuals = residuals * self.penalties[:, None, None]
        return Answers(goal - left, goal - residuals)

    def _corner(self, rows: Tensor) -> Tensor:
        """(p, g, g): what the residual maker does among the rows (g,) of a group."""
        mine = self._turned[rows]
        corner: Tensor = (mine * self._shrink[:, None]) @ mine.T
        if not self._by_rows:
            corner = torch.eye(len(rows)).to(corner) - corner - 1 / len(self._turned)
        return corner


def _together(groups: Tensor | None, rows: int, device: torch.device) -> list[Tensor]:
    """The rows of each group of two or more."""
    if rows < 2:
        raise BadData("Leaving one row out needs two rows or more.")
    if groups is None:
        return []
    _, where, counts = torch.unique(groups, return_inverse=True, return_counts=True)
    if len(counts) < 2:
        raise BadData("All rows belong to one group: none is left to learn from when it is left out.")
    return [(where == group).nonzero()[:, 0].to(device) for group in (counts > 1).nonzero()[:, 0]]
