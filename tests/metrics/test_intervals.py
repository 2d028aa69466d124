"""Intervals: against resampling row by row, by formula, and by how often they hold the truth."""

import time

import numpy as np
import pytest
from scipy.stats import binomtest, t

from headstart.core import BadData, BadInput, Unknown
from headstart.metrics import bootstrap as bootstraps_of
from headstart.metrics import classification
from headstart.metrics.calibration import expected_calibration_error
from headstart.metrics.intervals import bootstrap, paired, score_all, score_one, share, wilson
from headstart.metrics.scored_outputs import METRICS, score_outputs
from headstart.metrics.units import units_of

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
        plain = PLAIN[name](p, y)
        if name == "calibration_error":  # without its bias
            assert interval.value < plain
        else:
            assert interval.value == pytest.approx(plain)
        assert interval.low <= interval.value <= interval.high
        assert interval.low < interval.high
        assert all(type(figure) is float for figure in interval)


@pytest.mark.parametrize("rows", [10, 400])
def test_the_bootstrap_interval_of_a_mean_is_students(rows):
    """The percentile interval is too short by sqrt((n - 1) / n) and the normal quantile: 19 % of ten rows."""
    values = np.random.default_rng(0).normal(size=rows)
    found = bootstrap(lambda w: w @ values / w.sum(1), rows, seed=0, resamples=20_000)
    half = t.ppf(0.975, rows - 1) * values.std(ddof=1) / np.sqrt(rows)
    assert found.value == pytest.approx(values.mean())
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.04)


def test_the_seed_and_nothing_else_decides(monkeypatch):
    p, y = drawn()
    first = score_all(p, y, seed=3)
    assert score_all(p, y, seed=3) == first
    assert score_all(p, y, seed=4) != first
    monkeypatch.setattr(bootstraps_of, "ELEMENTS", 7 * 60)
    blocks = list(bootstraps_of._draws(units_of(60), 3, 20))
    assert [len(block) for block in blocks] == [7, 7, 6]
    assert all((block.sum(1) == 60).all() for block in blocks)
    assert not np.array_equal(blocks[0][0], blocks[1][0])


def test_rows_of_a_group_are_drawn_together():
    groups = np.repeat(["a", "b", "c"], [1, 2, 5])
    [block] = bootstraps_of._draws(units_of(8, groups), 0, 50)
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
    if metric == "calibration_error":
        each = [score_all(answers, y, 0)[metric].value for answers in (p, q)]
        assert there.value == pytest.approx(each[0] - each[1])
    else:
        assert there.value == pytest.approx(PLAIN[metric](p, y) - PLAIN[metric](q, y))
    assert back == pytest.approx((-there.value, -there.high, -there.low))
    assert there.low < there.value < there.high


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


@pytest.mark.slow
def test_nineteen_in_twenty_intervals_hold_the_truth():
    hits = 0
    for seed in range(200):
        p = np.eye(2)[(np.random.default_rng(seed).random(80) < 0.7).astype(int)]
        low, high = score_all(p, np.ones(80, int), seed)["accuracy"][1:]
        hits += low <= 0.7 <= high
    assert 180 <= hits <= 199


def test_all_figures_of_ten_thousand_rows_and_twenty_classes_take_less_than_two_seconds():
    p, y = drawn(10_000, 20)
    seconds = []
    for _ in range(2):
        start = time.process_time()
        score_all(p, y, 0)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 2


def test_what_makes_no_sense_is_refused():
    p, y = drawn()
    with pytest.raises(BadData, match=r"\[0, 3\)"):
        score_all(p[:, :3] / p[:, :3].sum(1, keepdims=True), y, 0)
    with pytest.raises(BadData, match=r"\(60, 4\) and \(60, 5\), can't be compared"):
        paired(p, np.pad(p, ((0, 0), (0, 1))), y, 0)
    with pytest.raises(BadInput, match="resamples"):
        bootstrap(lambda w: w.sum(1), 60, 0, resamples=0)
    with pytest.raises(BadData, match="at least one row"):
        share([])
    with pytest.raises(Unknown, match="accuracy"):
        score_one(p, y, 0, metric="acuracy")
    with pytest.raises(BadData, match="Groups"):
        score_all(p, y, 0, groups=np.zeros(3))
    with pytest.raises(Unknown, match="accuracy"):
        paired(p, p, y, 0, metric="acuracy")
    with pytest.raises(BadInput, match="successes"):
        wilson(3, 2)
    with pytest.raises(BadInput, match="successes"):
        wilson(0, 0)


