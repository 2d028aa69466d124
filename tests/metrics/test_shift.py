"""How domains differ: numbers by hand, double loops, SciPy's tests, and what must be seen or not be seen."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import false_discovery_control, ks_2samp

from headstart.core import BadData, BadInput
from headstart.metrics.shift.coverage import effective_sample_size, support
from headstart.metrics.shift.discrepancy import mmd, proxy_a_distance
from headstart.metrics.shift.drift import benjamini_hochberg, drift
from headstart.metrics.shift.labels import label_shift


def normal(rows, width=1, seed=0, mean=0.0):
    return np.random.default_rng(seed).normal(mean, 1, (rows, width))


# --- maximum mean discrepancy


def by_double_loop(source, target, widths):
    def kernel(x, z):
        return np.mean([math.exp(-np.sum((x - z) ** 2) / (2 * width**2)) for width in widths])

    n, m = len(source), len(target)
    one = sum(kernel(source[i], source[j]) for i in range(n) for j in range(n) if i != j)
    other = sum(kernel(target[i], target[j]) for i in range(m) for j in range(m) if i != j)
    across = sum(kernel(x, z) for x in source for z in target)
    return one / (n * (n - 1)) + other / (m * (m - 1)) - 2 * across / (n * m)


@pytest.mark.parametrize("widths", [(1.5,), (0.5, 1.0, 4.0)])
def test_mmd_is_what_a_double_loop_finds(widths):
    source, target = normal(9, 3), normal(6, 3, 1, 0.7) + 100  # a common offset costs no digits
    source = source + 100
    found = mmd(source, target, widths, permutations=1)
    assert found.value == pytest.approx(by_double_loop(source, target, widths), abs=1e-10)
    assert found.bandwidths == widths


def test_the_bandwidth_is_the_median_distance_of_the_pool():
    found = mmd([[0.0], [1.0]], [[3.0], [3.5]], permutations=1)
    assert found.bandwidths == (pytest.approx((2.0 + 2.5) / 2, abs=0.02),)  # 0.5 1 2 2.5 3 3.5
    assert mmd(np.ones((3, 2)), np.ones((3, 2)), permutations=9)[:2] == (0.0, 1.0)  # nothing to tell apart


def test_the_p_value_is_the_share_of_all_deals():
    """Of the 20 ways to take 3 of 6 rows, two are as far apart as the observed: it and its mirror image."""
    found = mmd([[0.0], [0.1], [0.2]], [[9.0], [9.1], [9.2]], (1.0,), permutations=4000)
    assert found.p_value == pytest.approx(0.1, abs=0.02)


def test_mmd_sees_a_shift_and_the_seed_is_all_that_is_random():
    source, target = normal(60, 2), normal(50, 2, 1, 1.0)
    found = mmd(source, target, seed=3)
    assert found.value > 0.1
    assert found.p_value == 1 / 201
    assert mmd(source, target, seed=3) == found
    few = mmd(source, normal(50, 2, 5, 0.25), seed=3)
    assert few.p_value != mmd(source, normal(50, 2, 5, 0.25), seed=4).p_value


def test_p_values_are_uniform_where_nothing_has_shifted():
    found = [mmd(normal(20, 2, seed), normal(15, 2, seed + 1000), permutations=99) for seed in range(200)]
    p_values = np.array([each.p_value for each in found])
    assert abs((p_values <= 0.1).mean() - 0.1) < 0.065  # three standard errors
    assert abs((p_values <= 0.5).mean() - 0.5) < 0.11
    values = [each.value for each in found]
    assert abs(np.mean(values)) < 3 * np.std(values) / math.sqrt(200)  # unbiased


def test_of_many_rows_some_are_drawn():
    found = mmd(normal(300), normal(300, 1, 1, 2.0), most=40)
    assert found.p_value == 1 / 201
    whole = mmd(normal(300), normal(300, 1, 1, 2.0), bandwidths=found.bandwidths)
    assert found.value != whole.value
    assert found.value == pytest.approx(whole.value, abs=0.2)


@pytest.mark.parametrize(
    ("given", "distance"),
    [
        ({"error": 0.5}, 0),
        ({"error": 0.0}, 2),
        ({"error": 0.1}, 1.6),
        ({"error": 0.8}, 0),
        ({"auc": 0.9}, 1.6),
    ],
)
def test_proxy_a_distance_by_hand(given, distance):
    assert proxy_a_distance(**given) == pytest.approx(distance)


# --- single features


def test_drift_by_hand():
    found = drift([[1.0], [2.0], [3.0], [4.0]], [[3.0], [4.0], [5.0]])
    assert found.statistic.tolist() == pytest.approx([2 / 4])  # up to 2: two of four against none


def test_drift_agrees_with_scipy():
    source = normal(60, 6)
    target = normal(45, 6, 1) + np.array([0, 0.2, 0.4, 0.6, 1.0, 3.0])
    found = drift(source, target)
    exact = ks_2samp(source, target, axis=0)
    np.testing.assert_allclose(found.statistic, exact.statistic, atol=1e-12)
    np.testing.assert_allclose(found.p_value, exact.pvalue, atol=0.02)
    np.testing.assert_allclose(found.p_value[3:5], exact.pvalue[3:5], rtol=0.5)
    np.testing.assert_allclose(found.adjusted, false_discovery_control(found.p_value), atol=1e-15)
    assert found.drifted.tolist() == (found.adjusted <= 0.05).tolist()
    assert found.drifted[[0, 5]].tolist() == [False, True]


def test_drift_finds_few_where_there_is_none():
    p_values = np.concatenate([drift(normal(50, 20, s), normal(80, 20, s + 99)).p_value for s in range(30)])
    assert abs((p_values <= 0.1).mean() - 0.1) < 0.04
    reports = [drift(normal(50, 20, s), normal(80, 20, s + 99)).drifted.any() for s in range(60)]
    assert np.mean(reports) < 0.15  # of 60 at a rate of 0.05; without adjustment 0.64 of them


def test_the_same_rows_have_not_drifted():
    found = drift(normal(30, 2), normal(30, 2))
    assert found.statistic.tolist() == [0, 0]
    assert found.p_value.tolist() == [1, 1]


def test_benjamini_hochberg_by_hand():
    found = benjamini_hochberg(np.array([0.04, 0.01, 0.03, 0.5]))
    np.testing.assert_allclose(found, [0.16 / 3, 0.04, 0.16 / 3, 0.5])


# --- classes


def test_label_shift_by_hand():
    """Right in 3 of 4 for class 0 and 4 of 4 for class 1; a target that says 0 in 3 of 8 has half of each."""
    source_labels = [0] * 4 + [1] * 4
    found = label_shift([0, 0, 0, 1] + [1] * 4, source_labels, [0] * 3 + [1] * 5, 2)
    np.testing.assert_allclose(found.confusion, [[3 / 8, 0], [1 / 8, 4 / 8]])
    np.testing.assert_allclose(found.shares, [0.5, 0.5])
    np.testing.assert_allclose(found.weights, [1.0, 1.0])
    more = label_shift([0, 0, 0, 1] + [1] * 4, source_labels, [0] * 3 + [1], 2)  # 3/4 says 0: all are
    np.testing.assert_allclose(more.shares, [1.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(more.weights, [2.0, 0.0], atol=1e-12)


def test_label_shift_in_an_unbalanced_source():
    rng = np.random.default_rng(0)

    def said(labels):
        return np.where(rng.random(len(labels)) < 0.7, labels, rng.integers(3, size=len(labels)))

    source, target = (rng.choice(3, 20000, p=shares) for shares in ([0.6, 0.3, 0.1], [0.1, 0.3, 0.6]))
    found = label_shift(said(source), source, torch.from_numpy(said(target)), 3)
    np.testing.assert_allclose(found.shares, [0.1, 0.3, 0.6], atol=0.02)
    np.testing.assert_allclose(found.weights, [1 / 6, 1, 6], rtol=0.1)
    assert found.condition > 1


def test_what_is_never_negative_is_cut_and_sums_to_one():
    found = label_shift([0, 0, 0, 1, 1, 1, 1, 0], [0] * 4 + [1] * 4, [0] * 9 + [1], 2)
    np.testing.assert_allclose(found.shares, [1, 0], atol=1e-12)  # solved: 1.3 and -0.3


# --- weights and reach


def test_effective_sample_size_by_hand():
    assert effective_sample_size([2.0, 2.0, 2.0]) == pytest.approx(3)
    assert effective_sample_size(torch.tensor([0.0, 0.0, 1e300], dtype=torch.float64)) == pytest.approx(1)
    assert effective_sample_size([1, 3]) == pytest.approx(1.6)


def test_support_by_hand():
    """Neighbours in the source are 1, 1, 1, 1 and 6 away: of 5, the quantile 0.8 is 1."""
    source = np.array([[0.0], [1.0], [2.0], [3.0], [9.0]])
    found = support(source, [[0.5], [-1.0], [-1.1], [9.9], [6.0]], k=1, quantile=0.8)
    assert found.radius == pytest.approx(1)
    assert found.inside.tolist() == [True, True, False, True, False]
    assert found.share == pytest.approx(3 / 5)


def test_support_without_shift_is_the_quantile_and_far_away_nothing():
    share = np.mean([support(normal(300, 3, s), normal(200, 3, s + 50)).share for s in range(10)])
    assert share == pytest.approx(0.95, abs=0.02)
    assert support(normal(300, 3), normal(50, 3, 1, 9.0)).share == 0
    rows = np.repeat(normal(4, 3) + 1000, 6, axis=0)
    assert support(rows, rows[:7]).share == 1  # rows that are the same, at no distance but rounding


def test_blocks_change_nothing(monkeypatch):
    source, target = normal(40, 2), normal(30, 2, 1, 1.0)
    whole = support(source, target)
    monkeypatch.setattr("headstart.metrics.shift.coverage.BLOCK", 120)
    assert support(source, target).inside.tolist() == whole.inside.tolist()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mmd(normal(5, 2), normal(5, 3)), "2 columns and target rows 3"),
        (lambda: mmd([[1.0], [math.nan]], [[1.0]]), "1 of 2 rows of source rows"),
        (lambda: mmd([[1.0], [2.0]], [[1.0]]), "two rows of each"),
        (lambda: drift([1.0], [[1.0]]), "rows, width"),
        (lambda: benjamini_hochberg([0.5, 1.5]), "in \\[0, 1\\]"),
        (lambda: label_shift([0, 1], [0, 1], [0, 2], 2), "from 0 to 2"),
        (lambda: label_shift([0, 1], [0, 1, 1], [0], 2), "2 answers and 3 labels"),
        (lambda: label_shift([0, 1], [0, 0], [0], 2), "Class 1 has no source row"),
        (lambda: label_shift([0, 1, 0, 1], [0, 0, 1, 1], [0], 2), "tell all classes apart"),
        (lambda: label_shift([], [], [], 2), "one or more ints"),
        (lambda: support(normal(5), normal(5), k=5), "more than 5 rows"),
        (lambda: effective_sample_size([1.0, -1.0]), "finite numbers >= 0"),
        (lambda: effective_sample_size([0.0]), "No weight is > 0"),
    ],
)
def test_data_that_cannot_be_used_are_refused(call, words):
    with pytest.raises(BadData, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mmd(normal(5), normal(5), [0.0]), "finite numbers > 0"),
        (lambda: mmd(normal(5), normal(5), []), "one or more"),
        (lambda: mmd(normal(5), normal(5), permutations=0), "permutations >= 1"),
        (proxy_a_distance, "one of the two"),
        (lambda: proxy_a_distance(error=0.1, auc=0.9), "one of the two"),
        (lambda: proxy_a_distance(auc=1.2), "auc is 1.2"),
        (lambda: drift(normal(5), normal(5), level=1.0), "level is 1.0"),
        (lambda: label_shift([0], [0], [0], 1), "classes is 1"),
        (lambda: support(normal(9), normal(9), quantile=0), "quantile in"),
        (lambda: support(normal(9), normal(9), k=0), "k >= 1"),
    ],
)
def test_settings_out_of_range_are_refused(call, words):
    with pytest.raises(BadInput, match=words):
        call()
