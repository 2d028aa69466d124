import numpy as np
import pytest

from headstart.core import BadInput
from headstart.data.splits import folds, holdout, per_class


def tasks(count=60):
    """Random labels, half of the time with random groups."""
    rng = np.random.default_rng(0)
    for number in range(count):
        n, classes = int(rng.integers(8, 150)), int(rng.integers(2, 7))
        weights = rng.dirichlet(np.full(classes, 2.0))
        labels = np.concatenate([np.arange(classes), rng.choice(classes, n, p=weights)])
        groups = rng.integers(0, max(4, n // 2), len(labels)) if number % 2 else None
        yield labels, groups, float(rng.uniform(0.1, 0.5)), number


def test_holdout_cuts_no_group_and_keeps_the_shares():
    for labels, groups, fraction, seed in tasks():
        train, test = holdout(labels, groups, fraction, seed)
        assert sorted([*train, *test]) == list(range(len(labels)))
        assert train.dtype == test.dtype == np.int64
        assert (np.diff(train) > 0).all()
        if groups is not None:
            assert not set(groups[train]) & set(groups[test])
            assert len(test) == pytest.approx(fraction * len(labels), abs=8)
            continue
        for label in np.unique(labels):
            total = (labels == label).sum()
            here = (labels[test] == label).sum()
            assert abs(here - fraction * total) < 1 or (total > 1 and here in (1, total - 1))
            if total > 1:
                assert 0 < here < total
            else:
                assert here == 0


def test_holdout_of_even_classes_is_exact():
    labels = np.repeat([0, 1, 2], [50, 20, 30])
    _, test = holdout(labels, None, 0.2, 0)
    assert np.bincount(labels[test]).tolist() == [10, 4, 6]
    # 7 x .2 = 1.4 each: the total of 7 takes two classes that round up
    _, test = holdout(np.repeat(np.arange(5), 7), None, 0.2, 0)
    assert sorted(np.bincount(np.repeat(np.arange(5), 7)[test])) == [1, 1, 1, 2, 2]


def test_holdout_has_every_class_on_both_sides_where_groups_allow():
    # class 2 lies in the two groups 0 and 1 only, which are large
    labels = np.array([0] * 20 + [1] * 20 + [2, 2] + [0] * 20)
    groups = np.concatenate([np.repeat([0, 1], 20), [0, 1], np.arange(2, 22)])
    for seed in range(10):
        train, test = holdout(labels, groups, 0.2, seed)
        assert 2 in labels[train]
        assert 2 in labels[test]
    # all of class 1 in one group: it is left on the side of training or test as a whole
    train, test = holdout([0, 0, 0, 0, 1, 1], [0, 1, 2, 3, 4, 4], 0.3, 0)
    assert ({4, 5} <= set(train)) != ({4, 5} <= set(test))


def test_splits_follow_the_seed():
    labels = np.repeat([0, 1], 40)
    assert holdout(labels, None, 0.3, 1)[1].tolist() == holdout(labels, None, 0.3, 1)[1].tolist()
    assert holdout(labels, None, 0.3, 1)[1].tolist() != holdout(labels, None, 0.3, 2)[1].tolist()
    assert folds(labels, None, 4, 1).tolist() == folds(labels, None, 4, 1).tolist()
    assert folds(labels, None, 4, 1).tolist() != folds(labels, None, 4, 2).tolist()


def test_folds_are_stratified_and_cut_no_group():
    for labels, groups, _, seed in tasks():
        k = 2 + seed % 4
        if groups is not None and len(np.unique(groups)) < k:
            continue
        fold = folds(labels, groups, k, seed)
        assert fold.dtype == np.int64
        assert fold.shape == labels.shape
        assert set(fold) == set(range(k))
        if groups is not None:
            assert all(len(set(fold[groups == group])) == 1 for group in groups)
            continue
        counts = np.array([np.bincount(labels[fold == f], minlength=7) for f in range(k)])
        assert (counts.max(0) - counts.min(0)).max() <= 1
        assert np.ptp(counts.sum(1)) <= 2


def test_many_small_classes_spread_over_the_folds():
    fold = folds(np.arange(100), None, 5, 0)  # one row a class
    assert np.bincount(fold).tolist() == [20] * 5


def test_large_groups_are_spread_over_the_folds():
    labels = np.tile([0, 1], 60)
    groups = np.concatenate([np.repeat([0, 1, 2], 20), np.arange(3, 63)])
    fold = folds(labels, groups, 3, 0)
    assert len({int(fold[groups == group][0]) for group in (0, 1, 2)}) == 3
    assert np.bincount(fold).tolist() == [40, 40, 40]


def test_large_groups_are_dealt_first():
    groups = np.concatenate([np.zeros(20, int), np.arange(1, 21)])
    for seed in range(5):
        assert np.bincount(folds(np.zeros(40), groups, 2, seed)).tolist() == [20, 20]


def test_per_class_is_nested():
    labels = np.random.default_rng(0).choice(4, 200, p=[0.5, 0.3, 0.17, 0.03])
    before: set[int] = set()
    for k in (1, 2, 5, 10, 30):
        rows = per_class(labels, k, 7)
        assert np.bincount(labels[rows], minlength=4).tolist() == [
            min(k, count) for count in np.bincount(labels)
        ]
        assert before <= set(rows.tolist())
        before = set(rows.tolist())
    assert per_class(labels, 5, 7).tolist() != per_class(labels, 5, 8).tolist()


def test_impossible_splits():
    for fraction in (0, 1, -1):
        with pytest.raises(BadInput, match="fraction"):
            holdout([0, 1], None, fraction, 0)
    with pytest.raises(BadInput, match="k=3"):
        folds([0, 1, 0], [5, 5, 6], 3, 0)
    with pytest.raises(BadInput, match="groups of shape"):
        folds([0, 1, 0], [5, 5], 2, 0)
    with pytest.raises(BadInput, match="k=0"):
        per_class([0, 1], 0, 0)
    with pytest.raises(BadInput, match="n >= 1"):
        holdout([], None, 0.5, 0)
