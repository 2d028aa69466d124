"""Ridge regression on several tasks at once: leave-one-out and in-sample predictions.

The factorisation depends on the features only, so true labels and any number of shuffled ones share it,
and each further task costs a few matrix products.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from headstart.core import BadData
from headstart.solvers import checks
from headstart.solvers.means import counted, lift, mean_of, rooted, unrooted


class Answers(NamedTuple):
    """Predictions of p penalties for n rows of a task with k outputs."""

    held_out: Tensor  # (p, n, k): each row by the fit on all rows outside its group
    fitted: Tensor  # (p, n, k): each row by the fit on all rows


class LeaveOneOut:
    """Features (n, d), factored for p penalties and for groups of rows that are left out together.

    The residuals e of a group G that was left out are those of the fit on all rows, r, times the inverse
    of its part of the residual maker: (I - H)_GG e = r_G (Cook & Weisberg 1982, Residuals and Influence in
    Regression, chapter 3). For a single row this is the division by 1 - h of leave-one-out.
    """

    def __init__(
        self,
        x: Tensor,
        penalties: Sequence[float] | Tensor,
        groups: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> None:
        """Factor the smaller Gram matrix of the centred features, in float64.

        Args:
            x: features (n, d), n >= 2.
            penalties: p numbers > 0, in any order; see `ridge` for what is minimised.
            groups: (n,) integers: rows of a group are left out together. None: each row separately.
            weights: (n,) >= 0, of the rows. None: all 1.

        Raises:
            BadData: x is not a float matrix of finite numbers, or there are fewer than two groups.
            BadInput: a penalty is not a positive finite number, or weights are negative.
        """
        wide = checks.features(x)
        self.penalties = torch.tensor(checks.penalties(penalties), dtype=torch.float64, device=wide.device)
        self._sets = _together(groups, len(x), wide.device)
        self._counts = None if weights is None else counted(weights, len(x)).to(wide)
        # the intercept's part of the hat matrix
        self._share: float | Tensor = 1 / len(x)
        if self._counts is not None:
            self._share = (self._counts / self._counts.sum())[:, None]
        rows = rooted(wide - mean_of(wide, self._counts), self._counts)
        self._by_rows = len(rows) <= rows.shape[1]
        if self._by_rows:
            # centred rows sum to 0: the constant eigenvector, the intercept's, is shifted up and dropped
            gram = rows @ rows.T
            spectrum, basis = torch.linalg.eigh(gram + lift(gram, self._counts))
            spectrum, self._turned = spectrum[:-1].clamp_min(0), basis[:, :-1]
        else:
            spectrum, basis = torch.linalg.eigh(rows.T @ rows)
            spectrum, self._turned = spectrum.clamp_min(0), rows @ basis
        self._shrink = 1 / (spectrum + self.penalties[:, None])  # (p, r)
        leverage = self._turned.square() @ self._shrink.T  # (n, p)
        self._room = leverage if self._by_rows else 1 - self._share - leverage
        self._corners = [self._corner(rows) for rows in self._sets]

    def answers(self, y: Tensor) -> Answers:
        """Predictions for targets y (n, k), floats.

        Raises:
            BadData: y is not a float matrix of finite numbers with a row for each row of the features.
        """
        goal = checks.targets(y, len(self._turned)).to(self._turned.device)
        level = mean_of(goal, self._counts)
        centred = rooted(goal - level, self._counts)
        inner = self._shrink[..., None] * (self._turned.T @ centred)  # (p, r, k)
        found = self._turned @ inner  # (p, n, k)
        # by rows, residuals and residual maker are both divided by the penalty, to avoid cancellation
        residuals = found if self._by_rows else centred - found
        left = residuals / self._room.T.clamp_min(1e-15)[..., None]
        for rows, corner in zip(self._sets, self._corners, strict=True):
            left[:, rows] = torch.linalg.solve(corner, residuals[:, rows])
        if self._by_rows:
            residuals = residuals * self.penalties[:, None, None]
        return Answers(goal - unrooted(left, self._counts), goal - unrooted(residuals, self._counts))

    def _corner(self, rows: Tensor) -> Tensor:
        """Block (p, g, g) of the residual maker for the rows (g,) of a group."""
        mine = self._turned[rows]
        corner: Tensor = (mine * self._shrink[:, None]) @ mine.T
        if not self._by_rows:
            corner = torch.eye(len(rows)).to(corner) - corner - self._constant(rows)
        return corner

    def _constant(self, rows: Tensor) -> float | Tensor:
        """Block (g, g) of the intercept's projection for the rows (g,) of a group."""
        if isinstance(self._share, float):
            return self._share
        root = self._share[rows].sqrt()
        return root @ root.T


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
