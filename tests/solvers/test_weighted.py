"""Weights of rows: whole ones are rows written down several times, and none at all is no row."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge

from headstart.core import BadInput
from headstart.solvers.leave_one_out import LeaveOneOut
from headstart.solvers.means import mean_of
from headstart.solvers.penalty_selection import RIDGE_GRID, select_logistic, select_ridge, spread
from headstart.solvers.platt import platt
from headstart.solvers.ridge import ridge, ridge_folds, ridge_path
from headstart.solvers.temperature import best_scale

PENALTIES = [1e-2, 5.0]
SHAPES = [(40, 6), (15, 30), (13, 12)]
TIMES = np.array([1, 3, 0, 2])


def made(rows, width, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, width)) @ rng.normal(size=(width, width)) + 5
    return x, rng.normal(size=(rows, 2)) + x[:, :1]


def counts(rows, seed=1):
    """Fractions from 0.05 to 20."""
    return np.exp(np.random.default_rng(seed).uniform(-3, 3, rows))


def tensors(*arrays):
    return tuple(torch.tensor(array) for array in arrays)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("whole", [True, False])
def test_ridge_is_scikit_learns_with_sample_weights(shape, whole):
    x, y = made(*shape)
    weights = np.resize(TIMES, len(x)) if whole else counts(len(x))
    path = ridge_path(*tensors(x, y), PENALTIES, torch.tensor(weights))
    for i, penalty in enumerate(PENALTIES):
        theirs = Ridge(alpha=penalty, solver="svd").fit(x, y, sample_weight=weights)
        one = ridge(*tensors(x, y), penalty, torch.tensor(weights))
        for weight, bias in ((path.weight[i], path.bias[i]), one):
            np.testing.assert_allclose(weight, theirs.coef_, rtol=1e-6, atol=1e-7)
            np.testing.assert_allclose(bias, theirs.intercept_, rtol=1e-6, atol=1e-6)
        if whole:
            again = np.repeat(np.arange(len(x)), weights)
            copied = ridge(*tensors(x[again], y[again]), penalty)
            np.testing.assert_allclose(one.weight, copied.weight, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_row_is_left_out_with_all_that_it_counts(shape):
    """Also a row that counts nothing: what is learned does not know it anyhow."""
    x, y = made(*shape)
    weights = counts(len(x))
    weights[[2, 7]] = 0
    held_out = ridge_path(*tensors(x, y), PENALTIES, torch.tensor(weights)).held_out
    folds = np.arange(len(x)) % 4
    in_folds = ridge_folds(*tensors(x, y), PENALTIES, torch.tensor(folds), torch.tensor(weights))
    grouped = LeaveOneOut(torch.tensor(x), PENALTIES, torch.tensor(folds), torch.tensor(weights)).answers(
        torch.tensor(y)
    )
    alone = LeaveOneOut(torch.tensor(x), PENALTIES, weights=torch.tensor(weights)).answers(torch.tensor(y))
    near, nearly = {"rtol": 1e-6, "atol": 1e-6}, {"rtol": 1e-4, "atol": 1e-4}
    for i, penalty in enumerate(PENALTIES):

        def fitted(rest, penalty=penalty):
            return Ridge(alpha=penalty, solver="svd").fit(x[rest], y[rest], sample_weight=weights[rest])

        for row in range(len(x)):
            theirs = fitted(np.arange(len(x)) != row).predict(x[[row]])[0]
            np.testing.assert_allclose(held_out[i, row], theirs, **near)
            np.testing.assert_allclose(alone.held_out[i, row], theirs, **nearly)
        for fold in range(4):
            theirs = fitted(folds != fold).predict(x[folds == fold])
            np.testing.assert_allclose(in_folds[i, folds == fold], theirs, **nearly)
            np.testing.assert_allclose(grouped.held_out[i, folds == fold], theirs, **nearly)
        np.testing.assert_allclose(alone.fitted[i], fitted(np.arange(len(x))).predict(x), **nearly)


def test_logistic_choice_is_scikit_learns_with_sample_weights():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(80, 4))
    y = (x[:, 0] + rng.normal(size=80) > 0).astype(np.int64) + (x[:, 1] > 0.5)
    weights = counts(80)
    ours = select_logistic(*tensors(x, y), 3, 0.5, weights=torch.tensor(weights))
    theirs = LogisticRegression(C=2.0, tol=1e-10, max_iter=5000).fit(x, y, sample_weight=weights)
    np.testing.assert_allclose(ours.weight, theirs.coef_, atol=2e-3)
    again = np.resize(TIMES, 80)
    whole = select_logistic(*tensors(x, y), 3, 0.5, weights=torch.tensor(again))
    copied = np.repeat(np.arange(80), again)
    often = select_logistic(*tensors(x[copied], y[copied]), 3, 0.5)
    torch.testing.assert_close(whole.weight, often.weight, rtol=1e-3, atol=1e-3)


def test_penalties_are_chosen_by_what_rows_count():
    """Half of the rows are noise. Where only the others count, the penalty is the one without them."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(60, 8))
    y = (x[:, 0] > 0).astype(np.int64)
    noisy = np.concatenate([y, rng.integers(2, size=60)])
    twice, weights = np.concatenate([x, x]), np.repeat([1.0, 0.0], 60)
    folds = np.tile(np.arange(60) % 5, 2)
    tags = np.stack([noisy, 1 - noisy], 1).astype(bool)
    columns = noisy[:, None] + 0.1 * rng.normal(size=(120, 1))
    for labels in (noisy, tags, columns):
        clean = labels[:60]
        outputs = 2 if labels.ndim == 1 else labels.shape[1]
        some = select_ridge(*tensors(twice, labels), outputs, weights=torch.tensor(weights))
        without = select_ridge(*tensors(x, clean), outputs)
        assert some.penalty == pytest.approx(without.penalty, rel=1e-9)
        torch.testing.assert_close(some.weight, without.weight, rtol=1e-4, atol=1e-6)
        misled = select_ridge(*tensors(twice, labels), outputs)
        assert not torch.allclose(misled.weight, some.weight, rtol=0.05)
    for labels in (noisy, tags):
        some = select_logistic(
            *tensors(twice, labels), 2, folds=torch.tensor(folds), weights=torch.tensor(weights)
        )
        without = select_logistic(*tensors(x, labels[:60]), 2, folds=torch.tensor(folds[:60]))
        assert some.penalty == pytest.approx(without.penalty, rel=1e-9)
        torch.testing.assert_close(some.weight, without.weight, rtol=1e-3, atol=1e-3)


