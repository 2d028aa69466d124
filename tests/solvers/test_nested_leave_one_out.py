"""Leave-one-out predictions whose penalty and scale are chosen without the row."""

import pytest
import torch
from torch import Tensor

from headstart.core import BadData
from headstart.solvers.nested_leave_one_out import nested_leave_one_out
from headstart.solvers.penalty_selection import select_ridge
from headstart.solvers.ridge import one_hot, ridge


def rows(n: int, d: int, seed: int = 0, signal: float = 1.0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 3
    x = torch.randn(n, d, generator=generator)
    x[torch.arange(n), y] += signal
    return x, y


def test_each_row_is_refitted_without_it():
    """Five rows, five folds: the penalty and the scale are those of the other four, and so is the fit."""
    x, y = rows(5, 4)
    found = nested_leave_one_out(x, y, 3)
    for row in range(5):
        rest = torch.arange(5) != row
        chosen = select_ridge(x[rest], y[rest], 3)
        fit = ridge(x[rest].double(), one_hot(y[rest], 3, torch.float64), chosen.penalty)
        wanted = (fit.weight @ x[row].double() + fit.bias) * chosen.scale
        torch.testing.assert_close(found[row], wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("d", [4, 40])
def test_copies_are_left_out_together(d):
    """Two rows that are copies: with groups the answer for one is that of the fit without both."""
    x, y = rows(12, d)
    x[7], y[7] = x[2], y[2]
    groups = torch.arange(12)
    groups[7] = 2
    found = nested_leave_one_out(x, y, 3, groups)
    rest = (torch.arange(12) != 2) & (torch.arange(12) != 7)
    left = x[rest].double(), one_hot(y[rest], 3, torch.float64)
    directions = []
    for fold_rest in all_rests(y, groups):
        if fold_rest[2]:
            continue
        chosen = select_ridge(x[fold_rest], y[fold_rest], 3)
        fit = ridge(*left, chosen.penalty)
        directions.append((fit.weight @ x[2].double() + fit.bias) * chosen.scale)
    assert len(directions) == 1
    torch.testing.assert_close(found[2], directions[0], rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(found[7], directions[0], rtol=1e-6, atol=1e-9)


def all_rests(y: Tensor, groups: Tensor) -> list[Tensor]:
    """The rows outside each fold, dealt by hand: groups by class of their first row, in turn."""
    first = sorted({int(group): row for row, group in reversed(list(enumerate(groups)))}.items())
    order = sorted(first, key=lambda pair: (int(y[pair[1]]), pair[0]))
    fold = {group: place % 5 for place, (group, _) in enumerate(order)}
    folds = torch.tensor([fold[int(group)] for group in groups])
    return [folds != number for number in range(5)]


def test_noise_is_not_predicted():
    """Of features without information it is not above chance, 1/3; on the rows themselves it is nearly 1."""
    right, trained = [], []
    for seed in range(20):
        x, y = rows(30, 60, seed, signal=0.0)
        y = y[torch.randperm(30, generator=torch.Generator().manual_seed(seed))]
        right.append((nested_leave_one_out(x, y, 3).argmax(1) == y).double().mean())
        head = select_ridge(x, y, 3)
        trained.append(((x @ head.weight.T + head.bias).argmax(1) == y).double().mean())
    assert torch.stack(right).mean() < 0.4
    assert torch.stack(trained).mean() > 0.9


def test_two_rows_are_too_few():
    x, y = rows(2, 4)
    with pytest.raises(BadData, match="three groups"):
        nested_leave_one_out(x, y, 3)
