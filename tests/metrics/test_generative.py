"""Memorisation, density and coverage on a line, by hand."""

import numpy as np
import pytest

from headstart.core import BadData
from headstart.metrics.generative import density_coverage, memorisation, nearest_distances

LINE = np.array([[0.0], [1.0], [3.0], [7.0]])


def test_nearest_neighbours():
    assert nearest_distances([[2.5]], LINE).tolist() == [0.5]
    assert nearest_distances(LINE, LINE, 1, same=True).tolist() == [1, 1, 2, 4]
    assert nearest_distances(LINE, LINE, 2, same=True).tolist() == [3, 2, 3, 6]


def test_balls_around_real_rows():
    """They are [-1, 1], [0, 2], [1, 5] and [3, 11]: 0.5 is in two of them, 4 in two, 20 in none."""
    found = density_coverage(LINE, [[0.5], [4.0], [20.0]], k=1)
    assert found.density == pytest.approx(4 / 3)
    assert found.coverage == 1
    assert density_coverage(LINE, [[0.5]], k=1).coverage == 0.5
    assert density_coverage(LINE, [[0.5]], k=1).density == 2


def test_copies_have_no_distance_and_like_rows_the_same():
    draw = np.random.default_rng(0)
    train, held_out, new = (draw.normal(size=(300, 3)) for _ in range(3))
    copied = memorisation(train[:100] + 1e-6, held_out, train, 0)
    assert copied.ratio.value < 1e-4
    assert copied.copies == 1
    fine = memorisation(new, held_out, train, 0)
    assert fine.ratio.low < 1 < fine.ratio.high
    assert fine.copies == pytest.approx(0.05, abs=0.04)


def test_where_held_out_rows_are_copies_nothing_is_told():
    """Tables of few names: samples equal to training rows are no more copies than these."""
    draw = np.random.default_rng(0)
    corners = 0.1 * np.eye(8)[draw.integers(0, 8, 300)] + 0.3
    found = memorisation(corners[:100], corners[100:200], corners[200:], 0)
    assert found.ratio is None
    assert found.copies <= 0.05
    half = np.concatenate([corners[:45], corners[:55] + draw.normal(size=(55, 8))])
    told = memorisation(half, half, corners, 0).ratio
    assert told.value == 1
    assert np.isfinite(told.high)


def test_too_few_rows():
    with pytest.raises(BadData, match="needs 6 rows or more, not 4"):
        density_coverage(LINE, LINE, k=5)
