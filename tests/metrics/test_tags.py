"""Metrics of tags: by hand, and against scikit-learn, also under weights, with ties and empty tags."""

import math
import time
import warnings

import numpy as np
import pytest
from sklearn import metrics as sk

from headstart.core import BadData
from headstart.metrics import tags
from headstart.metrics.calibration import reliability
from headstart.metrics.intervals import average_precisions as intervals_of
from headstart.metrics.intervals import bootstraps, paired, score_all, wilson
from headstart.metrics.kinds import measure_of
from headstart.metrics.tags import METRICS, average_precisions, score_outputs


def drawn(rows=80, width=6, seed=0, digits=1):
    """Probabilities (rows, width) with many ties, and tags of falling frequency."""
    rng = np.random.default_rng(seed)
    known = rng.random((rows, width)) < np.linspace(0.6, 0.1, width)
    p = 1 / (1 + np.exp(-(rng.normal(size=(rows, width)) + 1.5 * known - 0.8)))
    return p.round(digits), known


def weighted(rows=80, draws=7, seed=1):
    return np.random.default_rng(seed).multinomial(rows, np.full(rows, 1 / rows), size=draws).astype(float)


def of_sklearn(p, y, w):
    """Every metric by scikit-learn, with weights of the rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seen = [k for k in range(y.shape[1]) if (y[:, k] * w).sum() > 0]
        precision = np.mean([sk.average_precision_score(y[:, k], p[:, k], sample_weight=w) for k in seen])
        said = p >= 0.5
        losses = [
            sk.log_loss(y[:, k], np.clip(p[:, k], 2.3e-16, 1 - 2.3e-16), labels=[0, 1], sample_weight=w)
            for k in range(y.shape[1])
        ]
        there = [k for k in range(y.shape[1]) if ((y[:, k] | said[:, k]) * w).sum() > 0]
        return {
            "average_precision": precision,
            "macro_f1": np.mean([sk.f1_score(y[:, k], said[:, k], sample_weight=w) for k in there]),
            "micro_f1": sk.f1_score(y, said, average="micro", sample_weight=w),
            "exact_match": sk.accuracy_score(y, said, sample_weight=w),
            "hamming_accuracy": 1 - sk.hamming_loss(y, said, sample_weight=w),
            "log_loss": np.mean(losses),
        }


@pytest.mark.parametrize("digits", [1, 6])
def test_every_metric_is_scikit_learns_under_weights(digits):
    p, y = drawn(digits=digits)
    weights = weighted()
    weights[0, y[:, 5]] = 0  # a draw without one of the tags
    for row in weights:
        expected = of_sklearn(p, y, row)
        for name, value in expected.items():
            found = METRICS[name](score_outputs(p, y), row[None])
            assert found == pytest.approx([value], abs=1e-12), name


@pytest.mark.parametrize("name", METRICS)
def test_weights_are_repetitions_and_do_not_mix(name):
    p, y = drawn()
    weights = weighted()
    found = METRICS[name](score_outputs(p, y), weights)
    assert found.shape == (7,)
    for weight, value in zip(weights.astype(int), found, strict=True):
        alone = METRICS[name](score_outputs(p.repeat(weight, 0), y.repeat(weight, 0)), np.ones((1, 80)))
        assert value == pytest.approx(alone[0], abs=1e-12)


def test_average_precision_by_hand():
    """Positives at ranks 1 and 3 of 4: (1/1 + 2/3) / 2."""
    p = np.array([[0.9], [0.8], [0.7], [0.1]])
    y = np.array([[True], [False], [True], [False]])
    assert average_precisions(score_outputs(p, y), np.ones((1, 4))) == pytest.approx(np.array([[5 / 6]]))


def test_equal_probabilities_can_not_be_told_apart():
    """One positive among three of one probability: precision 1/3, however the rows are ordered."""
    for place in range(3):
        y = np.zeros((4, 1), bool)
        y[place] = True
        p = np.array([[0.5], [0.5], [0.5], [0.2]])
        assert average_precisions(score_outputs(p, y), np.ones((1, 4))) == pytest.approx(np.array([[1 / 3]]))


def test_a_tag_that_no_row_has_is_left_out():
    p, y = drawn()
    without = y.copy()
    without[:, 2] = False
    each = average_precisions(score_outputs(p, without), np.ones((1, 80)))[0]
    assert math.isnan(each[2])
    others = [0, 1, 3, 4, 5]
    assert METRICS["average_precision"](score_outputs(p, without), np.ones((1, 80)))[0] == pytest.approx(
        each[others].mean()
    )


def test_rows_without_any_tag_have_figures():
    p, y = np.full((5, 2), 0.2), np.zeros((5, 2), bool)
    found = {name: interval.value for name, interval in score_all(p, y, 0).items()}
    assert found == pytest.approx(  # the calibration error by draws
        {
            "average_precision": 0,
            "macro_f1": 0,
            "micro_f1": 0,
            "exact_match": 1,
            "hamming_accuracy": 1,
            "log_loss": -math.log(0.8),
            "calibration_error": 0.2,
        },
        abs=1e-3,
    )


def test_certain_answers_have_finite_figures():
    y = np.array([[True, False], [False, True], [True, True]])
    perfect = {name: interval.value for name, interval in score_all(y.astype(float), y, 0).items()}
    certain = {**dict.fromkeys(METRICS, 1.0), "log_loss": 0, "calibration_error": 0}
    assert perfect == pytest.approx(certain)
    wrong = score_all(1 - y.astype(float), y, 0)
    assert wrong["log_loss"].value == pytest.approx(-math.log(np.finfo(float).eps))
    assert (wrong["exact_match"].value, wrong["calibration_error"].value) == pytest.approx((0, 1), abs=1e-3)


def test_calibration_counts_all_pairs():
    """Two bins by hand: 0.3 with one of four having the tag, 0.9 with one of two."""
    p = np.array([[0.3, 0.3], [0.3, 0.9], [0.3, 0.9]])
    y = np.array([[False, True], [False, True], [False, False]])
    found = METRICS["calibration_error"](score_outputs(p, y), np.ones((1, 3)))
    assert found == pytest.approx([(4 * abs(1 / 4 - 0.3) + 2 * abs(1 / 2 - 0.9)) / 6])
    low, high = [one for one in reliability(p, y) if one.rows]
    assert low == pytest.approx((0.3, 0.25, 4))
    assert high == pytest.approx((0.9, 0.5, 2))


def test_intervals_hold_their_figures_and_pairs_are_compared():
    p, y = drawn()
    q, _ = drawn(seed=5)
    found = score_all(p, y, 0)
    assert list(found) == list(METRICS)
    assert all(one.low <= one.value <= one.high and one.low < one.high for one in found.values())
    gain = paired(p, q, y, 0)
    assert gain.value == pytest.approx(
        found["average_precision"].value - score_all(q, y, 0)["average_precision"].value
    )
    assert paired(p, p, y, 0) == (0, 0, 0)


def test_nineteen_in_twenty_intervals_hold_the_truth():
    """The average precision of a large sample, told from sixty rows."""
    truth = METRICS["average_precision"](
        score_outputs(*drawn(40_000, 3, seed=99, digits=9)), np.ones((1, 40_000))
    )[0]
    hits = 0
    for seed in range(100):
        p, y = drawn(60, 3, seed, digits=9)
        low, high = score_all(p, y, seed)["average_precision"][1:]
        hits += low <= truth <= high
    assert 87 <= hits <= 100


def test_draws_without_a_tag_do_not_count_for_it():
    p, y = drawn(30, 2)
    y[:, 1] = False
    y[3, 1] = True
    p[3, 1] = 0.95
    found = bootstraps(lambda weights: average_precisions(score_outputs(p, y), weights), 30, 0)
    assert found[1] == (1, 1, 1)  # the one row stands first in every draw that has it
    y[3, 1] = False
    assert all(
        math.isnan(figure)
        for figure in bootstraps(lambda w: average_precisions(score_outputs(p, y), w), 30, 0)[1]
    )


def test_the_average_precision_of_a_tag_is_as_certain_as_the_rows_that_have_it():
    """A tag of three rows that all stand first: Wilson's interval of 3 in 3; none of a tag without rows."""
    p, y = drawn(60, 3)
    y[:, 1:] = False
    y[:3, 1] = True
    p[:3, 1] = 0.97
    p[3:, 1] = np.minimum(p[3:, 1], 0.9)
    found = intervals_of(score_outputs(p, y))
    assert found[1] == pytest.approx(wilson(3, 3))
    assert found[0].low < found[0].value < found[0].high
    assert all(math.isnan(figure) for figure in found[2])


def test_all_figures_of_a_thousand_rows_and_twenty_tags_take_less_than_two_seconds():
    p, y = drawn(1000, 20, digits=6)
    seconds = []
    for _ in range(2):
        start = time.process_time()
        score_all(p, y, 0)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 2


@pytest.mark.parametrize(
    ("p", "y"),
    [
        (np.full((3, 2), 0.5), np.zeros((3, 2))),
        (np.full((3, 2), 0.5), np.zeros((3, 3), bool)),
        (np.full((3, 2), 1.5), np.zeros((3, 2), bool)),
        (np.full((3, 2), math.nan), np.zeros((3, 2), bool)),
        (np.zeros((0, 2)), np.zeros((0, 2), bool)),
    ],
)
def test_what_makes_no_sense_is_refused(p, y):
    with pytest.raises(BadData, match="robabilit"):
        score_outputs(p, y)


def test_the_main_metric_is_the_first():
    assert (measure_of("tags").main, measure_of("tags").selection) == (
        "average_precision",
        "average_precision",
    )
    assert next(iter(tags.METRICS)) == "average_precision"
