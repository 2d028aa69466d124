"""The one temperature: by hand, against scipy, and where the loss has no lowest point."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar

from headstart.solvers.temperature import PRIOR, best_scale, shrunk_scale


def test_it_is_the_minimum_of_the_log_loss():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(400, 3)) * 5
    y = np.array([rng.choice(3, p=np.exp(z / 2) / np.exp(z / 2).sum()) for z in logits])

    goal = (400 * np.eye(3)[y] + 1 / 3) / 401  # one more row, of every class in equal parts

    def loss(scale):
        z = logits * scale
        return (np.log(np.exp(z).sum(1)) - (goal * z).sum(1)).mean()

    expected = minimize_scalar(loss, bounds=(0.1, 2), method="bounded", options={"xatol": 1e-9})
    scale = best_scale(torch.tensor(logits), torch.tensor(y))
    assert scale == pytest.approx(expected.x, rel=1e-5)
    assert scale == pytest.approx(1 / 2, rel=0.2)


@pytest.mark.parametrize("shift", [0.0, 1e3, -1e3])
def test_by_hand(shift):
    """Sure of log 9 and right in three rows of four, and in half of one more: s log 9 = log(3.5 / 1.5)."""
    scores = torch.tensor([[math.log(9), 0.0]] * 4, dtype=torch.float64) + shift
    expected = math.log(3.5 / 1.5) / math.log(9)
    assert best_scale(scores, torch.tensor([0, 0, 0, 1])) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("apart", [1e-2, 1.0, 100.0])
@pytest.mark.parametrize("shift", [0.0, 0.1, 1e3])
def test_where_all_are_right_it_is_finite_and_where_all_are_wrong_the_lowest(apart, shift):
    """Three rows of three classes: the right one has a share of (3 + 1/3) / 4, so exp(s apart) / 2 = 5."""
    scores = torch.eye(3, dtype=torch.float64) * apart + shift
    assert best_scale(scores, torch.tensor([0, 1, 2])) == pytest.approx(math.log(10) / apart, rel=1e-6)
    assert best_scale(scores, torch.tensor([1, 2, 0])) == pytest.approx(1e-2)
    assert best_scale(scores / apart, torch.tensor([0, 1, 2]), 0.5, 2.0) == pytest.approx(2)


def test_rounding_does_not_end_the_search():
    """However large the scores are: the slope is that of their differences."""
    for seed in range(140, 150):
        g = torch.Generator().manual_seed(seed)
        scores = torch.randn(6, 4, generator=g, dtype=torch.float64)
        y = scores.argmax(1)
        assert best_scale(scores + 1e3, y) == pytest.approx(best_scale(scores, y), rel=1e-6)


@pytest.mark.parametrize("rows", [4, 40, 400])
def test_separable_rows_are_not_certain(rows):
    """The probability of the right class is that of the next row's, by the rule of succession or more."""
    scores, y = torch.eye(2, dtype=torch.float64).repeat(rows // 2, 1), torch.arange(rows) % 2
    p = (scores * best_scale(scores, y)).softmax(1)[torch.arange(rows), y]
    assert p.tolist() == pytest.approx([(rows + 0.5) / (rows + 1)] * rows, rel=1e-6)


@pytest.mark.parametrize("rows", [3, 30, 3000])
def test_the_shrunk_scale_is_the_most_probable_one(rows):
    """By scipy: all log losses and the normal prior of the logarithm; with many rows the best scale."""
    rng = np.random.default_rng(rows)
    logits = rng.normal(size=(rows, 3)) * 3
    y = np.array([rng.choice(3, p=np.exp(z / 2) / np.exp(z / 2).sum()) for z in logits])

    def posterior(log_scale):
        z = logits * np.exp(log_scale)
        return (np.log(np.exp(z).sum(1)) - z[np.arange(rows), y]).sum() + log_scale**2 / (2 * PRIOR**2)

    expected = minimize_scalar(posterior, bounds=(-3, 3), method="bounded", options={"xatol": 1e-9}).x
    scale = shrunk_scale(torch.tensor(logits), torch.tensor(y))
    assert math.log(scale) == pytest.approx(expected, abs=1e-4)
    doubled = shrunk_scale(torch.tensor(logits), torch.tensor(y), torch.full((rows,), 2.0))
    twice = shrunk_scale(torch.tensor(logits).repeat(2, 1), torch.tensor(y).repeat(2))
    assert doubled == pytest.approx(twice, rel=1e-6)
    assert rows < 3000 or scale == pytest.approx(1 / 2, rel=0.1)


def test_without_rows_the_scale_stays():
    assert shrunk_scale(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64)) == 1
