"""The ridge probe by hand, against scikit-learn, and its choice against refitting without each row."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from tests.methods.ways import points, probed
from torch.nn.functional import cross_entropy, one_hot

from headstart.core import BadInput
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe
from headstart.run.engine import One
from headstart.solvers.penalty_selection import RIDGE_GRID, select_ridge
from headstart.solvers.platt import platt
from headstart.solvers.temperature import best_scale

X, Y = points(40, 5, 3, spread=2.0)
TARGETS = one_hot(Y, 3).double()


def test_two_rows_by_hand():
    """x = -1, 1 and targets (1, 0), (0, 1): the weight is (-1, 1) / (2 + penalty), the intercept 1/2.

    Left out, each row is taken for the other class, so the scale is the lowest there is, 0.01.
    """
    x = torch.tensor([[-1.0], [1.0]])
    model = probed(RidgeProbe(penalty=2.0), x, torch.tensor([0, 1]), 2)
    expected = 0.01 * torch.tensor([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5], [0.0, 1.0]])
    found = model(torch.tensor([[-1.0], [1.0], [0.0], [2.0]]))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-7)


def left_out(penalty):
    """Predictions (n, 3) of each row by scikit-learn's fit on all others."""
    rows = []
    for row in range(len(X)):
        seen = torch.arange(len(X)) != row
        fit = Ridge(alpha=penalty).fit(X[seen].double().numpy(), TARGETS[seen].numpy())
        rows.append(fit.predict(X[row : row + 1].double().numpy())[0])
    return torch.tensor(np.stack(rows))


@pytest.mark.parametrize("penalty", [0.5, 50.0])
@pytest.mark.parametrize("size", [7, 40])
def test_it_is_scikit_learns_times_the_best_scale(penalty, size):
    model = probed(RidgeProbe(penalty=penalty), X, Y, 3, size)
    fit = Ridge(alpha=penalty).fit(X.double().numpy(), TARGETS.numpy())
    scale = best_scale(left_out(penalty), Y)
    expected = torch.tensor(fit.predict(X.double().numpy())) * scale
    torch.testing.assert_close(model(X).double(), expected, rtol=1e-3, atol=1e-4)


def test_the_scale_is_the_one_of_least_log_loss():
    held_out = left_out(5.0)
    best = best_scale(held_out, Y)
    tried = torch.logspace(-1, 2, 400, dtype=torch.float64)
    goal = (len(Y) * one_hot(Y, 3) + 1 / 3) / (len(Y) + 1)  # one more row, of every class in equal parts
    losses = torch.stack([cross_entropy(held_out * scale, goal) for scale in tried])
    assert best == pytest.approx(float(tried[losses.argmin()]), rel=0.02)


def test_its_own_penalty_is_the_one_of_least_log_loss_on_rows_left_out():
    unit = float((X - X.mean(0)).double().square().sum(1).mean())
    losses = []
    for factor in RIDGE_GRID:
        held_out = left_out(factor * unit)
        losses.append(float(cross_entropy(held_out * best_scale(held_out, Y), Y)))
    best = int(np.argmin(losses))
    assert 0 < best < len(RIDGE_GRID) - 1
    found = select_ridge(X, Y, 3)
    assert found.penalty == pytest.approx(RIDGE_GRID[best] * unit)
    ours, given = probed(RidgeProbe(), X, Y, 3), probed(RidgeProbe(penalty=found.penalty), X, Y, 3)
    torch.testing.assert_close(ours(X), given(X), rtol=1e-4, atol=1e-5)


def test_the_penalty_makes_a_difference():
    one, other = (probed(RidgeProbe(penalty=p), X, Y, 3).head.weight for p in (0.1, 1000.0))
    assert not torch.allclose(one / one.norm(), other / other.norm(), atol=1e-2)


def test_a_class_without_rows_is_never_the_answer():
    assert (probed(RidgeProbe(), X, Y, 4)(X).argmax(1) < 3).all()


class Doubled(One):
    """As if another process had the same rows."""

    def gather(self, rows):
        return torch.cat([rows, rows])


def test_it_solves_for_the_rows_of_all_processes():
    """All rows twice is half the penalty for all rows once."""
    twice = probed(RidgeProbe(penalty=8.0), X, Y, 3, engine=Doubled()).head.weight
    once = probed(RidgeProbe(penalty=4.0), X, Y, 3).head.weight
    torch.testing.assert_close(twice / twice.norm(), once / once.norm(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("penalty", [0.0, -1.0, float("nan")])
def test_a_bad_penalty_is_named(penalty):
    with pytest.raises(BadInput, match=f"ridge-probe: penalty is {penalty!r}"):
        RidgeProbe(penalty=penalty)


G = torch.Generator().manual_seed(4)
# the first column is nearly linear and likes a weak penalty, the second is noise in a large unit
NUMBERS = torch.stack([X[:, 0] * 3 + X[:, 1], 1000 * torch.randn(40, generator=G) + 50], 1)
NUMBERS[:, 0] += 0.1 * torch.randn(40, generator=G)


@pytest.mark.parametrize("penalty", [0.3, 30.0])
def test_numbers_are_scikit_learns(penalty):
    model = probed(RidgeProbe(penalty=penalty), X, NUMBERS, 2)
    expected = (
        Ridge(alpha=penalty).fit(X.double().numpy(), NUMBERS.double().numpy()).predict(X.double().numpy())
    )
    np.testing.assert_allclose(model(X).detach(), expected, rtol=1e-4, atol=1e-3)


def test_numbers_choose_the_penalty_of_the_least_left_out_error_whatever_their_units():
    unit = float((X - X.mean(0)).square().sum(1).mean())
    errors = []
    for factor in RIDGE_GRID:
        found = np.zeros((40, 2))
        for row in range(40):
            seen = np.arange(40) != row
            fit = Ridge(alpha=unit * factor).fit(X[seen].double().numpy(), NUMBERS[seen].double().numpy())
            found[row] = fit.predict(X[row : row + 1].double().numpy())[0]
        errors.append(float(((found - NUMBERS.numpy()) ** 2 / NUMBERS.numpy().var(0)).mean()))
    best = unit * RIDGE_GRID[int(np.argmin(errors))]
    assert select_ridge(X, NUMBERS, 2).penalty == pytest.approx(best)
    assert select_ridge(X, NUMBERS[:, 1:], 1).penalty > best  # the noise does not choose alone
    assert select_ridge(X, NUMBERS * torch.tensor([1e3, 1e-3]), 2).penalty == pytest.approx(best)


def test_tags_are_regressed_on_one_and_minus_one_and_calibrated_by_left_out_rows():
    tags = torch.stack([X[:, 0] > X[:, 0].median(), Y == 1], 1)
    found = select_ridge(X, tags, 2, 5.0)
    goals = (2 * tags.double() - 1).numpy()
    rows = []
    for row in range(40):
        seen = np.arange(40) != row
        fit = Ridge(alpha=5.0).fit(X[seen].double().numpy(), goals[seen])
        rows.append(fit.predict(X[row : row + 1].double().numpy())[0])
    slope, offset = platt(torch.tensor(np.stack(rows)), tags)
    expected = torch.tensor(np.stack(rows)) * slope + offset
    torch.testing.assert_close(found.held_out.double(), expected, rtol=1e-4, atol=1e-4)
    fit = Ridge(alpha=5.0).fit(X.double().numpy(), goals)
    torch.testing.assert_close(
        found.weight.double(), torch.tensor(fit.coef_) * slope[:, None], rtol=1e-4, atol=1e-5
    )
