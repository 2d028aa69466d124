"""Leave-one-out predictions of a ridge classifier whose penalty is chosen without the row, too.

The penalty and the scale of `select_ridge` are chosen by leave-one-out predictions of all rows, so that
these look better than new rows will: the row that is predicted had a say in the choice. Here it has none.
"""

import torch
from torch import Tensor

from headstart.core import BadData
from headstart.solvers.leave_one_out import LeaveOneOut
from headstart.solvers.penalty_selection import FOLDS, SelectedHead, deal, regression_goals, select_ridge


def nested_leave_one_out(x: Tensor, y: Tensor, classes: int, groups: Tensor | None = None) -> Tensor:
    """Logits (n, classes) float64 of each row by the exact ridge fit without its group.

    Groups are dealt to five folds, or as many as there are groups. The penalty and the scale for the rows
    of a fold are those that `select_ridge` chooses on the rows of the others (Varma & Simon 2006,
    doi:10.1186/1471-2105-7-91); with them, each row is predicted by the fit on all rows outside its group.
    A row that is left out makes its class rarer for the fit: of classes of equal size and features that say
    nothing, the accuracy is below that of chance.

    Args:
        x: features (n, d).
        y: labels (n,) in [0, classes).
        classes: number of outputs.
        groups: (n,) integers: rows of a group are left out together. None: each row by itself.

    Raises:
        BadData: x is not a float matrix of finite numbers, or there are fewer than three groups.
    """
    names = torch.arange(len(y)) if groups is None else groups
    folds = _folds_of(names, y)
    found: list[SelectedHead] = []
    for fold in range(int(folds.max()) + 1):
        rest = folds != fold
        found.append(select_ridge(x[rest], y[rest], classes))
    left_out = LeaveOneOut(x.double(), [each.penalty for each in found], groups)
    held_out = left_out.answers(regression_goals(y, classes)).held_out  # (folds, n, classes)
    scales = torch.tensor([each.scale for each in found], dtype=torch.float64)
    chosen = held_out[folds, torch.arange(len(y))]
    return chosen * scales[folds, None]


def _folds_of(groups: Tensor, y: Tensor) -> Tensor:
    """The fold (n,) of each row: groups are dealt in turn, by the class of their first row.

    Raises:
        BadData: there are fewer than three groups.
    """
    names, place = torch.unique(groups, return_inverse=True)
    if len(names) < 3:
        raise BadData(f"Choosing a penalty without a row needs three groups of rows, not {len(names)}.")
    first = torch.full((len(names),), len(y)).scatter_reduce(0, place, torch.arange(len(y)), "amin")
    return deal(y[first], min(FOLDS, len(names)))[place]
