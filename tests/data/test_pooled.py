"""Several labelled data sets as one: every row keeps its sample and label, and says where it is from."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.study.experiments import rows

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.data.check import check
from headstart.data.load import load
from headstart.data.pooled import about_pooled, load_each, pool, rows_from, why_not_pooled
from headstart.data.unlabelled import CLASS


def said(data):
    """What a user would say of each row: its sample and its label."""
    return [(data.raw(row).tobytes(), data.said(row)) for row in range(len(data))]


def three():
    x, y = rows(classes=3, each=4, seed=1)
    return load((x, np.array(["a", "b", "c"])[y]), name="one")


def two():
    x, y = rows(classes=2, each=3, seed=2)
    return load((x, np.array(["d", "b"])[y]), name="two")


def test_rows_by_hand():
    data = pool([three(), two()])
    assert (data.name, data.classes, len(data)) == ("one + two", ("a", "b", "c", "d"), 18)
    assert said(data) == said(three()) + said(two())
    assert data.attribute_names == ("one", "two")
    assert data.attributes.tolist() == [0] * 12 + [1] * 6
    assert data.items[0], data.items[12] == ("one: row 0", "two: row 0")
    assert data.content != pool([two(), three()]).content
    assert rows_from(data, np.array([0, 11, 12])) == {"one": 2, "two": 1}
    (note,) = about_pooled(data, np.arange(18))
    assert note == (
        "The source is pooled from one (12 rows), two (6 rows). Not in all of them: the classes 'a', 'c', "
        "'d'."
    )
    assert about_pooled(pool([three()]), np.arange(12)) == []


def test_one_is_the_one_that_was_given():
    data = three()
    assert pool([data]) is data
    assert pool(load_each([data])) is data
    assert pool(load_each(data)) is data
    assert rows_from(data, np.arange(5)) == {"one": 5}


def test_a_list_is_several_and_a_list_of_rows_is_a_table():
    x, y = rows()
    both = load_each([(x, y), (x[:30], y[:30])])
    assert [one.name for one in both] == ["arrays", "arrays 2"]
    assert [len(one) for one in both] == [60, 30]
    cells = [{"size": k % 7 + k / 9, "label": "ab"[k % 2]} for k in range(20)]
    (table,) = load_each(cells)
    assert (table.kind, len(table)) == ("tables", 20)
    with pytest.raises(BadInput, match=r"The source is \[\]; it must be a data set, or a list"):
        load_each([])


def test_texts_and_pictures(tmp_path):
    some = [load((["good", "bad", "fine"], ["x", "y", "x"])), load((["so", "no"], ["y", "x"]), name="b")]
    assert pool(some).texts == ("good", "bad", "fine", "so", "no")
    clipart = load("clipart").subset(np.arange(4))
    pixels = load((np.arange(3 * 64, dtype=np.uint8).reshape(3, 8, 8), [0, 1, 1]), name="pixels")
    both = pool([clipart, pixels])
    assert (both.kind, len(both)) == ("pictures", 7)
    assert both.picture(6).tobytes() == pixels.picture(2).tobytes()
    assert both.subset([5, 1]).picture(1).tobytes() == clipart.picture(1).tobytes()
    with pytest.raises(BadData, match="Give two domains of one kind"):
        pool([clipart, some[0]])


def test_columns_and_names_of_tables_are_matched_by_name():
    first = pd.DataFrame({"colour": ["red", "blue"] * 5, "size": np.arange(10) / 7, "label": ["a", "b"] * 5})
    second = pd.DataFrame({"size": np.arange(8) / 3, "label": ["b", "a"] * 4, "colour": ["grey", "red"] * 4})
    data = pool([load(first, name="one"), load(second, name="two")])
    assert data.table.row(0) == {"colour": "red", "size": 0.0}
    assert data.table.row(11) == {"colour": "red", "size": pytest.approx(1 / 3)}
    assert data.table.row(10)["colour"] == "grey"
    with pytest.raises(BadData, match="has the column 'weight'"):
        pool([load(first, name="one"), load(second.assign(weight=np.arange(8) / 5), name="two")])


def test_tags_and_numbers_need_the_same_names():
    x, _ = rows(each=4)
    tags = load((x, np.eye(3, dtype=bool)[np.arange(12) % 3]), task="multilabel", name="tags")
    turned = replace(tags, name="turned", classes=tags.classes[::-1])
    data = pool([tags, turned])
    assert data.classes == tags.classes
    assert [data.said(12 + row) for row in range(12)] == [turned.said(row) for row in range(12)]
    other = replace(tags, name="other", classes=("p", "q", "r"))
    assert why_not_pooled([tags, other]) == "other has the tags 'p', which tags has not"
    with pytest.raises(BadData, match="The sources can't be pooled: tags has tags as labels and one classes"):
        pool([tags, three()])


def test_groups_of_different_sources_stay_apart():
    one, other = three(), two()
    grouped = replace(one, groups=np.array([7] * 6 + [9] * 6))
    data = pool([grouped, replace(other, groups=np.array([9, 9, 7, 7, 7, 7])), other])
    numbers = data.groups.tolist()
    assert numbers == [0] * 6 + [1] * 6 + [3, 3, 2, 2, 2, 2] + [4, 5, 6, 7, 8, 9]
    assert pool([one, other]).groups is None
    parts = pool([replace(one, split=("test",) * 12), other]).split
    assert parts == ("test",) * 12 + ("train",) * 6


def test_copies_in_two_sources_are_one_group():
    one = three()
    data = check(pool([one, replace(one, name="again")])).dataset
    assert data.groups[:12].tolist() == data.groups[12:].tolist()


def test_domains_pool_their_sources():
    x, _ = rows(seed=9)
    found = hs.data.Domains([three(), two()], x)
    assert found.source.attribute_names == ("one", "two")
    assert found.target.classes == (CLASS,)
    assert hs.data.Domains([three()], x).source.content == three().content
