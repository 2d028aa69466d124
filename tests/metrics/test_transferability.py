"""Scores of representations: numbers by hand, and the evidence against a brute-force search."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from sklearn.covariance import LedoitWolf, ledoit_wolf_shrinkage
from sklearn.neighbors import KNeighborsClassifier

from headstart.core import BadData, BadInput
from headstart.metrics.transferability import h_score, knn_accuracy, leep, logme, nce


def made(rows=60, width=8, classes=3, seed=0, gap=1.0):
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % classes
    return rng.normal(size=(rows, width)) + gap * np.eye(width)[y % width] + 0.3, y


# --- LogME


def evidence(x, y, alpha, beta):
    """log p(y | x, alpha, beta) by the definition: a normal with a covariance of n x n."""
    covariance = np.eye(len(x)) / beta + x @ x.T / alpha
    _, size = np.linalg.slogdet(covariance)
    return -(len(x) * math.log(2 * math.pi) + size + y @ np.linalg.solve(covariance, y)) / 2


def by_search(x, labels):
    """The greatest evidence found by a simplex search from several starts, averaged over the classes."""
    found = []
    for label in np.unique(labels):
        y = (labels == label).astype(float)

        def cost(logs, y=y):
            return -evidence(x, y, *np.exp(np.clip(logs, -13, 13)))  # some maxima lie at infinity

        starts = [(a, b) for a in (-3, 0, 4) for b in (0, 3)]
        tries = [
            minimize(cost, at, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9}) for at in starts
        ]
        found.append(-min(one.fun for one in tries) / len(x))
    return np.mean(found)


@pytest.mark.parametrize(("rows", "width"), [(40, 5), (24, 24), (20, 50)])
def test_logme_is_the_greatest_evidence(rows, width):
    x, y = made(rows, width)
    assert logme(x, y) == pytest.approx(by_search(x, y), abs=1e-6)


def test_logme_of_tags_is_that_of_each_tag_and_of_numbers_in_their_own_units():
    x, y = made(30, 5)
    tags = np.stack([y == 0, (y == 1) | (x[:, 0] > 0.5)], 1)
    one_by_one = [logme(x, tag.astype(int)[:, None] == np.array([[1]])) for tag in tags.T]
    assert logme(x, tags) == pytest.approx(np.mean(one_by_one))
    # a class's two columns, its own and the other's, are not one tag; a tag's column is that of class 0 here
    columns = [logme(x, np.stack([y == c], 1)) for c in range(3)]
    assert logme(x, y) == pytest.approx(np.mean(columns))
    numbers = np.stack([x[:, 0] * 3 + x[:, 1] ** 2, x[:, 2]], 1)
    goal = (numbers - numbers.mean(0)) / numbers.std(0)

    def cost(logs, column):
        return -evidence(x, goal[:, column], *np.exp(np.clip(logs, -13, math.log(1e6))))

    first = min(
        minimize(cost, (a, 1), (0,), method="Nelder-Mead", options={"fatol": 1e-9}).fun for a in (-3, 0, 4)
    )
    found = logme(x, numbers[:, :1])
    assert found == pytest.approx(-first / len(x), abs=1e-5)
    assert logme(x, numbers * [1000, 0.01] + 5) == pytest.approx(logme(x, numbers))
    assert logme(x, numbers[:, 1:]) > found  # a feature itself is more evident than what is not linear


def fixed_point(x, labels):
    """Algorithm 1 of the paper."""
    left, s, _ = np.linalg.svd(x, full_matrices=True)
    sigma = np.zeros(len(x))
    sigma[: len(s)] = s**2
    found = []
    for label in np.unique(labels):
        z = np.square(left.T @ (labels == label))
        alpha = beta = 1.0
        for _ in range(500):
            gamma = (beta * sigma / (alpha + beta * sigma)).sum()
            m2 = (beta**2 * sigma * z / (alpha + beta * sigma) ** 2).sum()
            error = (z * (alpha / (alpha + beta * sigma)) ** 2).sum()
            alpha, beta = gamma / m2, (len(x) - gamma) / error
        d, n = x.shape[1], len(x)
        log = n * np.log(beta) + d * np.log(alpha) - n * np.log(2 * np.pi) - beta * error - alpha * m2
        log -= np.log(alpha + beta * sigma[: len(s)]).sum() + (d - len(s)) * np.log(alpha)
        found.append(log / 2 / n)
    return np.mean(found)


def test_logme_is_where_the_fixed_point_of_the_paper_ends():
    x, y = made(80, 10)
    assert logme(x, y) == pytest.approx(fixed_point(x, y), abs=1e-7)


def test_logme_of_one_useless_feature_by_hand():
    """Orthogonal to both classes' labels, it explains nothing: a normal of variance 1/2 around 0."""
    x, y = np.array([[1.0], [-1.0], [1.0], [-1.0]]), np.array([0, 0, 1, 1])
    assert logme(x, y) == pytest.approx(-0.5 * math.log(2 * math.pi * 0.5) - 0.5, abs=1e-9)


