"""Metrics against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn import metrics as reference

from headstart.core import BadData
from headstart.metrics.classification import (
    accuracy,
    balanced_accuracy,
    confusion,
    log_loss,
    macro_f1,
)

P = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.4, 0.3], [0.5, 0.25, 0.25]])
Y = np.array([0, 1, 0, 0])  # answers 0 1 1 0


def drawn(rows=300, classes=5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(classes, 0.5), rows), rng.integers(1, classes - 1, rows)


def test_by_hand():
    assert accuracy(P, Y) == 0.75
    assert balanced_accuracy(P, Y) == pytest.approx((2 / 3 + 1) / 2)
    assert macro_f1(P, Y) == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert log_loss(P, Y) == pytest.approx(-np.log([0.7, 0.8, 0.3, 0.5]).mean())
    assert confusion(P.argmax(1), Y, 3).tolist() == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_a_class_that_is_only_an_answer_counts_as_nought_in_f1_and_not_in_balanced_accuracy():
    p = np.eye(3)[[0, 1, 2]]
    y = np.array([0, 1, 1])
    assert macro_f1(p, y) == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert balanced_accuracy(p, y) == 0.75


@pytest.mark.parametrize("seed", [0, 1])
def test_equal_to_scikit_learn(seed):
    p, y = drawn(seed=seed)  # classes 0 and 4 are answers, never labels
    answers = p.argmax(1)
    assert accuracy(p, y) == pytest.approx(reference.accuracy_score(y, answers))
    assert macro_f1(p, y) == pytest.approx(reference.f1_score(y, answers, average="macro"))
    recalls = reference.recall_score(y, answers, average=None, labels=np.unique(y))
    assert balanced_accuracy(p, y) == pytest.approx(recalls.mean())
    assert log_loss(p, y) == pytest.approx(reference.log_loss(y, p, labels=range(5)))
    expected = reference.confusion_matrix(y, answers, labels=range(5))
    assert confusion(answers, y, 5).tolist() == expected.tolist()


def test_log_loss_is_clipped():
    assert log_loss(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(52 * np.log(2))
    assert log_loss(np.array([[1.0, 0.0]]), np.array([0])) == 0


def test_single_precision_is_taken():
    assert accuracy(P.astype(np.float32), Y.astype(np.int32)) == 0.75


@pytest.mark.parametrize(
    ("p", "y", "says"),
    [
        (P * 2, Y, "softmax"),
        (P - [0.5, -0.25, -0.25], Y, ">= 0"),
        (P * np.nan, Y, "softmax"),
        (P, Y + 2, r"\[0, 3\)"),
        (P, Y - 1, r"\[0, 3\)"),
        (P, Y * 1.0, "whole"),
        (P, Y[:2], "labels"),
        (P[:0], Y[:0], r"\(n, k\)"),
    ],
)
def test_what_cannot_be_judged_is_refused(p, y, says):
    with pytest.raises(BadData, match=says):
        accuracy(p, y)


def test_confusion_refuses_numbers_out_of_range():
    with pytest.raises(BadData, match="Answers must lie"):
        confusion(np.array([3]), np.array([0]), 3)
    with pytest.raises(BadData, match="Labels"):
        confusion(np.array([0]), np.array([0.0]), 3)
