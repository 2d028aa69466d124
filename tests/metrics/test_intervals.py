"""Intervals: against resampling row by row, by formula, and by how often they hold the truth."""

import time

import numpy as np
import pytest
from scipy.stats import binomtest

from headstart.core import BadData, BadInput, Unknown
from headstart.metrics import classification, intervals
from headstart.metrics.calibration import expected_calibration_error
from headstart.metrics.intervals import bootstrap, paired, score_all, wilson
from headstart.metrics.scored_outputs import METRICS, score_outputs

PLAIN = {
    "accuracy": classification.accuracy,
    "balanced_accuracy": classification.balanced_accuracy,
    "macro_f1": classification.macro_f1,
    "log_loss": classification.log_loss,
    "calibration_error": expected_calibration_error,
}


def drawn(rows=60, classes=4, seed=0, sure=3.0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, rows)
    scores = rng.normal(size=(rows, classes)) + sure * np.eye(classes)[y] * rng.random((rows, 1))
    return np.exp(scores) / np.exp(scores).sum(1, keepdims=True), y


@pytest.mark.parametrize("name", PLAIN)
def test_weights_are_repetitions(name):
    p, y = drawn()
    weights = np.random.default_rng(1).multinomial(60, np.full(60, 1 / 60), size=5)
    weights[0, y == 2] = 0  # a resample without one of the classes
    found = METRICS[name](score_outputs(p, y), weights.astype(float))
    for weight, value in zip(weights, found, strict=True):
        assert value == pytest.approx(PLAIN[name](p.repeat(weight, 0), y.repeat(weight)))


def test_score_all_gives_the_plain_figures_within_their_intervals():
    p, y = drawn()
    found = score_all(p, y, seed=0)
    assert list(found) == list(PLAIN)
    for name, interval in found.items():
        assert interval.value == pytest.approx(PLAIN[name](p, y))
        assert interval.low <= interval.value <= interval.high
        assert interval.low < interval.high
        assert all(type(figure) is float for figure in interval)


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    values = np.random.default_rng(0).normal(size=400)
    found = bootstrap(lambda w: w @ values / w.sum(1), 400, seed=0, resamples=20_000)
    half = 1.96 * values.std() / 20
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.06 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.06 * half)


def test_the_seed_and_nothing_else_decides(monkeypatch):
    p, y = drawn()
    first = score_all(p, y, seed=3)
    assert score_all(p, y, seed=3) == first
    assert score_all(p, y, seed=4) != first
    monkeypatch.setattr(intervals, "ELEMENTS", 7 * 60)
    blocks = list(intervals._draws(60, 3, None, 20))
    assert [len(block) for block in blocks] == [7, 7, 6]
    assert all((block.sum(1) == 60).all() for block in blocks)
    assert not np.array_equal(blocks[0][0], blocks[1][0])


def test_rows_of_a_group_are_drawn_together():
    groups = np.repeat(["a", "b", "c"], [1, 2, 5])
    [block] = intervals._draws(8, 0, groups, 50)
    for label in "abc":
        columns = block[:, groups == label]
        assert (columns == columns[:, :1]).all()
    assert (block[:, [0, 1, 3]].sum(1) == 3).all()  # three groups are drawn each time
    assert len(np.unique(block, axis=0)) > 5


def test_groups_of_equal_rows_widen_the_interval_as_if_each_were_one_row():
    values = np.random.default_rng(0).normal(size=50)
    alone = bootstrap(lambda w: w @ values / w.sum(1), 50, seed=1)
    tenfold = values.repeat(10)
    grouped = bootstrap(lambda w: w @ tenfold / w.sum(1), 500, 1, np.arange(50).repeat(10))
    assert grouped == pytest.approx(alone)


@pytest.mark.parametrize("metric", PLAIN)
def test_a_pair_is_compared_on_the_same_rows(metric):
    (p, y), (q, _) = drawn(), drawn(seed=9)
    same = paired(p, p, y, 0, metric=metric)
    assert same == (0, 0, 0)
    there, back = (paired(*pair, y, 0, metric=metric) for pair in ((p, q), (q, p)))
    assert there.value == pytest.approx(PLAIN[metric](p, y) - PLAIN[metric](q, y))
    assert back == pytest.approx((-there.value, -there.high, -there.low))


def test_pairing_is_narrower_than_two_intervals():
    p, y = drawn(400)
    q = p.copy()
    q[:4] = np.eye(4)[(y[:4] + 1) % 4]  # four answers made wrong
    apart = score_all(p, y, 0)["accuracy"]
    gain = paired(p, q, y, 0)
    assert gain.high - gain.low < (apart.high - apart.low) / 2


def test_wilson_equals_scipy():
    for successes, rows in ((0, 10), (7, 10), (10, 10), (150, 183), (1, 1)):
        expected = binomtest(successes, rows).proportion_ci(method="wilson")
        found = wilson(successes, rows)
        assert found == pytest.approx((successes / rows, expected.low, expected.high), abs=1e-12)
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_nineteen_in_twenty_intervals_hold_the_truth():
    hits = 0
    for seed in range(200):
        p = np.eye(2)[(np.random.default_rng(seed).random(80) < 0.7).astype(int)]
        low, high = score_all(p, np.ones(80, int), seed, resamples=400)["accuracy"][1:]
        hits += low <= 0.7 <= high
    assert 180 <= hits <= 199


def test_two_thousand_resamples_of_a_small_test_set_take_less_than_a_second():
    p, y = drawn(183, 10)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        score_all(p, y, 0)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 1


def test_what_makes_no_sense_is_refused():
    p, y = drawn()
    with pytest.raises(BadData, match=r"\[0, 3\)"):
        score_all(p[:, :3] / p[:, :3].sum(1, keepdims=True), y, 0)
    with pytest.raises(BadData, match=r"\(60, 4\) and \(60, 5\), can't be compared"):
        paired(p, np.pad(p, ((0, 0), (0, 1))), y, 0)
    with pytest.raises(BadInput, match="resamples"):
        score_all(p, y, 0, resamples=0)
    with pytest.raises(BadData, match="Groups"):
        score_all(p, y, 0, groups=np.zeros(3))
    with pytest.raises(Unknown, match="accuracy"):
        paired(p, p, y, 0, metric="acuracy")
    with pytest.raises(BadInput, match="successes"):
        wilson(3, 2)
    with pytest.raises(BadInput, match="successes"):
        wilson(0, 0)
