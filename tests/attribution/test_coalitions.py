"""Contributions whose values are known in closed form."""

import numpy as np
import pytest
import torch

from headstart.attribution.coalitions import leave_one_out, shapley
from headstart.attribution.nearest import nearest
from headstart.attribution.permutation import permutation_importance

WEIGHTS = np.array([2.0, -1.0, 0.5, 0.0])
X = np.array([1.0, 3.0, -2.0, 7.0])


@pytest.fixture
def backgrounds():
    return np.random.default_rng(0).normal(size=(8, 4))


def mixed(function, backgrounds):
    """The value of inputs whose missing parts come from background inputs."""
    return lambda masks, rows: function(np.where(masks, X, backgrounds[rows]))


def generator(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def test_shapley_values_of_a_linear_model_by_hand(backgrounds):
    """They are w (x - mean) with each background input drawn equally often: 16 orders of 8 inputs."""
    found = shapley(mixed(lambda x: x @ WEIGHTS + 4, backgrounds), 4, 8, 16, generator())
    assert found.contributions == pytest.approx(WEIGHTS * (X - backgrounds.mean(0)))
    assert found.base == pytest.approx(backgrounds.mean(0) @ WEIGHTS + 4)
    assert found.value == pytest.approx(X @ WEIGHTS + 4)


def test_shapley_values_of_a_product_are_shared_by_hand():
    """x0 x1 of (1, 3) against (0, 0): 3 comes with the later one, so each has 3 / 2; nothing is chance."""
    found = shapley(mixed(lambda x: x[:, 0] * x[:, 1], np.zeros((1, 4))), 4, 1, 2, generator())
    assert found.contributions == pytest.approx([1.5, 1.5, 0, 0])


def test_shapley_values_add_up_whatever_the_model(backgrounds):
    found = shapley(
        mixed(lambda x: np.tanh(x @ WEIGHTS) + x[:, 0] * np.sin(x[:, 3]), backgrounds), 4, 8, 7, generator(3)
    )
    assert found.contributions.sum() == pytest.approx(found.value - found.base)
    assert (found.errors[:2] > 0).all()


def test_the_standard_error_of_shapley_values_is_that_of_the_draws(backgrounds):
    """Of a linear model it is the deviation of w z over the background inputs, each drawn once."""
    found = shapley(mixed(lambda x: x @ WEIGHTS, backgrounds), 4, 8, 16, generator())
    assert found.errors == pytest.approx(np.abs(WEIGHTS) * backgrounds.std(0, ddof=1) / np.sqrt(8))


def test_leaving_columns_out_of_a_linear_model_by_hand(backgrounds):
    found = leave_one_out(mixed(lambda x: x @ WEIGHTS + 4, backgrounds), 4, 8)
    assert found.contributions == pytest.approx(WEIGHTS * (X - backgrounds.mean(0)))
    assert found.base is None


def test_of_two_parts_that_say_the_same_each_can_be_left_out():
    """max(x0, x1) of two ones: without one of them it stays 1, and Shapley values share the 1."""

    def either(masks, _):
        return masks[:, :2].any(axis=1).astype(float)

    assert leave_one_out(either, 3).contributions.tolist() == [0, 0, 0]
    assert shapley(either, 3, 1, 2, generator()).contributions == pytest.approx([0.5, 0.5, 0])


def test_the_nearest_examples_by_hand():
    """Cosines of (1, 0): 1 with (5, 0), 0.6 with (3, 4), 0 with (0, 0), -1 with (-2, 0)."""
    examples = torch.tensor([[3.0, 4.0], [-2.0, 0.0], [5.0, 0.0], [0.0, 0.0]]).half()
    cosines, rows = nearest(torch.tensor([[1.0, 0.0]]), examples, 3)
    assert rows.tolist() == [[2, 0, 3]]
    assert cosines.tolist() == [pytest.approx([1.0, 0.6, 0.0])]
    assert nearest(torch.ones(1, 2), examples, 9)[1].shape == (1, 4)


def test_permuting_a_column_that_is_not_read_costs_nothing():
    """Of y = 3 x from a column of x twice, squared errors are 9 (x - permuted x)^2."""
    x = torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
    x[:, 2] = x[:, 0]
    before, y = x.clone(), 3 * x[:, 0]

    def score(rows):
        return -float((1.5 * (rows[:, 0] + rows[:, 2]) - y).square().mean())

    read, other = permutation_importance(score, x, [[0, 2], [1]], 40, generator())
    assert other == (0, 0)
    assert read.mean == pytest.approx(2 * 9 * float(x[:, 0].var(correction=0)), rel=0.15)
    assert torch.equal(x, before)
