"""AUC and average precision of classes: by hand, against scikit-learn, and their intervals."""

import numpy as np
import pytest
from sklearn import metrics as sk

from headstart.metrics.intervals import paired, score_all, score_one
from headstart.metrics.rankings import METRICS
from headstart.metrics.scored_outputs import score_outputs


def of_two(shares):
    """Probabilities (n, 2) with these of the second class."""
    p = np.asarray(shares, float)
    return np.stack([1 - p, p], 1)


def figure(name, p, y, positive=None):
    return score_one(p, y, 0, metric=name, positive=positive).value


def drawn(classes=3, rows=60, seed=0):
    """Probabilities in tenths, so that some are equal, and labels."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, rows)
    scores = np.round(rng.random((rows, classes)) + 0.4 * np.eye(classes)[y], 1) + 0.1
    return scores / scores.sum(1, keepdims=True), y


def test_ties_count_half_by_hand():
    """Of the six pairs three are in order, two are equal and one is the wrong way round."""
    p, y = of_two([0.8, 0.5, 0.5, 0.5, 0.2]), np.array([1, 0, 1, 0, 0])
    assert figure("auc", p, y) == pytest.approx((4 + 2 / 2) / 6)
    p, y = of_two([0.8, 0.5, 0.5, 0.9, 0.2]), np.array([1, 0, 1, 0, 0])
    assert figure("auc", p, y) == pytest.approx((3 + 1 / 2) / 6)
    assert figure("auc", p, y, 0) == pytest.approx(figure("auc", p, y, 1))
    assert figure("average_precision", p, y) == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert figure("auc", of_two([0.5] * 5), y) == 0.5


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_they_are_those_of_scikit_learn(classes):
    p, y = drawn(classes)
    if classes == 2:
        area, precision = sk.roc_auc_score(y, p[:, 1]), sk.average_precision_score(y, p[:, 1])
    else:
        area = sk.roc_auc_score(y, p, multi_class="ovr", average="macro")
        precision = sk.average_precision_score(np.eye(classes)[y], p, average="macro")
    assert figure("auc", p, y, 1) == pytest.approx(area)
    assert figure("average_precision", p, y, 1) == pytest.approx(precision)


@pytest.mark.parametrize("name", METRICS)
def test_weights_are_repetitions_also_without_a_class(name):
    p, y = drawn()
    weights = np.random.default_rng(1).multinomial(60, np.full(60, 1 / 60), size=5)
    weights[0, y == 2] = 0
    found = METRICS[name](score_outputs(p, y), weights.astype(float))
    for weight, value in zip(weights, found, strict=True):
        assert value == pytest.approx(figure(name, p.repeat(weight, 0), y.repeat(weight)))


@pytest.mark.parametrize("name", METRICS)
def test_intervals_hold_the_figure_and_are_wide_where_all_is_right(name):
    p, y = drawn(seed=4)
    found = score_one(p, y, 0, metric=name)
    assert found.low < found.value < found.high
    assert name not in score_all(p, y, 0)  # only where it is asked for
    perfect = score_one(np.eye(2)[[0, 1] * 4], np.array([0, 1] * 4), 0, metric=name)
    assert (perfect.value, perfect.high) == (1.0, 1.0)
    assert perfect.low < 0.6
    tenfold = score_one(p.repeat(10, 0), y.repeat(10), 0, np.arange(60).repeat(10), name)
    alone = score_one(p.repeat(10, 0), y.repeat(10), 0, metric=name)
    assert tenfold.high - tenfold.low > 2 * (alone.high - alone.low)


@pytest.mark.parametrize("name", METRICS)
def test_pairs_are_compared_on_the_same_rows(name):
    (p, y), (q, _) = drawn(rows=200), drawn(rows=200, seed=9)
    there, back = (paired(*pair, y, 0, metric=name) for pair in ((p, q), (q, p)))
    assert there.value == pytest.approx(figure(name, p, y) - figure(name, q, y))
    assert back == pytest.approx((-there.value, -there.high, -there.low))
    assert there.low < there.value < there.high
    near = p.copy()
    near[:4] = p[[1, 2, 3, 0]]
    gain, single = paired(p, near, y, 0, metric=name), score_one(p, y, 0, metric=name)
    assert gain.high - gain.low < 0.75 * (single.high - single.low)
