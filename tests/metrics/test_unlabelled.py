"""Scores for choosing without target labels: by hand, their bounds, and that they rank as they should."""

import math

import numpy as np
import pytest
import torch

from headstart.core import BadData, BadInput
from headstart.metrics import unlabelled
from headstart.metrics.unlabelled import (
    deep_embedded_validation,
    importance_weighted_validation,
    information_maximisation,
    nuclear_norm,
    soft_neighbourhood_density,
)

ON_ROWS = [information_maximisation, nuclear_norm, soft_neighbourhood_density]


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


# --- from source rows


def test_importance_weighted_validation_by_hand():
    assert importance_weighted_validation([1.0, 0.0, 2.0], [0.5, 4.0, 1.5]) == pytest.approx(-3.5 / 3)


def test_deep_embedded_validation_by_hand():
    """w l = 1, 0, 6; w = 1, 2, 3; cov 2.5, var 1, so eta = -2.5 and 7/3 - 2.5 (2 - 1)."""
    assert deep_embedded_validation([1.0, 0.0, 2.0], [1, 2, 3]) == pytest.approx(-(7 / 3 - 2.5))


def test_deep_embedded_validation_is_the_papers_formula():
    rng = np.random.default_rng(0)
    losses, weights = rng.exponential(size=50), rng.gamma(2.0, size=50)
    both = np.cov(np.stack([weights * losses, weights]), ddof=1)
    eta = -both[0, 1] / both[1, 1]
    expected = (weights * losses).mean() + eta * weights.mean() - eta
    assert deep_embedded_validation(losses, weights) == pytest.approx(-expected)


def test_equal_weights_leave_the_mean_and_a_constant_loss_is_found_exactly():
    losses = [0.3, 0.1, 0.7]
    assert deep_embedded_validation(losses, [0.1 + 0.2] * 3) == pytest.approx(-1.1 * 0.1)
    assert deep_embedded_validation(losses, [1, 1, 1]) == importance_weighted_validation(losses, [1, 1, 1])
    assert deep_embedded_validation([2.0] * 4, [0.1, 3.0, 0.2, 0.4]) == pytest.approx(-2.0)
    assert importance_weighted_validation([2.0] * 4, [0.1, 3.0, 0.2, 0.4]) != pytest.approx(-2.0)


