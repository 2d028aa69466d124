"""What the check says of tags and numbers, and of classes that may be numbers."""

import numpy as np
import pytest

import headstart.data as data
from headstart.core import BadData
from headstart.data.number_findings import far_out, skewness

EVEN = np.linspace(1, 2, 60)


def samples(n):
    return np.random.default_rng(0).normal(size=(n, 3))


def checked(y, x=None, **options):
    found = data.check(data.load((samples(len(y)) if x is None else x, y), **options))
    return found, {finding.kind: finding for finding in found.findings}


def flags(*columns):
    return np.array(columns, dtype=bool).T


HALF, THIRD = np.arange(60) % 2 == 0, np.arange(60) % 3 == 0


# --- numbers


def test_healthy_numbers_give_no_findings():
    found, kinds = checked(np.stack([EVEN, -(EVEN**2)], axis=1))
    assert kinds == {}
    assert found.class_counts == {}
    assert found.groups.tolist() == list(range(60))


def test_a_constant_column_is_refused():
    with pytest.raises(BadData, match=r"'target 1' is 3\.5 in all readable rows: there is nothing to learn"):
        checked(np.stack([EVEN, np.full(60, 3.5)], axis=1))


def test_a_constant_training_part_is_refused(tmp_path):
    lines = [f"{n},{2.5 if n < 40 else n},{'train' if n < 40 else 'test'}" for n in range(60)]
    (tmp_path / "a.csv").write_text("\n".join(["x,label,part", *lines]))
    found = data.load(tmp_path / "a.csv", split_column="part")
    with pytest.raises(BadData, match=r"'label' is 2\.5 in all readable training rows of your split"):
        data.check(found)
    assert len(data.check(data.load(tmp_path / "a.csv")).rows) == 60


def test_few_rows():
    assert checked(EVEN[:29])[1]["few-examples"].text.startswith("There are 29 rows, fewer than 30.")
    assert checked(EVEN[:30])[1] == {}
    with pytest.raises(BadData, match="One row can be read"):
        checked(EVEN[:1], task="regression")


def test_values_far_from_all_others():
    values = EVEN.copy()
    values[7], values[9] = 50, -90
    found = checked(values)[1]["outliers"]
    assert found.items == ["row 9: -90", "row 7: 50"]
    assert "2 rows have values of 'target' far from all others, such as -90" in found.text
    # quartiles 1.25 and 1.75 of 0, ..., 3: three ranges of 0.5 beyond reach from -0.25 to 3.25
    quarters = np.array([1.0, 1.25, 1.5, 1.75, 2.0])
    assert far_out(quarters).tolist() == []
    assert far_out(np.array([-0.3, 1.25, 1.5, 1.75, 3.2])).tolist() == [0]
    assert far_out(np.array([-0.2, 1.25, 1.5, 1.75, 3.3])).tolist() == [4]


def test_a_long_tail():
    # deciles of 0 to 10: 1, 5, 9; with 10 and 90 at the ends (90 + 1 - 2 * 5) / 89
    assert skewness(np.arange(11.0)) == 0
    tail = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 90, 99.0])
    assert skewness(tail) == pytest.approx(81 / 89)
    assert skewness(-tail) == pytest.approx(-81 / 89)
    assert skewness(np.zeros(5)) == 0
    values = np.exp(2 * np.random.default_rng(1).normal(size=200))
    assert checked(values)[1]["skewed"].text.endswith("Its logarithm may be easier to learn.")
    assert "small values" in checked(-values)[1]["skewed"].text


def test_numbers_that_look_like_classes():
    some = checked(np.arange(60) % 5 + 0.5)[1]["looks-like-classes"]
    assert some.severity == "note"
    assert some.items == ["0.5", "1.5", "2.5", "3.5", "4.5"]
    two = checked(np.arange(60) % 2, task="regression")[1]["looks-like-classes"]
    assert (two.severity, two.count) == ("warning", 2)
    assert "looks-like-classes" not in checked(np.arange(60) % 15 + 0.5)[1]
    flat = checked(flags(HALF, THIRD).astype(float))[1]
    assert flat["looks-like-tags"].items == ["target 0", "target 1"]
    assert "looks-like-tags" not in checked(EVEN)[1]


