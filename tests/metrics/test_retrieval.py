"""Ranks and recall of queries, by hand."""

import numpy as np
import pytest
import torch

from headstart.metrics.retrieval import chance, first_ranks, inverted, matches


def test_ranks_by_hand():
    """Scores of the first query: 3, 1, 2; of the second all the same, so that the others come first."""
    gallery = torch.tensor([[3.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
    queries = torch.eye(2)
    assert first_ranks(queries, gallery, [[0], [0]]).tolist() == [1, 3]
    assert first_ranks(queries, gallery, [[1], [1, 2]]).tolist() == [3, 2]
    assert first_ranks(queries, gallery, [[1, 2], [0, 1, 2]]).tolist() == [2, 1]


def test_chance_by_hand():
    assert chance([[0]], 10, 5) == pytest.approx(0.5)
    assert chance([[0, 1]], 4, 2) == pytest.approx(1 - (2 / 4) * (1 / 3))
    assert chance([[0], [0, 1, 2, 3]], 4, 1) == pytest.approx((0.25 + 1) / 2)
    assert chance([[0, 1, 2]], 4, 2) == 1


def test_chance_is_what_random_orders_give():
    rng = np.random.default_rng(0)
    relevant = [[0], [3, 4], [1, 5, 6]]
    found = []
    for _ in range(3000):
        places = rng.permutation(8)
        found.append(np.mean([min(places[mine]) < 3 for mine in relevant]))
    assert chance(relevant, 8, 3) == pytest.approx(np.mean(found), abs=0.02)


def test_equal_pictures_and_texts_count_once():
    pictures, texts, of_picture = matches(["a", "b", "a", "c"], ["x", "y", "z", "x"])
    assert (pictures, texts, of_picture) == ([0, 1, 3], [0, 1, 2], [{0, 2}, {1}, {0}])
    assert inverted(of_picture, 3) == [[0, 2], [1], [0]]