def test_logme_of_a_perfect_fit_is_finite_and_great():
    y = np.arange(30) % 3
    perfect = np.eye(3)[y]
    noisy = perfect + 0.1 * np.random.default_rng(0).normal(size=perfect.shape)
    assert math.isfinite(logme(perfect, y))
    assert logme(perfect, y) > logme(noisy, y) + 1 > logme(np.ones((30, 3)), y) + 1


def test_logme_sees_what_separates_and_not_the_scale():
    scores = [logme(*made(gap=gap)) for gap in (0.0, 1.0, 2.0, 4.0)]
    assert scores == sorted(scores)
    x, y = made()
    assert logme(1000 * x, y) == pytest.approx(logme(x, y), abs=1e-8)
    assert logme(x @ np.linalg.qr(np.random.default_rng(1).normal(size=(8, 8)))[0], y) == pytest.approx(
        logme(x, y)
    )


def test_more_random_columns_are_no_evidence():
    x, y = made(40, 4)
    more = np.hstack([x, np.random.default_rng(9).normal(size=(40, 60))])
    assert logme(more, y) < logme(x, y)


@pytest.mark.parametrize("score", [logme, h_score, knn_accuracy])
def test_odd_features_give_numbers(score):
    rng = np.random.default_rng(0)
    y = np.array([0, 0, 0, 1, 1, 1, 7])  # one row of class 7, none of 2 to 6
    for x in (
        np.zeros((7, 3)),
        np.ones((7, 3)),
        rng.normal(size=(7, 1)),
        rng.normal(size=(7, 90)),
        np.eye(7),
    ):
        assert math.isfinite(score(x, y))


# --- H-score


def slow_h(x, y, shrinkage=None):
    """By the definition, with scikit-learn's covariance."""
    x = x - x.mean(0)
    if shrinkage is None:
        fitted = LedoitWolf().fit(x)
        covariance, shrinkage = fitted.covariance_, fitted.shrinkage_
    else:
        raw = x.T @ x / len(x)
        covariance = (1 - shrinkage) * raw + shrinkage * np.trace(raw) / len(raw) * np.eye(len(raw))
    g = np.stack([x[y == label].mean(0) for label in y])
    return (1 - shrinkage) * np.trace(np.linalg.pinv(covariance) @ (g.T @ g / len(g)))


@pytest.mark.parametrize("shrinkage", [None, 0.0, 0.3])
@pytest.mark.parametrize(("rows", "width"), [(60, 8), (20, 50)])
def test_h_score_is_its_definition(rows, width, shrinkage):
    x, y = made(rows, width)
    assert h_score(x, y, shrinkage) == pytest.approx(slow_h(x, y, shrinkage), rel=1e-8)


def test_h_score_by_hand():
    """Between the classes a variance of 1 out of 2 along one axis, none along the other."""
    x = np.array([[2.0, 1.0], [0.0, -1.0], [0.0, 1.0], [-2.0, -1.0]])
    x[:, 1] *= [1, 1, -1, -1]
    assert h_score(x, [0, 0, 1, 1], 0) == pytest.approx(0.5)


def test_the_plain_h_score_is_fooled_by_few_rows_and_the_shrunk_one_is_not():
    rng = np.random.default_rng(0)
    noise, y = rng.normal(size=(30, 100)), np.arange(30) % 3
    assert h_score(noise, y, 0) == pytest.approx(2)
    assert ledoit_wolf_shrinkage(noise) > 0.5
    assert h_score(noise, y) < h_score(noise + 3 * np.eye(100)[y], y)


# --- LEEP and NCE


