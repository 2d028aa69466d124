"""What stands in two data sets, exactly or nearly."""

import numpy as np
import pytest
from PIL import Image
from tests.data.painting import photo

from headstart.data.load import load
from headstart.data.overlap import copies


def numbers(*values):
    return load((np.array(values, dtype=np.float32)[:, None], np.arange(len(values)) % 2))


def test_equal_rows_are_found_once_each():
    source, target = numbers(5, 1, 7, 1), numbers(0, 1, 2, 7, 7)
    assert copies(source, target) == ([(1, 1), (2, 3), (3, 1)], [])
    assert copies(numbers(8, 9), target) == ([], [])


def test_texts_are_compared_without_case_and_spaces_too():
    source = load((["Good film", "never seen", "a BAD  film!", "other"], [0, 1, 0, 1]))
    target = load((["A bad film", "good", "Good film"], [0, 1, 1]))
    assert copies(source, target) == ([(0, 2)], [(2, 0)])


@pytest.fixture
def pictures():
    """Six different pictures as (n, 40, 60, 3), and a brighter and coarser one of the first."""
    made = [photo(60, 40, seed) for seed in range(6)]
    small = made[0].resize((30, 20), Image.Resampling.BICUBIC).resize((60, 40), Image.Resampling.BICUBIC)
    return np.stack([np.asarray(one) for one in (*made, small.point(lambda level: min(255, level + 12)))])


def test_pictures_are_compared_by_what_they_look_like_too(pictures):
    source = load((pictures[[6, 1, 2, 3]], [0, 1, 0, 1]))
    target = load((pictures[[4, 3, 0, 5]], [0, 1, 0, 1]))
    assert copies(source, target) == ([(3, 1)], [(0, 2)])


def test_copies_within_one_of_the_two_do_not_count(pictures):
    source, target = load((pictures[[0, 6]], [0, 1])), load((pictures[[1, 1, 2]], [0, 1, 0]))
    assert copies(source, target) == ([], [])
