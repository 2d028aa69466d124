"""Losses of rows by fits without them, against fits that are made without them one by one."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from headstart.solvers.held_out_losses import held_out_losses
from headstart.solvers.penalty_selection import RIDGE_GRID, spread
from headstart.solvers.ridge import one_hot, ridge_path
from headstart.solvers.temperature import best_scale

DRAW = torch.Generator().manual_seed(0)
X = torch.randn(24, 5, generator=DRAW)
Y = (X[:, 0] + 0.5 * torch.randn(24, generator=DRAW) > 0).long()


def one_by_one(x, goals, groups):
    """Predictions (p, n, k) of rows by ridge regressions on the rows of all other groups."""
    penalties = [spread(x) * factor for factor in RIDGE_GRID]
    found = torch.zeros(len(penalties), *goals.shape, dtype=torch.float64)
    for group in groups.unique():
        out = groups == group
        path = ridge_path(x[~out].double(), goals[~out], penalties)
        found[:, out] = x[out].double() @ path.weight.mT + path.bias[:, None]
    return found


@pytest.mark.parametrize("groups", [torch.arange(24), torch.arange(24) // 3])
def test_classes(groups):
    found = one_by_one(X, one_hot(Y, 2, torch.float64), groups)
    each = [cross_entropy(some * best_scale(some, Y), Y, reduction="none") for some in found]
    wanted = min(each, key=lambda losses: float(losses.mean()))
    assert torch.allclose(held_out_losses(X, Y, 2, groups), wanted, atol=1e-8)


def test_numbers_in_units_of_their_variance():
    y = torch.stack([3 * X[:, 0], X[:, 1].square()], 1)
    found = one_by_one(X, y.double(), torch.arange(24))
    each = [((some - y).square() / y.double().var(0, correction=0)).mean(1) for some in found]
    wanted = min(each, key=lambda losses: float(losses.mean()))
    losses = held_out_losses(X, y, 2)
    assert torch.allclose(losses, wanted, atol=1e-8)
    assert torch.allclose(held_out_losses(X, 100 * y, 2), losses, atol=1e-6)


def test_tags_that_are_known_beat_chance():
    y = torch.stack([X[:, 0] > 0, X[:, 1] > 0], 1)
    losses = held_out_losses(X, y, 2)
    assert losses.shape == (24,)
    assert float(losses.mean()) < math.log(2)


def test_features_that_say_nothing_cost_what_chance_does():
    x = torch.randn(400, 3, generator=torch.Generator().manual_seed(1))
    y = torch.arange(400) % 2
    assert float(held_out_losses(x, y, 2).mean()) == pytest.approx(math.log(2), abs=0.02)