def test_leep_by_hand():
    """p(y|z): z=0 has mass 2.1, of which 1.7 of y=0; z=1 has 1.9, of which 0.3."""
    source = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.1, 0.9]]
    zero = np.array([1.7 / 2.1, 0.3 / 1.9])
    expected = [source[0] @ zero, source[1] @ zero, source[2] @ (1 - zero), source[3] @ (1 - zero)]
    assert leep(source, [0, 0, 1, 1]) == pytest.approx(np.log(expected).mean())


def test_nce_by_hand():
    """Source 0: two of class 0 and one of class 1. Source 1: one of class 1, no doubt left."""
    entropy = 3 / 4 * (2 / 3 * math.log(3 / 2) + 1 / 3 * math.log(3))
    assert nce([5, 5, 5, 9], [0, 0, 1, 1]) == pytest.approx(-entropy)
    assert nce([1, 1, 2, 2], [0, 0, 1, 1]) == 0


def test_leep_of_certain_sources_is_nce():
    rng = np.random.default_rng(0)
    z, y = rng.integers(0, 4, 50), rng.integers(0, 3, 50)
    assert leep(np.eye(6)[z], y) == pytest.approx(nce(z, y))  # two source classes never occur


# --- neighbours


@pytest.mark.parametrize("k", [1, 3])
def test_knn_leaves_each_row_out(k):
    x, y = made(50, 6)
    centred = x - x.mean(0)
    right = [
        KNeighborsClassifier(k, metric="cosine")
        .fit(np.delete(centred, i, 0), np.delete(y, i))
        .predict(centred[[i]])
        == y[i]
        for i in range(50)
    ]
    # three voters of three classes are a tie, which scikit-learn gives to the first class
    assert knn_accuracy(x, y, k) == pytest.approx(np.mean(right), abs=0 if k == 1 else 0.1)


def test_of_equal_votes_the_nearer_ones_count():
    angles = np.radians([0, 10, 30, 180, 190, 211])
    x = np.stack([np.cos(angles), np.sin(angles)], 1)
    x -= x.mean(0)
    assert knn_accuracy(x, [0, 0, 1, 1, 1, 0], 2) == pytest.approx(4 / 6)


def test_knn_in_blocks_is_the_same(monkeypatch):
    x, y = made(50, 6)
    whole = knn_accuracy(x, y)
    monkeypatch.setattr("headstart.metrics.transferability.BLOCK", 350)
    assert knn_accuracy(x, y) == whole


# --- what is taken and what is refused


def test_tensors_are_taken_and_left_alone():
    x, y = (torch.from_numpy(part) for part in made())
    before = x.clone()
    x.requires_grad_()
    for score in (logme, h_score, knn_accuracy):
        assert score(x, y) == score(*made())
    assert torch.equal(before, x)
    assert math.isfinite(logme(x.bfloat16(), y))


@pytest.mark.parametrize("score", [logme, h_score, knn_accuracy])
def test_what_has_no_score(score):
    x, y = made()
    broken = x.copy()
    broken[3, 2] = np.nan
    with pytest.raises(BadData, match=r"1 of 60 rows of features hold NaN"):
        score(broken, y)
    with pytest.raises(BadData, match="must be ints"):
        score(x, y[:-1])
    with pytest.raises(BadData, match="must be ints"):
        score(x, y.astype(float))
    with pytest.raises(BadData, match="must be numbers"):
        score(x[0], y)


def test_more_that_has_no_score():
    x, y = made()
    for score in (logme, h_score):
        with pytest.raises(BadData, match="of one class"):
            score(x, np.full_like(y, 4))
    for wrong in (-0.1, 1.5, math.nan):
        with pytest.raises(BadInput, match="shrinkage"):
            h_score(x, y, wrong)
    with pytest.raises(BadInput, match="k is 0"):
        knn_accuracy(x, y, 0)
    with pytest.raises(BadData, match="two rows"):
        knn_accuracy(x[:1], y[:1])
    with pytest.raises(BadData, match="softmax"):
        leep([[0.5, 0.6]], [0])
    with pytest.raises(BadData, match="softmax"):
        leep([[1.5, -0.5]], [0])
    with pytest.raises(BadData, match="Source labels"):
        nce([0, 1], [0, 1, 1])
    with pytest.raises(BadData, match="needs a row"):
        nce(np.zeros(0, int), np.zeros(0, int))