def test_the_same_sample_with_other_numbers():
    x = samples(60)
    x[3] = x[1]
    x[4] = x[2]
    values = EVEN.copy()
    values[4] = values[2]
    found, kinds = checked(values, x)
    assert kinds["exact-duplicates"].count == 4
    assert kinds["conflicting-labels"].count == 1
    assert kinds["conflicting-labels"].items == ["row 1 (target = 1.01695) = row 3 (target = 1.05085)"]
    assert "repeated measurements" in kinds["conflicting-labels"].text
    assert found.groups[1] == found.groups[3]


# --- tags


def test_healthy_tags_give_no_findings():
    found, kinds = checked(flags(HALF, ~HALF | THIRD))
    assert kinds == {}
    assert found.class_counts == {"tag 0": 30, "tag 1": 40}


def test_rare_tags():
    kinds = checked(flags(HALF, ~HALF, THIRD & (np.arange(60) < 1), np.arange(60) < 2, np.zeros(60)))[1]
    assert kinds["rare-tags"].items == ["tag 2", "tag 4"]
    assert kinds["rare-tags"].severity == "warning"
    assert kinds["few-examples"].items == ["tag 3"]


def test_rows_without_tags():
    kinds = checked(flags(HALF, HALF & THIRD))[1]
    assert kinds["untagged"].count == 30
    assert kinds["untagged"].items[0] == "row 1"


def test_tags_that_say_nothing():
    kinds = checked(flags(HALF, np.ones(60), HALF, ~HALF))[1]
    assert kinds["constant-tags"].items == ["tag 1"]
    assert kinds["twin-tags"].items == ["'tag 0' = 'tag 2'"]
    with pytest.raises(BadData, match="each is in all 60 readable rows or in none"):
        checked(flags(np.ones(60), np.zeros(60)))


def test_tags_of_a_split(tmp_path):
    lines = [
        f"{n},{'a;b' if n > 50 else 'a;c' if n < 20 else ''},{'train' if n < 40 else 'test'}"
        for n in range(60)
    ]
    (tmp_path / "a.csv").write_text("\n".join(["x,label,part", *lines]))
    found = data.check(data.load(tmp_path / "a.csv", split_column="part", task="multilabel"))
    kinds = {finding.kind: finding for finding in found.findings}
    assert kinds["untrained-tags"].items == ["b"]
    assert kinds["untested-classes"].items == ["c"]


def test_names_of_tags_that_are_nearly_the_same():
    kinds = checked([["red"], ["Red"], ["blue"]] * 20)[1]
    assert kinds["similar-classes"].text.startswith("Names of tags differ by case")


def test_the_same_sample_with_other_tags():
    x = samples(60)
    x[3], x[4] = x[1], x[2]
    y = flags(HALF, ~HALF | THIRD)
    y[4] = y[2]
    y[3] = True
    found = checked(y, x)[1]["conflicting-labels"]
    assert found.items == ["row 1 (tag 1) = row 3 (tag 0, tag 1)"]


# --- classes that may be numbers


def test_classes_that_are_many_numbers():
    ages = np.arange(60) % 25
    kinds = checked(ages)[1]
    assert "25 different numbers" in kinds["looks-like-numbers"].text
    assert "task='regression'" in kinds["looks-like-numbers"].text
    with pytest.raises(BadData, match=r"Too few readable rows .* 60 different numbers.*task=.regression"):
        checked(np.arange(60))
    names = [*map(str, range(59)), "unknown"]
    with pytest.raises(BadData, match=r"different numbers, but for 'unknown', so"):
        checked(names)


def test_classes_that_are_codes():
    assert "looks-like-numbers" not in checked(np.arange(400) % 20)[1]
    with pytest.raises(BadData) as told:
        checked([*"abcdefghijklmno"] * 2 + ["z"])
    assert "numbers" not in str(told.value)


def test_classes_of_one_row_that_hold_separators_are_hinted_to_be_tags(tmp_path):
    (tmp_path / "tags.csv").write_text("text,label\n" + "a,red\nb,red\nc,blue\nd,blue\ne,red;blue\n")
    with pytest.raises(BadData, match=r"Too few readable rows .*'red;blue'.*task=.multilabel"):
        data.check(data.load(tmp_path / "tags.csv"))