LEAST, MOST = {"log_loss": 0}, {"log_loss": 36.05}


@pytest.mark.parametrize("rows", [1, 2, 12])
@pytest.mark.parametrize("groups", [None, "one", "pairs"])
@pytest.mark.parametrize("sure", [0.9, 1.0])
@pytest.mark.parametrize("right", [True, False])
def test_intervals_where_there_is_nothing_to_see(rows, groups, sure, right):
    """All right or all wrong, one row, one group, one class: within the range, with some width."""
    y = np.arange(rows) % 2
    p = np.where(np.eye(2)[y if right else 1 - y] > 0, sure, 1 - sure)
    q = np.full((rows, 2), 0.5)
    by = {None: None, "one": np.zeros(rows), "pairs": np.arange(rows) // 2}[groups]
    for labels in (y, np.zeros(rows, int)):
        for name, interval in score_all(p, labels, 0, by).items():
            assert LEAST.get(name, 0) <= interval.low <= interval.value <= interval.high
            assert interval.high <= MOST.get(name, 1)
            assert interval.low < interval.high
            gain = paired(p, q, labels, 0, metric=name, groups=by)
            assert -MOST.get(name, 1) <= gain.low <= gain.value <= gain.high <= MOST.get(name, 1)


def test_all_right_is_as_certain_as_the_fewest_rows_of_a_class_allow():
    """Of 12 right rows Wilson says 76 to 100 %; of 5 of a class among 40 the mean of both recalls less."""
    y = np.repeat([0, 1], [35, 5])
    found = score_all(np.where(np.eye(2)[y] > 0, 0.9, 0.1), y, 0)
    assert found["accuracy"].low == pytest.approx(wilson(40, 40).low)
    assert 0.7 < found["balanced_accuracy"].low < 0.9
    assert found["macro_f1"].low == found["balanced_accuracy"].low


def test_a_share_of_whole_groups_is_that_of_as_many_rows_with_students_quantile():
    """20 groups of ten equal rows, 15 right: Wilson of 20 rows, with 2.093 in the place of 1.960."""
    right = np.repeat(np.arange(20) < 15, 10)
    z, n, p = 2.0930, 20, 0.75
    # 200 / (20 * 10 / 19) independent rows in the linearised variance, which divides by 19
    n = 19
    middle, half = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    found = share(right, np.repeat(np.arange(20), 10))
    assert found.value == p
    assert found.low == pytest.approx((middle - half) / (1 + z * z / n), abs=1e-4)
    assert found.high == pytest.approx((middle + half) / (1 + z * z / n), abs=1e-4)
    assert share(right).high - share(right).low < 0.4 * (found.high - found.low)


@pytest.mark.parametrize("metric", PLAIN)
def test_groups_widen_every_interval_and_difference(metric):
    (p, y), (q, _) = drawn(40), drawn(40, seed=9)
    many = [np.repeat(each, 10, 0) for each in (p, q, y)]
    by = np.arange(40).repeat(10)
    for plain, grouped in (
        tuple(score_all(many[0], many[2], 0, groups)[metric] for groups in (None, by)),
        (paired(*many, 0, metric=metric), paired(*many, 0, metric=metric, groups=by)),
    ):
        assert grouped.high - grouped.low > 2 * (plain.high - plain.low)


def test_the_main_figure_alone_is_that_of_all():
    p, y = drawn()
    assert score_one(p, y, 3) == score_all(p, y, 3)["accuracy"]
    assert score_one(p, y, 3, metric="macro_f1") == score_all(p, y, 3)["macro_f1"]
