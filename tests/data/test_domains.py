"""A labelled source and an unlabelled target side by side."""

import numpy as np
import pytest

import headstart as hs
from headstart.core import BadData, BadInput


def rows(n, seed=0, names=("a", "b", "c")):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 4)).astype(np.float32), np.array(names)[np.arange(n) % len(names)]


def test_labels_of_the_target_are_dropped():
    source, target = hs.data.load(rows(12)), hs.data.load(rows(9, 1))
    domains = hs.data.Domains(source, target)
    assert domains.target.classes == ("unlabelled",)
    assert not domains.target.labels.any()
    np.testing.assert_array_equal(domains.target.array, target.array)
    assert set(target.labels.tolist()) == {0, 1, 2}  # the caller's are as they were


def test_a_pair_as_target_is_refused():
    with pytest.raises(BadInput, match=r"The target is a pair.*target_labelled=\(x, y\)"):
        hs.data.Domains(rows(12), rows(9))


def test_few_rows_are_told_in_the_source_s_order():
    x, _ = rows(4)
    domains = hs.data.Domains(rows(12), rows(9, 1)[0], target_labelled=(x, np.array(["c", "c", "a", "a"])))
    assert domains.target_labelled.classes == ("a", "b", "c")
    assert domains.target_labelled.labels.tolist() == [2, 2, 0, 0]


def test_classes_that_the_source_has_not_are_named():
    x, _ = rows(4)
    target_labelled = (x, np.array(["c", "d", "a", "e"]))
    with pytest.raises(BadData, match=r"classes that .* has not: 'd', 'e'.*overlap=True"):
        hs.data.Domains(rows(12), rows(9)[0], target_labelled=target_labelled)
    domains = hs.data.Domains(rows(12), rows(9)[0], target_labelled=target_labelled, overlap=True)
    assert domains.target_labelled.labels.tolist() == [2, 0]


def test_nothing_in_common_is_refused_even_if_overlap_is_enough():
    x, _ = rows(4)
    both = r"arrays \(target\) and arrays \(source\) have no class in common: 'd', 'e' against 'a', 'b', 'c'"
    with pytest.raises(BadData, match=both):
        hs.data.Domains(
            rows(12), rows(9)[0], target_labelled=(x, np.array(["d", "e", "d", "e"])), overlap=True
        )


def test_another_kind_of_label_is_refused():
    x, _ = rows(4)
    with pytest.raises(BadData, match="has numbers as labels"):
        hs.data.Domains(rows(12), rows(9)[0], target_labelled=(x, np.array([0.5, 1.5, 2.25, 3.5])))


@pytest.mark.parametrize("many", [0, 1])
def test_too_few_rows_of_a_target(many):
    with pytest.raises(BadData, match="no rows" if many == 0 else "one row"):
        hs.data.Domains(rows(12), rows(9)[0][:many])


def test_other_columns_are_refused():
    with pytest.raises(BadData):
        hs.data.Domains(rows(12), np.zeros((9, 5), np.float32))
