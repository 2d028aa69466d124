"""The one temperature: by hand, against scipy, and where the loss has no lowest point."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar

from headstart.solvers.temperature import best_scale, scaled_loss


def test_it_is_the_minimum_of_the_log_loss():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(400, 3)) * 5
    y = np.array([rng.choice(3, p=np.exp(z / 2) / np.exp(z / 2).sum()) for z in logits])

    def loss(scale):
        z = logits * scale
        return (np.log(np.exp(z).sum(1)) - z[np.arange(400), y]).mean()

    expected = minimize_scalar(loss, bounds=(0.1, 2), method="bounded", options={"xatol": 1e-9})
    scale, least = scaled_loss(torch.tensor(logits), torch.tensor(y))
    assert scale == pytest.approx(expected.x, rel=1e-5)
    assert scale == pytest.approx(1 / 2, rel=0.2)
    assert least == pytest.approx(expected.fun, rel=1e-9)


@pytest.mark.parametrize("shift", [0.0, 1e3, -1e3])
def test_by_hand(shift):
    """Sure of log 9 (nine to one) and right three times in four: s log 9 = log 3; a shift means nothing."""
    scores = torch.tensor([[math.log(9), 0.0]] * 4, dtype=torch.float64) + shift
    assert best_scale(scores, torch.tensor([0, 0, 0, 1])) == pytest.approx(1 / 2, rel=1e-6)


@pytest.mark.parametrize("apart", [1e-3, 1.0, 100.0, 1e4])
@pytest.mark.parametrize("shift", [0.0, 0.1, 1e3])
def test_where_all_are_right_it_is_the_highest_and_where_all_are_wrong_the_lowest(apart, shift):
    """However far the classes lie apart: also where the shares of the wrong ones round to 0."""
    scores = torch.eye(3, dtype=torch.float64) * apart + shift
    assert best_scale(scores, torch.tensor([0, 1, 2])) == pytest.approx(1e3)
    assert best_scale(scores, torch.tensor([1, 2, 0])) == pytest.approx(1e-2)
    assert best_scale(scores, torch.tensor([0, 1, 2]), 0.5, 7.0) == pytest.approx(7)


def test_rounding_does_not_end_the_search():
    """Where all are right the slope is next to nothing, and what is left of a large score is more."""
    for seed in range(140, 150):
        g = torch.Generator().manual_seed(seed)
        scores = torch.randn(6, 4, generator=g, dtype=torch.float64) + 1e3
        assert best_scale(scores, scores.argmax(1)) == pytest.approx(1e3)
