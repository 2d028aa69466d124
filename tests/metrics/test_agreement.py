"""Alignment and rank agreement, held against their definitions and SciPy."""

import math

import numpy as np
import pytest
from scipy.stats import weightedtau

from headstart.core import BadData
from headstart.metrics.agreement import linear_cka, weighted_tau


def features(rows=30, width=6, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, width)) + 1


def test_cka_by_hand():
    """x and y share one of two equal axes: (x'y)^2 = 16, over 16 sqrt 2."""
    one, other = np.array([1.0, 1, -1, -1]), np.array([1.0, -1, 1, -1])
    assert linear_cka(one[:, None], np.stack([one, other], 1)) == pytest.approx(1 / math.sqrt(2))
    assert linear_cka(one[:, None], other[:, None]) == pytest.approx(0)


@pytest.mark.parametrize("width", [6, 80])
def test_cka_does_not_see_turns_moves_and_scale(width):
    x = features(width=width)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(width, width)))[0]
    assert linear_cka(x, 7 * x @ turn + 3) == pytest.approx(1)
    y = features(width=9, seed=2)
    assert linear_cka(x, y) == pytest.approx(linear_cka(y, x @ turn))
    assert linear_cka(x, y) < 0.9
    assert linear_cka(x * np.arange(1, width + 1), x) < 0.999  # but it sees a stretch of one axis


def test_both_ways_to_cka_agree():
    wide, narrow = features(20, 50), features(20, 3, 1)
    long = [np.vstack([part - part.mean(0)] * 9) for part in (wide, narrow)]
    assert linear_cka(*long) == pytest.approx(linear_cka(wide, narrow))


def test_a_constant_shares_nothing():
    assert linear_cka(np.ones((5, 2)), features(5)) == 0


def test_cka_of_different_rows():
    with pytest.raises(BadData, match="30 and 29 rows"):
        linear_cka(features(), features(29))


@pytest.mark.parametrize("seed", range(12))
def test_weighted_tau_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=9), rng.normal(size=9)
    if seed % 2:  # ties
        x, y = rng.integers(0, 4, 9), rng.integers(0, 3, 9)
    assert weighted_tau(x, y) == pytest.approx(weightedtau(x, y).statistic)


def test_weighted_tau_by_hand():
    """Of three models the worse two are swapped: pairs weigh 1 + 1/2, 1 + 1/3 and 1/2 + 1/3."""
    weights = np.array([3 / 2, 4 / 3, 5 / 6])
    assert weighted_tau([3, 2, 1], [0.9, 0.5, 0.6]) == pytest.approx(weights @ [1, 1, -1] / weights.sum())
    assert weighted_tau([3, 2, 1], [0.5, 0.9, 0.4]) < weighted_tau([3, 2, 1], [0.9, 0.5, 0.6])
    assert weighted_tau([1, 2], [5, 7]) == 1
    assert weighted_tau([1, 2], [7, 5]) == -1


@pytest.mark.parametrize(
    ("scores", "accuracies", "words"),
    [
        ([1], [1], "two models"),
        ([1, 2], [1, 2, 3], "2 and 3"),
        ([1, 1], [1, 2], "All scores are equal"),
        ([1, 2], [1, 1], "All accuracies are equal"),
        ([1, math.nan], [1, 2], "finite"),
        ([[1, 2]], [1, 2], "one a model"),
    ],
)
def test_orders_that_can_not_be_compared(scores, accuracies, words):
    with pytest.raises(BadData, match=words):
        weighted_tau(scores, accuracies)