def test_scales_and_slopes_are_those_of_repeated_rows():
    rng = np.random.default_rng(7)
    scores, y = rng.normal(size=(50, 3)), rng.integers(3, size=50)
    scores[np.arange(50), y] += 1
    weights = np.resize(TIMES, 50)
    again = np.repeat(np.arange(50), weights)
    scale = best_scale(*tensors(scores, y), weights=torch.tensor(weights))
    assert scale == pytest.approx(best_scale(*tensors(scores[again], y[again])), rel=1e-9)
    assert scale != pytest.approx(best_scale(*tensors(scores, y)), rel=0.02)
    tags = rng.random((50, 3)) < 1 / (1 + np.exp(-scores))
    for ours, theirs in zip(
        platt(*tensors(scores, tags), weights=torch.tensor(weights)),
        platt(*tensors(scores[again], tags[again])),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-9)


def test_means_by_hand():
    values = torch.tensor([[1.0, 10.0], [5.0, 20.0]])
    torch.testing.assert_close(mean_of(values, torch.tensor([3.0, 1.0])), torch.tensor([2.0, 12.5]))
    assert spread(torch.tensor([[0.0], [4.0]]), torch.tensor([3.0, 1.0])) == 3.0
    assert spread(torch.tensor([[0.0], [4.0]])) == 4.0


def test_tags_that_all_counted_rows_have_are_as_sure_as_these_are_many():
    """The row without the tag counts nothing; three rows that count 2 each have it: log(2 * 6 + 1)."""
    x = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    found = select_logistic(
        x,
        torch.tensor([[True], [True], [True], [False]]),
        1,
        1.0,
        torch.tensor([0, 1, 0, 1]),
        torch.tensor([2.0, 2.0, 2.0, 0.0]),
    )
    assert float(found.bias) == pytest.approx(math.log(13))


@pytest.mark.parametrize("bad", [[1.0, -1.0, 1.0], [1.0, math.nan, 1.0], [0.0, 0.0, 0.0], [1.0, 1.0]])
def test_bad_weights_are_refused(bad):
    x, y = torch.randn(3, 2, generator=torch.Generator()), torch.ones(3, 1)
    weights = torch.tensor(bad)
    for solve in (
        lambda: ridge(x, y, 1.0, weights),
        lambda: ridge_path(x, y, [1.0], weights),
        lambda: ridge_folds(x, y, [1.0], torch.tensor([0, 1, 1]), weights),
        lambda: LeaveOneOut(x, [1.0], weights=weights),
    ):
        with pytest.raises(BadInput, match="weights must be 3 finite"):
            solve()


def test_the_grid_is_in_units_of_what_counts():
    x = torch.cat([torch.randn(30, 2, generator=torch.Generator().manual_seed(0)), 1e3 * torch.ones(1, 2)])
    y = torch.arange(31) % 2
    weights = torch.ones(31)
    weights[30] = 0
    found = select_ridge(x, y, 2, weights=weights)
    assert found.penalty <= RIDGE_GRID[-1] * spread(x[:30]) * 1.001
