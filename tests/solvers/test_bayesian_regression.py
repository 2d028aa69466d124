"""Linear regression with a normal prior."""

import math

import torch

from headstart.solvers.bayesian_regression import (
    Normal,
    normal_entropy,
    regression_posterior,
    shared_mean_posterior,
)


def eye(columns, scale=1.0):
    return scale * torch.eye(columns, dtype=torch.float64)


def normal(mean, covariance):
    return Normal(torch.tensor(mean, dtype=torch.float64), covariance)


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_one_row_of_one_column_by_hand():
    # precision 1 / 0.25 + 4 / 1 = 8; mean (1 * 4 + 2 * 3) / 8
    found = regression_posterior(
        torch.tensor([[2.0]]).double(), torch.tensor([3.0]).double(), normal([1.0], eye(1, 0.25)), 1.0
    )
    assert torch.allclose(found.mean, torch.tensor([1.25], dtype=torch.float64))
    assert torch.allclose(found.covariance, torch.tensor([[0.125]], dtype=torch.float64))


def test_it_is_ridge_regression():
    x, y = random(5, 7, 3), random(5, 7)
    found = regression_posterior(x, y, normal([0.0] * 3, eye(3, 0.5)), 0.3)
    precision = x.mT @ x / 0.09 + eye(3, 2.0)
    assert torch.allclose(found.mean, torch.linalg.solve(precision, (x.mT @ y[..., None]) / 0.09)[..., 0])
    assert torch.allclose(found.covariance, torch.linalg.inv(precision))


def test_without_rows_the_prior_is_left_and_without_spread_its_mean():
    prior = normal([1.0, 2.0], eye(2))
    found = regression_posterior(random(4, 0, 2), random(4, 0), prior, 1.0)
    assert torch.equal(found.covariance, prior.covariance.expand(4, 2, 2))
    sure = regression_posterior(random(4, 3, 2), random(4, 3), normal([1.0, 2.0], eye(2, 0.0)), 1.0)
    assert torch.equal(sure.mean, prior.mean.expand(4, 2))


def test_rows_may_come_one_after_the_other():
    x, y, prior = random(6, 2), random(6), normal([0.5, -1.0], eye(2, 2.0))
    at_once = regression_posterior(x, y, prior, 0.7)
    first = regression_posterior(x[:2], y[:2], prior, 0.7)
    later = regression_posterior(x[2:], y[2:], first, 0.7)
    assert torch.allclose(later.mean, at_once.mean)
    assert torch.allclose(later.covariance, at_once.covariance)


def test_the_shared_mean_is_that_of_all_weights_together():
    # theta and the weights of two tasks as one vector (theta, w1, w2) with a joint prior
    x, y, own = random(2, 3, 1), random(2, 3), 0.3
    joint = torch.tensor([[4.0, 4, 4], [4, 4.3, 4], [4, 4, 4.3]], dtype=torch.float64)
    rows = torch.zeros(6, 3, dtype=torch.float64)
    rows[:3, 1], rows[3:, 2] = x[0, :, 0], x[1, :, 0]
    whole = regression_posterior(rows, y.flatten(), normal([1.0] * 3, joint), 0.5)
    found = shared_mean_posterior(x, y, normal([1.0], eye(1, 4.0)), eye(1, own), 0.5)
    assert torch.allclose(found.mean, whole.mean[:1])
    assert torch.allclose(found.covariance, whole.covariance[:1, :1])


def test_entropy_of_independent_numbers_adds_up():
    assert math.isclose(
        normal_entropy(eye(3, 0.25)), 3 * 0.5 * math.log(2 * math.pi * math.e * 0.25), rel_tol=1e-12
    )
