"""Colours that go with the class in exactly the share of rows that was asked for."""

import numpy as np
import pytest

import headstart as hs
from headstart.core import BadInput
from headstart.data.attributes import association, class_by_attribute_groups
from headstart.data.confounded import PALETTE, confounded


@pytest.fixture
def grey():
    pictures = np.random.default_rng(0).integers(1, 256, (60, 5, 4)).astype(np.uint8)
    return hs.data.load((pictures, ["a", "b", "c"] * 20))


def test_shares_by_hand(grey):
    """Of 20 rows a class, 16 have its colour, and the other 4 two each of the other colours."""
    found = confounded(grey, 0.8)
    table = np.array(class_by_attribute_groups(found).rows()).reshape(3, 3)
    assert found.attribute_names == ("red", "green", "blue")
    assert table.tolist() == [[16, 2, 2], [2, 16, 2], [2, 2, 16]]
    assert (
        np.array(class_by_attribute_groups(confounded(grey, 0.0)).rows()).reshape(3, 3).diagonal() == 0
    ).all()


def test_independence_and_certainty(grey):
    assert association(confounded(grey, 0.5, colours=2)) == pytest.approx(0)
    assert association(confounded(grey, 1.0)) == pytest.approx(1)


def test_the_pictures_are_the_grey_ones_in_colour(grey):
    found = confounded(grey, 0.9)
    palette = np.array(list(PALETTE.values()))
    row = 7
    red, _, blue = palette[found.attributes[row]]
    np.testing.assert_array_equal(found.array[row, :, :, 0], np.rint(grey.array[row] * (red / 255)))
    np.testing.assert_array_equal(found.array[row, :, :, 2], np.rint(grey.array[row] * (blue / 255)))
    assert found.array.shape == (60, 5, 4, 3)
    assert found.labels.tolist() == grey.labels.tolist()
    assert grey.attributes is None


def test_who_gets_which_colour_is_a_function_of_the_seed(grey):
    one, same, other = (confounded(grey, 0.5, seed=seed).attributes for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("agreement", "colours", "says"),
    [(1.1, None, "agreement=1.1"), (0.5, 1, "colours=1"), (0.5, 11, "colours=11")],
)
def test_bad_settings(grey, agreement, colours, says):
    with pytest.raises(BadInput, match=says):
        confounded(grey, agreement, colours=colours)


def test_what_can_not_be_coloured(grey):
    with pytest.raises(BadInput, match="has colours already"):
        confounded(confounded(grey))
    with pytest.raises(BadInput, match="no array of pictures"):
        confounded(hs.data.load((np.eye(4), [0, 1, 0, 1])))
