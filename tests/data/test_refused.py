"""What can't be used is named, of whatever type it is."""

import numpy as np
import pytest

from headstart.core import BadData, BadInput, HeadstartError
from headstart.data import load

ROWS = {"x": [0.5, 1.5, 2.5, 3.5], "who": ["p", "p", "q", "q"], "label": ["a", "b", "a", "b"]}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"columns": 5}, "columns=5 is no list"),
        ({"categorical": 5}, "categorical=5 is no list"),
        ({"categorical": [5]}, r"categorical=\[5\]: 5 is no text"),
        ({"categorical": "x"}, r"categorical takes a list of columns; write \['x'\]"),
        ({"keep": 5}, "keep=5 is no list"),
        ({"keep": "x"}, r"keep takes a list of columns; write \['x'\]"),
        ({"per_class": "5"}, "per_class is '5'"),
        ({"per_class": 2.5}, "per_class is 2.5"),
        ({"name": 5}, "name=5 is no text"),
        ({"task": 5}, "No task is called '5'"),
        ({"label_column": None}, "label_column=None is no text"),
        ({"label_column": {"label"}}, r"label_column=\{'label'\} is no text; names are texts\."),
        ({"group_column": 3}, "names are texts: group_column='3'"),
        ({"group_column": "label"}, "group_column='label' is the column of labels, too"),
        ({"attribute_column": "label"}, "attribute_column='label' is the column of labels, too"),
        ({"group_column": "who", "label_column": "who"}, "group_column='who' is the column of labels"),
        ({"group_column": "Who"}, r"no column 'Who'\. Did you mean 'who'\?.*group_column='who'$"),
    ],
)
def test_options_of_a_wrong_kind(options, says):
    with pytest.raises(BadInput, match=says):
        load(ROWS, **options)


@pytest.mark.parametrize("source", [None, 5, 0.5, b"x", {1, 2}, object(), len, ..., "", "  "])
def test_sources_of_no_kind(source):
    with pytest.raises(BadInput, match=r"is no data that can be read|The source is"):
        load(source)


@pytest.mark.parametrize(
    "cells",
    [[[1.0, 2.0], [3.0]] * 2, [{"a": 1}, {"a": 2}] * 2, [np.zeros(3), np.ones(3)] * 2, [{1}, None] * 2],
)
def test_several_values_in_a_cell_are_named(cells):
    pandas = pytest.importorskip("pandas")
    for rows in ({**ROWS, "x": cells}, pandas.DataFrame({**ROWS, "x": cells})):
        with pytest.raises(BadData, match=r"column 'x' holds (a list|a dict|a ndarray|a set|arrays)"):
            load(rows)


def test_complex_numbers_are_named():
    with pytest.raises(BadData, match="the column 'x' holds complex128"):
        load({**ROWS, "x": np.arange(4) * 1j})


def test_labels_with_the_index_in_another_order():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(ROWS)
    x, y = frame[["x"]], frame["label"].iloc[::-1]
    way = r"has another order than that of the frame.*loc\[frame\.index\]"
    for beside in ({"labels": y}, {"labels": frame["label"], "groups": frame["who"].iloc[[1, 0, 2, 3]]}):
        with pytest.raises(BadInput, match=way):
            load(x, **beside)
    assert load((x, y.loc[x.index])).labels.tolist() == [0, 1, 0, 1]
    assert load((x, y.to_numpy())).labels.tolist() == [1, 0, 1, 0]
    assert load((x, y.reset_index(drop=True).set_axis([7, 8, 9, 10]))).labels.tolist() == [1, 0, 1, 0]


def test_each_is_a_mistake_of_the_user():
    with pytest.raises(HeadstartError):
        load(([], []))
