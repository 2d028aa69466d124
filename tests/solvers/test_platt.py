"""Slope and offset for tags against scikit-learn's logistic regression on the same soft goals."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from headstart.solvers.platt import platt


def data(n=80, seed=0):
    g = torch.Generator().manual_seed(seed)
    scores = torch.randn(n, 3, generator=g)
    chance = (scores * torch.tensor([2.0, 0.5, 5.0]) - torch.tensor([0.0, 1.5, 2.0])).sigmoid()
    return scores, torch.rand(n, 3, generator=g) < chance


def test_it_is_the_optimum_for_platts_goals():
    scores, y = data()
    slope, offset = platt(scores, y)
    for tag in range(3):
        positive, negative = int(y[:, tag].sum()), int((~y[:, tag]).sum())
        goal = np.where(y[:, tag], (positive + 1) / (positive + 2), 1 / (negative + 2))
        x = np.tile(scores[:, tag].double().numpy(), 2)[:, None]
        fit = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000)
        fit.fit(x, np.repeat([1, 0], len(y)), sample_weight=np.concatenate([goal, 1 - goal]))
        assert float(slope[tag]) == pytest.approx(fit.coef_[0, 0], rel=1e-4)
        assert float(offset[tag]) == pytest.approx(fit.intercept_[0], rel=1e-4, abs=1e-5)


def test_units_of_the_scores_do_not_matter():
    scores, y = data()
    slope, offset = platt(scores, y)
    wide, moved = platt(scores * 1000 + 7, y)
    torch.testing.assert_close(wide * 1000, slope)
    torch.testing.assert_close(moved + wide * 7, offset)


def test_separated_scores_have_a_finite_optimum():
    """Four rows, two of each: goals are 3/4 and 1/4, which slope ln 3 reaches at scores of -1 and 1."""
    scores = torch.tensor([[-1.0], [-1.0], [1.0], [1.0]])
    slope, offset = platt(scores, scores > 0)
    assert float(slope) == pytest.approx(math.log(3), rel=1e-6)
    assert float(offset) == pytest.approx(0, abs=1e-9)


def test_scores_that_run_against_the_tag_are_not_turned_round():
    scores = torch.tensor([[-1.0], [-1.0], [1.0], [1.0]])
    slope, offset = platt(scores, scores < 0)
    assert float(slope) == pytest.approx(0.01)
    assert float(offset) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("has", [False, True])
def test_a_tag_that_all_rows_have_or_none_is_a_constant(has):
    """Ten rows: the goal of all is 11/12, or 1/12."""
    scores = torch.linspace(-1, 1, 10)[:, None]
    slope, offset = platt(scores, torch.full((10, 1), has))
    chance = (slope * scores + offset).sigmoid().mean()
    assert float(chance) == pytest.approx(11 / 12 if has else 1 / 12, abs=1e-6)
