"""Metrics of numbers: by hand, by scikit-learn and scipy, under weights, and where nothing varies."""

import math

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from headstart.core import BadData
from headstart.metrics.intervals import paired, score_all
from headstart.metrics.kinds import measure_of
from headstart.metrics.numbers import METRICS, score_outputs


def drawn(rows=60, width=3, seed=0, digits=1):
    """Values with ties, and labels of three very different sizes."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(rows, width)).round(digits)
    told = (0.8 * y + 0.5 * rng.normal(size=(rows, width))).round(digits)
    size, start = np.array([1.0, 1e-3, 1e6])[:width], np.array([0.0, 5.0, -1e9])[:width]
    return told * size + start, y * size + start


def weighted(rows=60, draws=6):
    return np.random.default_rng(1).multinomial(rows, np.full(rows, 1 / rows), size=draws).astype(float)


@pytest.mark.parametrize("width", [1, 3])
def test_every_metric_is_that_of_the_libraries_under_weights(width):
    told, y = drawn(width=width)
    for row in weighted():
        rows = np.repeat(np.arange(60), row.astype(int))
        rank = [stats.spearmanr(told[rows, k], y[rows, k]).statistic for k in range(width)]
        errors = [sk.mean_squared_error(y[:, k], told[:, k], sample_weight=row) ** 0.5 for k in range(width)]
        expected = {
            "r2": sk.r2_score(y, told, sample_weight=row, multioutput="uniform_average"),
            "rmse": np.mean(errors),
            "mae": sk.mean_absolute_error(y, told, sample_weight=row),
            "spearman": np.mean(rank),
        }
        for name, value in expected.items():
            assert METRICS[name](score_outputs(told, y), row[None]) == pytest.approx([value], rel=1e-9), name


@pytest.mark.parametrize("name", METRICS)
def test_weights_are_repetitions_and_do_not_mix(name):
    told, y = drawn()
    weights = weighted()
    found = METRICS[name](score_outputs(told, y), weights)
    for weight, value in zip(weights.astype(int), found, strict=True):
        alone = METRICS[name](score_outputs(told.repeat(weight, 0), y.repeat(weight, 0)), np.ones((1, 60)))
        assert value == pytest.approx(alone[0], rel=1e-9)


def test_by_hand():
    """Errors 1, -1, 0, 2 on 0, 2, 4, 6: squares add up to 6, those around the mean to 20."""
    y = np.array([[0.0], [2.0], [4.0], [6.0]])
    told = y + np.array([[1.0], [-1.0], [0.0], [2.0]])
    found = {name: metric(score_outputs(told, y), np.ones((1, 4)))[0] for name, metric in METRICS.items()}
    # ranks 1.5, 1.5, 3, 4 against 1, 2, 3, 4
    expected = {"r2": 1 - 6 / 20, "rmse": math.sqrt(6 / 4), "mae": 1.0, "spearman": 4.5 / math.sqrt(4.5 * 5)}
    assert found == pytest.approx(expected)


def test_the_mean_alone_explains_nothing():
    _, y = drawn()
    found = score_all(np.broadcast_to(y.mean(0), y.shape), y, 0)
    assert found["r2"].value == pytest.approx(0, abs=1e-9)
    assert found["spearman"].value == 0


def test_numbers_that_are_all_the_same():
    """No variance to explain: 1 if told exactly, else 0, as scikit-learn; and no order."""
    for constant in (0.0, 0.1, -1e9):
        y = np.full((7, 1), constant)
        right, wrong = y.copy(), y + 1.0
        assert METRICS["r2"](score_outputs(right, y), np.ones((1, 7)))[0] == 1
        assert METRICS["r2"](score_outputs(wrong, y), np.ones((1, 7)))[0] == 0
        if constant.is_integer():  # the mean of others is rounded, which scikit-learn takes for variance
            assert (sk.r2_score(y, right), sk.r2_score(y, wrong)) == (1, 0)
        assert METRICS["spearman"](score_outputs(wrong, y), np.ones((1, 7)))[0] == 0
    mixed = np.column_stack([np.arange(7.0), np.full(7, 0.1)])
    assert METRICS["r2"](score_outputs(mixed, mixed), np.ones((1, 7)))[0] == 1


def test_a_draw_of_one_value_alone_has_no_variance_either():
    y = np.array([[0.1], [0.1], [1e6]])
    weights = np.array([[2.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    found = METRICS["r2"](score_outputs(y + 0.5, y), weights)
    assert found[0] == 0
    assert found[1] == pytest.approx(1, abs=1e-9)


def test_intervals_hold_their_figures_and_pairs_are_compared():
    told, y = drawn()
    found = score_all(told, y, 0)
    assert list(found) == list(METRICS)
    assert all(one.low <= one.value <= one.high and one.low < one.high for one in found.values())
    other = np.broadcast_to(y.mean(0), y.shape)
    gain = paired(told, other, y, 0)
    assert gain.value == pytest.approx(found["r2"].value)
    assert gain.low > 0
    worse = paired(told, other, y, 0, metric="rmse")
    assert worse.high < 0  # errors are better when lower


def test_nineteen_in_twenty_intervals_hold_the_truth():
    """The true share of explained variance of this rule is 1 - E(error^2) / Var(y)."""
    truth = 1 - (0.2**2 + 0.5**2)
    hits = 0
    for seed in range(150):
        told, y = drawn(80, 1, seed, digits=6)
        low, high = score_all(told, y, seed)["r2"][1:]
        hits += low <= truth <= high
    assert 133 <= hits <= 150


@pytest.mark.parametrize(
    ("told", "y", "words"),
    [
        (np.zeros((3, 2)), np.zeros((3, 1)), "both be"),
        (np.zeros(3), np.zeros(3), "both be"),
        (np.zeros((0, 1)), np.zeros((0, 1)), "both be"),
        (np.array([[0.0], [math.inf]]), np.zeros((2, 1)), "1 of 2 rows of values hold NaN"),
        (np.zeros((2, 1)), np.array([[0.0], [math.nan]]), "1 of 2 rows of labels hold NaN"),
    ],
)
def test_what_makes_no_sense_is_refused(told, y, words):
    with pytest.raises(BadData, match=words):
        score_outputs(told, y)


def test_the_main_metric_is_the_first():
    assert (measure_of("numbers").main, measure_of("numbers").selection) == ("r2", "r2")
    assert next(iter(METRICS)) == "r2"


def test_the_interval_of_r2_is_symmetric_in_the_logarithm_of_the_ratio_of_variances():
    told, y = drawn(200, 1, digits=6)
    found = score_all(told, y, 0)["r2"]
    low, value, high = (math.log(1 - each) for each in (found.high, found.value, found.low))
    assert high - value == pytest.approx(value - low, rel=0.05)
    assert found.high < 1


@pytest.mark.parametrize("rows", [1, 2, 12])
@pytest.mark.parametrize("groups", [None, "one", "pairs"])
@pytest.mark.parametrize("missed", [0.0, 1.0])
def test_intervals_where_there_is_nothing_to_see(rows, groups, missed):
    y = np.arange(rows, dtype=float)[:, None]
    by = {None: None, "one": np.zeros(rows), "pairs": np.arange(rows) // 2}[groups]
    for labels in (y, np.ones_like(y)):
        for name, interval in score_all(labels + missed, labels, 0, by).items():
            assert interval.low <= interval.value <= interval.high
            assert np.isfinite(interval).all()
            assert np.isfinite(paired(labels + missed, y * 0, labels, 0, metric=name, groups=by)).all()
