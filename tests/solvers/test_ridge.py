"""Ridge in closed form against scikit-learn fitted again and again."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from headstart.core import BadData, BadInput
from headstart.solvers.ridge import one_hot, ridge, ridge_folds, ridge_path

PENALTIES = [1e-3, 2.0, 500.0]
SHAPES = [(60, 7), (12, 12), (13, 12), (12, 13), (20, 70)]


def made(rows, width, outputs=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, width)) @ rng.normal(size=(width, width)) + 5
    return x, rng.normal(size=(rows, outputs)) + x[:, :1]


def fitted(x, y, penalty):
    return Ridge(alpha=penalty, solver="svd").fit(x, y)


@pytest.mark.parametrize("shape", SHAPES)
def test_weights_equal_scikit_learn(shape):
    x, y = made(*shape)
    path = ridge_path(torch.tensor(x), torch.tensor(y), PENALTIES)
    for i, penalty in enumerate(PENALTIES):
        single, theirs = ridge(torch.tensor(x), torch.tensor(y), penalty), fitted(x, y, penalty)
        for weight, bias in ((path.weight[i], path.bias[i]), single):
            np.testing.assert_allclose(weight, theirs.coef_, rtol=1e-8, atol=1e-8)
            np.testing.assert_allclose(bias, theirs.intercept_, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
def test_leave_one_out_equals_leaving_each_out(shape):
    x, y = made(*shape)
    held_out = ridge_path(torch.tensor(x), torch.tensor(y), PENALTIES).held_out
    for penalty, ours in zip(PENALTIES, held_out, strict=True):
        for row in range(len(x)):
            rest = np.arange(len(x)) != row
            theirs = fitted(x[rest], y[rest], penalty).predict(x[[row]])[0]
            np.testing.assert_allclose(ours[row], theirs, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("shape", [*SHAPES, (24, 20)])  # the last: rows >= width > training rows
def test_folds_equal_fitting_without_each(shape):
    x, y = made(*shape)
    folds = np.arange(len(x)) % 3 * 7 - 1
    folds[:4] = 6  # of unequal size
    found = ridge_folds(torch.tensor(x), torch.tensor(y), PENALTIES, torch.tensor(folds))
    for penalty, ours in zip(PENALTIES, found, strict=True):
        for number in np.unique(folds):
            out = folds == number
            theirs = fitted(x[~out], y[~out], penalty).predict(x[out])
            np.testing.assert_allclose(ours[torch.tensor(out)], theirs, rtol=1e-8, atol=1e-8)


def test_two_points_by_hand():
    """Two points at -1 and 1 with y = -1 and 1: slope 2 / (2 + penalty); one left out: the other's y."""
    x, y = torch.tensor([[-1.0], [1.0]]), torch.tensor([[-1.0], [1.0]])
    path = ridge_path(x, y, [2.0])
    assert path.weight.item() == 0.5
    assert path.bias.item() == 0
    assert path.held_out.flatten().tolist() == [1.0, -1.0]


@pytest.mark.parametrize("width", [3, 40])
def test_many_equal_rows_and_a_constant_column_do_no_harm(width):
    x = torch.randn(5, width, generator=torch.Generator().manual_seed(0)).repeat(4, 1)
    x[:, 0] = 7
    y = one_hot(torch.arange(20) % 3, 3)
    path = ridge_path(x, y, [1e-6, 1.0])
    assert path.held_out.isfinite().all()
    assert path.weight[:, :, 0].abs().max() < 1e-6
    assert ridge_folds(x, y, [1e-6], torch.arange(20) % 4).isfinite().all()


def test_single_precision_comes_out_as_it_went_in_and_is_worked_in_double():
    x, y = (torch.tensor(part).float() for part in made(60, 7))
    path, wide = ridge_path(x, y, PENALTIES), ridge_path(x.double(), y.double(), PENALTIES)
    assert path.weight.dtype == path.bias.dtype == path.held_out.dtype == torch.float32
    assert torch.equal(path.held_out, wide.held_out.float())
    assert ridge_folds(x.half(), y, [1.0], torch.arange(60) % 2).dtype == torch.float16


def test_arguments_are_left_alone_and_graphs_are_not_kept():
    x, y = (torch.tensor(part).requires_grad_() for part in made(9, 4))
    before = x.detach().clone(), y.detach().clone()
    results = [*ridge(x, y, 1.0), *ridge_path(x, y, [1.0]), ridge_folds(x, y, [1.0], torch.arange(9))]
    assert torch.equal(x, before[0])
    assert torch.equal(y, before[1])
    assert not any(result.requires_grad for result in results)


def test_one_hot():
    assert one_hot(torch.tensor([1, 0]), 3).tolist() == [[0, 1, 0], [1, 0, 0]]
    with pytest.raises(BadData, match=r"\[0, 2\)"):
        one_hot(torch.tensor([0, 2]), 2)


@pytest.mark.parametrize("penalty", [0.0, -1.0, float("nan"), float("inf")])
def test_penalties_must_be_positive(penalty):
    with pytest.raises(BadInput, match="Penalties"):
        ridge(torch.ones(3, 2), torch.ones(3, 1), penalty)


def test_what_cannot_be_fitted_is_refused():
    x, y = torch.ones(3, 2), torch.ones(3, 1)
    with pytest.raises(BadInput, match="Penalties"):
        ridge_path(x, y, [])
    with pytest.raises(BadData, match="1 of 3 rows"):
        ridge(torch.tensor([[1.0, 2], [torch.nan, 1], [0, 0]]), y, 1.0)
    with pytest.raises(BadData, match="one_hot"):
        ridge(x, torch.tensor([0, 1, 2]), 1.0)
    with pytest.raises(BadData, match="two rows"):
        ridge_path(x[:1], y[:1], [1.0])
    with pytest.raises(BadInput, match="two folds"):
        ridge_folds(x, y, [1.0], torch.zeros(3, dtype=torch.int64))
    with pytest.raises(BadInput, match="Folds"):
        ridge_folds(x, y, [1.0], torch.arange(4))
