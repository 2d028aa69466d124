"""ROC, precision and recall of two classes, and thresholds, by hand."""

import numpy as np
import pytest

from headstart.core import BadData, Unknown
from headstart.metrics.intervals import average_precisions
from headstart.metrics.shift.apart import auc
from headstart.metrics.tags import score_outputs
from headstart.metrics.thresholds import Threshold, best_threshold, rates, threshold_for
from headstart.records.two_classes import ThresholdRule, parse_threshold

P = np.array([0.9, 0.7, 0.6, 0.4, 0.2])
POSITIVE = np.array([True, False, True, True, False])


def test_areas_with_ties_by_hand():
    """Nine pairs: 0.8 wins three, each 0.6 two and a half; of 4 rows down to 0.6 three are positive."""
    positive, negative = np.array([0.8, 0.6, 0.6]), np.array([0.6, 0.4, 0.2])
    assert auc(negative, positive).value == pytest.approx(8 / 9)
    known = np.repeat([True, False], 3)[:, None]
    scored = score_outputs(np.concatenate([positive, negative])[:, None], known)
    assert average_precisions(scored)[0].value == pytest.approx(1 / 3 * 1 + 2 / 3 * 3 / 4)


def test_the_points_of_the_curves_by_hand():
    found = rates(P, POSITIVE)
    np.testing.assert_allclose(found.thresholds, [0.95, 0.8, 0.65, 0.5, 0.3, 0.1])
    np.testing.assert_allclose(found.recall, [0, 1 / 3, 1 / 3, 2 / 3, 1, 1])
    np.testing.assert_allclose(found.false_positive_rate, [0, 0, 1 / 2, 1 / 2, 1 / 2, 1])
    np.testing.assert_allclose(found.precision, [1, 1, 1 / 2, 2 / 3, 3 / 4, 3 / 5])


def test_rows_of_equal_probability_come_together():
    found = rates(np.array([0.5, 0.5, 0.1]), np.array([True, False, False]))
    np.testing.assert_allclose(found.thresholds, [0.75, 0.3, 0.05])
    np.testing.assert_allclose(found.precision, [1, 1 / 2, 1 / 3])


@pytest.mark.parametrize(
    ("metric", "threshold"),
    [
        ("f1", 0.3),  # 6 / 7, after 2 / 4, 2 / 5, 4 / 6
        ("balanced_accuracy", 0.3),  # (1 + 1/2) / 2
        ("accuracy", 0.3),  # 4 of 5
        ("macro_f1", 0.3),  # (6/7 + 2/3) / 2
    ],
)
def test_the_best_threshold_by_hand(metric, threshold):
    assert best_threshold(P, POSITIVE, metric) == pytest.approx(threshold)


def test_of_equally_good_thresholds_the_one_nearest_to_a_half_is_taken():
    p, positive = np.array([0.95, 0.8, 0.6, 0.05]), np.array([True, False, True, False])
    assert best_threshold(p, positive, "accuracy") == pytest.approx((0.6 + 0.05) / 2)  # as 0.875: 3 of 4
    assert best_threshold(np.array([0.99, 0.98]), np.array([True, False]), "f1") == pytest.approx(0.985)


def test_a_least_recall_takes_the_highest_precision_and_the_other_way_round():
    assert threshold_for(P, POSITIVE, "recall", 0.3) == pytest.approx(0.8)  # precision 1
    assert threshold_for(P, POSITIVE, "recall", 2 / 3) == pytest.approx(0.3)  # 3/4, at 0.5 it is 2/3
    assert threshold_for(P, POSITIVE, "precision", 0.7) == pytest.approx(0.3)  # recall 1
    assert threshold_for(P, POSITIVE, "precision", 0.8) == pytest.approx(0.8)
    assert threshold_for(P, ~POSITIVE, "precision", 0.9) is None


def test_certain_rows_are_positive_at_any_threshold():
    assert best_threshold(np.array([1.0, 1.0, 0.2]), np.array([False, False, True]), "accuracy") == 0.1


def test_a_probability_at_the_threshold_is_positive():
    p = np.array([[0.7, 0.3], [0.71, 0.29]])
    assert Threshold(1, 0.3).predict(p).tolist() == [1, 0]
    assert Threshold(0, 0.71).predict(p).tolist() == [1, 0]


def test_what_is_no_probability_of_two_classes_is_refused():
    with pytest.raises(BadData, match=r"lie in \[0, 1\]"):
        rates([1.2], [True])
    with pytest.raises(BadData, match="must be"):
        rates(P, POSITIVE.astype(int))
    with pytest.raises(BadData, match="one of them has none"):
        best_threshold(P, np.ones(5, bool), "f1")
    with pytest.raises(Unknown, match="depends on a threshold"):
        best_threshold(P, POSITIVE, "log_loss")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("0.25", ThresholdRule("value", 0.25)),
        (0.25, ThresholdRule("value", 0.25)),
        ("auto", ThresholdRule("max", metric="auto")),
        ("max:f1", ThresholdRule("max", metric="f1")),
        ("recall=0.9", ThresholdRule("recall", 0.9)),
        ("precision >= 1", ThresholdRule("precision", 1.0)),
        *((text, None) for text in ("1", "0", "max:log_loss", "recall=90", "recall", "f1", "nan", "")),
    ],
)
def test_how_a_threshold_is_asked_for(text, rule):
    assert parse_threshold(text) == rule