def test_both_estimate_the_targets_loss_and_the_control_variate_is_nearer():
    """Source N(0, 1), target N(1/2, 1): the weight is exp(x/2 - 1/8), and E_t[x^2 + 1] = 2.25."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 200))
    pairs = [(row**2 + 1, np.exp(row / 2 - 1 / 8)) for row in x]
    plain = np.array([importance_weighted_validation(*pair) for pair in pairs])
    controlled = np.array([deep_embedded_validation(*pair) for pair in pairs])
    for scores in (plain, controlled):
        assert -scores.mean() == pytest.approx(2.25, abs=0.05)
    assert controlled.std() < 0.9 * plain.std()
    assert np.mean([-loss.mean() for loss, _ in pairs]) == pytest.approx(-2.0, abs=0.05)  # the source's


def test_losses_and_weights_that_do_not_fit_are_refused():
    for score in (importance_weighted_validation, deep_embedded_validation):
        with pytest.raises(BadData, match="2 losses and 3 weights"):
            score([1.0, 2.0], [1.0, 1.0, 1.0])
        with pytest.raises(BadData, match="Weights must be >= 0"):
            score([1.0, 2.0], [1.0, -1.0])
        with pytest.raises(BadData, match="Weights must be >= 0"):
            score([1.0, 2.0], [0.0, 0.0])
        with pytest.raises(BadData, match="1 of 2 rows of losses hold NaN"):
            score([1.0, math.nan], [1.0, 1.0])
        with pytest.raises(BadData, match="Losses must be numbers"):
            score([[1.0], [2.0]], [1.0, 1.0])
        assert score(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 1.0])) == pytest.approx(-1.5)


# --- from target rows


def test_information_by_hand():
    inside = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert information_maximisation([[0.75, 0.25], [0.25, 0.75]]) == pytest.approx(math.log(2) - inside)
    assert information_maximisation(np.eye(4)) == pytest.approx(math.log(4))
    assert information_maximisation([[0.7, 0.3]] * 5) == pytest.approx(0, abs=1e-12)
    assert information_maximisation([[1.0, 0.0]] * 5) == 0


def test_density_by_hand():
    """Cosines 0, 1/sqrt 2, 1/sqrt 2 of rows (1,0), (0,2), (3,3); of each row two others."""
    cosine, t = 2**-0.5, 0.5
    near = 1 / (1 + math.exp(-cosine / t))
    mixed = -(near * math.log(near) + (1 - near) * math.log(1 - near))
    expected = (2 * mixed + math.log(2)) / 3  # the third is as near to both
    rows = [[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]]
    assert soft_neighbourhood_density(rows, t) == pytest.approx(expected)


def test_density_has_its_bounds_and_a_collapsed_model_reaches_the_higher():
    assert soft_neighbourhood_density([[1.0, 0.0]] * 7) == pytest.approx(math.log(6))
    pairs = np.repeat(np.eye(3), 2, axis=0)  # every row has one neighbour only
    assert soft_neighbourhood_density(pairs, 0.01) == pytest.approx(0, abs=1e-12)


def test_density_in_blocks_is_the_same(monkeypatch):
    p = softmax(np.random.default_rng(0).normal(size=(50, 3)))
    whole = soft_neighbourhood_density(p)
    monkeypatch.setattr(unlabelled, "BLOCK", 350)  # seven rows at a time, and one at the end
    assert soft_neighbourhood_density(p) == pytest.approx(whole, rel=1e-12)


def test_nuclear_norm_by_hand():
    """Singular values of [[.75, .25], [.25, .75]] are 1 and 1/2; at most sqrt(2 * 2) in all."""
    assert nuclear_norm([[0.75, 0.25], [0.25, 0.75]]) == pytest.approx(1.5 / 2)
    assert nuclear_norm(np.tile(np.eye(3), (4, 1))) == pytest.approx(1)
    assert nuclear_norm([[1.0, 0.0]] * 8) == pytest.approx(1 / math.sqrt(2))  # one class of two
    assert nuclear_norm([[0.2, 0.3, 0.5]]) == pytest.approx(math.sqrt(0.38))


@pytest.mark.parametrize("score", ON_ROWS)
def test_the_order_of_rows_and_classes_does_not_matter(score):
    rng = np.random.default_rng(0)
    p = softmax(rng.normal(size=(20, 3)))
    assert score(p[rng.permutation(20)][:, [2, 0, 1]]) == pytest.approx(score(p))
    assert score(torch.tensor(p)) == pytest.approx(score(p))


@pytest.mark.parametrize("score", [information_maximisation, nuclear_norm])
def test_sure_and_balanced_beats_unsure(score):
    z = np.random.default_rng(0).normal(size=(90, 3)) + 2 * np.eye(3)[np.arange(90) % 3]
    assert score(softmax(5 * z)) > score(softmax(0.5 * z)) + 0.1


def test_dense_groups_beat_a_smear():
    """Three tight groups against the same answers drawn out between the classes."""
    rng = np.random.default_rng(0)
    groups = softmax(8 * np.eye(3)[np.arange(60) % 3] + 0.3 * rng.normal(size=(60, 3)))
    smear = rng.dirichlet(np.ones(3), 60)
    assert soft_neighbourhood_density(groups) > soft_neighbourhood_density(smear)


@pytest.mark.parametrize("score", [information_maximisation, nuclear_norm])
def test_collapse_loses(score):
    spread, collapsed = np.eye(2)[[0, 1, 0, 1]], np.eye(2)[[0, 0, 0, 0]]
    assert score(spread) > score(collapsed)
    with pytest.raises(BadData, match="sum to 1; take a softmax"):
        score([[2.0, 1.0]])


def test_what_cannot_be_used_is_refused():
    with pytest.raises(BadInput, match="temperature is 0"):
        soft_neighbourhood_density(np.eye(2), 0)
    with pytest.raises(BadData, match="no neighbours"):
        soft_neighbourhood_density([[1.0, 2.0]])
    with pytest.raises(BadData, match="NaN"):
        soft_neighbourhood_density([[1.0, math.nan], [0.0, 1.0]])
