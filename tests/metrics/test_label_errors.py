"""Labels that are probably wrong: confident learning by hand, flips that are found, tags and numbers."""

import numpy as np
import pytest

from headstart.core import BadData
from headstart.metrics.label_errors import (
    class_thresholds,
    confident_joint,
    estimated_joint,
    find_label_errors,
    standardised_residuals,
)

# three classes, ten rows: the last two columns say what each row confidently is
P = np.array(
    [
        [0.8, 0.1, 0.1],  # labelled 0
        [0.6, 0.3, 0.1],  # 0
        [0.1, 0.8, 0.1],  # 0, confidently 1
        [0.5, 0.4, 0.1],  # 0
        [0.1, 0.7, 0.2],  # 1
        [0.2, 0.5, 0.3],  # 1, below the threshold of 1: of no class
        [0.0, 0.9, 0.1],  # 1
        [0.1, 0.1, 0.8],  # 2
        [0.7, 0.1, 0.2],  # 2, confidently 0
        [0.1, 0.3, 0.6],  # 2
    ]
)
Y = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])


def test_the_confident_joint_by_hand():
    """t_0 = (.8 + .6 + .1 + .5) / 4 = .5, t_1 = (.7 + .5 + .9) / 3 = .7, t_2 = (.8 + .2 + .6) / 3 = .5333."""
    assert class_thresholds(P, Y) == pytest.approx([0.5, 0.7, 1.6 / 3])
    joint = confident_joint(P, Y)
    assert joint.tolist() == [[3, 1, 0], [0, 2, 0], [1, 0, 2]]
    # the second row has 2 counts for 3 rows; the others have one count a row
    assert estimated_joint(joint, np.bincount(Y)).tolist() == [[3, 1, 0], [0, 3, 0], [1, 0, 2]]


def test_what_is_found_by_hand():
    found = find_label_errors(P, Y)
    assert found.estimated == 2
    assert np.flatnonzero(found.wrong).tolist() == [2, 8]
    assert found.suggested[[2, 8]].tolist() == [1, 0]
    # the probabilities of the given labels; the lower one comes first
    assert found.quality[[2, 8]] == pytest.approx([0.1, 0.2])
    assert found.ranked().tolist() == [2, 8]


def test_the_class_of_the_highest_probability_counts_where_two_are_above_their_thresholds():
    """t = .4, .5, .8: the first row is above those of 0 and 1."""
    p = np.array([[0.4, 0.5, 0.1], [0.4, 0.2, 0.4], [0.3, 0.5, 0.2], [0.1, 0.1, 0.8]])
    assert confident_joint(p, np.array([0, 0, 1, 2])).tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]


def test_fractions_of_rows_go_to_the_largest_remainders():
    joint = np.array([[2, 1, 0], [0, 0, 0], [1, 1, 1]])
    # 2/3 and 1/3 of 5 rows are 3.33 and 1.67; a class without confident rows counts as correct
    assert estimated_joint(joint, np.array([5, 4, 3])).tolist() == [[3, 2, 0], [0, 4, 0], [1, 1, 1]]


def test_what_is_predicted_as_it_is_labelled_is_not_questioned():
    """t = .915, .35: the tenth row is confidently of 1, and yet its label is what is predicted."""
    p = np.array([[0.95, 0.05]] * 9 + [[0.6, 0.4]] + [[0.65, 0.35]] * 5)
    found = find_label_errors(p, np.array([0] * 10 + [1] * 5))
    assert found.joint.tolist() == [[9, 1], [0, 5]]
    assert not found.wrong.any()
    assert found.estimated == 0


def drawn(seed, n=600, k=4):
    """Probabilities of rows of known classes, and labels of which every 20th was flipped."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, k, n)
    logits = rng.normal(0, 1, (n, k)) + 5 * np.eye(k)[true]
    given = true.copy()
    given[::20] = (true[::20] + rng.integers(1, k, len(true[::20]))) % k
    p = np.exp(logits)
    return p / p.sum(1, keepdims=True), given, true


@pytest.mark.parametrize("seed", range(3))
def test_flips_are_found_and_set_right(seed):
    p, given, true = drawn(seed)
    found = find_label_errors(p, given)
    flipped = given != true
    assert found.wrong[flipped].mean() >= 0.75
    assert flipped[found.wrong].mean() >= 0.75
    assert (found.suggested[flipped & found.wrong] == true[flipped & found.wrong]).mean() >= 0.9
    assert abs(found.estimated - flipped.sum()) <= 12
    assert flipped[found.ranked()[:20]].all()


def test_each_tag_is_judged_by_itself():
    p, given, _ = drawn(0, k=2)
    other = np.full(len(p), 0.3)
    labels = np.stack([given == 1, np.zeros(len(p), bool)], 1)
    found = find_label_errors(np.stack([p[:, 1], other], 1), labels)
    alone = find_label_errors(p, given)
    assert (found.wrong[:, 0] == alone.wrong).all()
    assert not found.wrong[:, 1].any()
    assert (found.suggested[:, 0] == (alone.suggested == 1)).all()
    assert found.joint.shape == (2, 2, 2)
    assert found.ranked().tolist() == alone.ranked().tolist()


def test_numbers_far_out_by_hand():
    """Residuals -2 ... 2: quartiles -1 and 1, so that 1.349 / 2 is one unit."""
    residuals = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])[:, None]
    assert standardised_residuals(np.zeros((5, 1)), residuals)[:, 0] == pytest.approx(
        residuals[:, 0] * 1.3489795 / 2
    )
    labels = np.concatenate([np.tile(residuals, (20, 1)), [[7.1], [-6.9]]])  # 3.5 ranges are 7
    found = find_label_errors(np.zeros_like(labels), labels)
    assert np.flatnonzero(found.wrong).tolist() == [100]
    assert found.suggested[100] == 0
    assert found.suggested[101] == -6.9


def test_equal_residuals_and_no_rows_are_no_errors():
    assert not find_label_errors(np.zeros((9, 1)), np.full((9, 1), 3.0)).wrong.any()
    none = find_label_errors(np.zeros((0, 3)), np.zeros(0, np.int64))
    assert len(none.ranked()) == none.estimated == 0


@pytest.mark.parametrize(
    ("predictions", "labels", "says"),
    [
        (np.zeros((3, 2)), np.zeros(2, np.int64), r"must be finite numbers \(2, k\)"),
        (np.array([[np.nan, 1.0]]), np.zeros(1, np.int64), "finite"),
        (np.full((2, 2), 0.5), np.array([0, 2]), r"must lie in \[0, 2\)"),
        (np.zeros((2, 3)), np.zeros((2, 2)), r"shape \(2, 3\), labels of \(2, 2\)"),
    ],
)
def test_what_does_not_fit_is_refused(predictions, labels, says):
    with pytest.raises(BadData, match=says):
        find_label_errors(predictions, labels)
