"""The rows to learn from and the rows to judge by, for labels of each kind."""

from dataclasses import replace

import numpy as np
import pytest

import headstart.data as data
from headstart.core import BadData
from headstart.data.train_test_split import train_and_test

X = np.random.default_rng(0).normal(size=(200, 3))


def parts(y, **more):
    found = data.check(data.load((X[: len(y)], y))).dataset
    return found, *train_and_test(replace(found, **more), 0.2, 0)


def test_each_kind_keeps_its_shares():
    numbers, train, test = parts(np.random.default_rng(1).lognormal(0, 2, 200))
    assert sorted([*train, *test]) == list(range(200))
    assert np.bincount(numbers.strata[test]).tolist() == [4] * 10
    tags = np.random.default_rng(1).random((200, 3)) < (0.5, 0.3, 0.05)
    found, train, test = parts(tags)
    rare = found.labels[:, 2]
    assert abs(rare[test].sum() - rare.sum() / 5) < 1
    assert len(test) == 40


def test_a_part_without_rows_is_refused():
    for y in (np.linspace(0, 1, 40), np.eye(2, dtype=int)[np.arange(40) % 2]):
        with pytest.raises(BadData, match=r"The test part has no row\. Give more rows"):
            parts(y, groups=np.zeros(40, np.int64))


def test_a_tag_that_training_rows_lack_is_no_error():
    tags = np.array([[row % 2, row < 3] for row in range(40)], dtype=bool)
    split = tuple("test" if row < 8 else "train" for row in range(40))
    _, train, test = parts(tags, split=split)
    assert (len(train), len(test)) == (32, 8)
