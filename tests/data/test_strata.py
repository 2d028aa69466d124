"""Which rows are alike for a split, where they have tags or numbers."""

import numpy as np
import pytest

import headstart.data as data
from headstart.data.labels import strata
from headstart.data.splits import folds, holdout
from headstart.data.targets import of_values


def test_the_stratum_of_tags_is_the_rarest():
    labels = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 0, 1], [0, 1, 1], [1, 0, 1]], dtype=bool)
    assert strata(labels).tolist() == [1, 0, 3, 2, 1, 2]  # 4, 2 and 3 rows have each


def test_the_strata_of_numbers_are_quantiles():
    values = np.random.default_rng(0).permutation(100) ** 3.0
    found = strata(np.stack([values, -values], axis=1))
    assert np.bincount(found).tolist() == [10] * 10
    assert found[values.argsort()].tolist() == sorted(found.tolist())
    assert strata(values[:12, None]).max() == 1  # 5 rows of each at least
    assert strata(values[:3, None]).tolist() == [0, 0, 0]


def test_equal_numbers_are_in_one_stratum():
    for common in (0.0, 10.0):
        values = np.where(np.arange(100) < 70, common, np.arange(100) / 10)
        found = strata(values[:, None])
        assert len(set(found[values == common])) == 1
        assert not set(found[values == common]) & set(found[values != common])


@pytest.mark.parametrize("seed", range(5))
def test_shares_of_tags_and_numbers_are_kept_across_folds(seed):
    random = np.random.default_rng(seed)
    tags = of_values(random.random((200, 4)) < (0.5, 0.3, 0.1, 0.05), "tags", "tags")
    stratum = strata(tags.labels)
    fold = folds(stratum, None, 5, seed)
    for one in np.unique(stratum):
        assert np.ptp([(stratum[fold == part] == one).sum() for part in range(5)]) <= 1
    assert np.ptp([tags.labels[fold == part, 3].sum() for part in range(5)]) <= 1
    values = random.lognormal(0, 2, (200, 1))
    fold = folds(strata(values), None, 5, seed)
    middles = [np.median(np.log(values[fold == part])) for part in range(5)]
    assert np.ptp(middles) < 0.6  # a tenth of all is about as wide
    _, test = holdout(strata(values), None, 0.2, seed)
    assert len(test) == 40
    bins = strata(values)
    assert np.bincount(bins[test]).tolist() == [4] * 10


def test_few_of_each_stratum():
    found = data.load((np.arange(200.0).reshape(100, 2), np.arange(100) / 7), per_class=3)
    assert len(found) == 30
    assert found.label_kind == "numbers"
