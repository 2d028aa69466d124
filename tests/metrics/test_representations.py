"""Monitors of embeddings and votes of neighbours, by hand."""

import math

import pytest
import torch

from headstart.core import BadData
from headstart.metrics import neighbours
from headstart.metrics.neighbours import vote
from headstart.metrics.representations import alignment, effective_rank, feature_spread, uniformity


def random(n, d):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(0))


def test_effective_rank_by_hand():
    """Singular values 2 and 1: shares 2/3 and 1/3."""
    entropy = -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))
    assert effective_rank(torch.tensor([[2.0, 0, 0], [0, 1.0, 0]])) == pytest.approx(math.exp(entropy))
    assert effective_rank(torch.eye(4)) == pytest.approx(4)
    assert effective_rank(torch.tensor([[1.0, 2.0]]).repeat(5, 1)) == pytest.approx(1)
    assert effective_rank(torch.zeros(3, 2)) == 0


def test_the_spread_of_random_directions_and_of_a_collapse():
    assert feature_spread(random(4000, 64)) == pytest.approx(1 / 8, rel=0.02)
    assert feature_spread(torch.tensor([[3.0, 4.0], [6.0, 8.0]])) == pytest.approx(0)
    opposite = torch.tensor([[2.0, 0.0], [-1.0, 0.0]])  # of unit length: 1 and -1, and 0 and 0
    assert feature_spread(opposite) == pytest.approx(0.5)


def test_uniformity_by_hand():
    """Squared distances of unit vectors at a right angle, opposite, and the same: 2, 4 and 0."""
    three = torch.tensor([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0]])
    expected = math.log((2 * math.exp(-4) + math.exp(-8)) / 3)
    assert uniformity(three) == pytest.approx(expected)
    assert uniformity(torch.ones(4, 3)) == pytest.approx(0)


def test_alignment_by_hand():
    first, second = torch.tensor([[1.0, 0.0], [1.0, 1.0]]), torch.tensor([[0.0, 5.0], [2.0, 2.0]])
    assert alignment(first, second) == pytest.approx((2 + 0) / 2)


def test_votes_by_hand():
    """Cosines 1, 0 and -1 to three rows, of which the two nearest count: weights e^2 and 1."""
    bank, labels = torch.tensor([[2.0, 0.0], [0.0, 3.0], [-1.0, 0.0]]), torch.tensor([0, 1, 1])
    shares = vote(torch.tensor([[5.0, 0.0]]), bank, labels, 2, k=2, temperature=0.5)
    first = math.exp(2) / (math.exp(2) + 1)
    assert shares[0].tolist() == pytest.approx([first, 1 - first])


def test_votes_are_those_of_scikit_learn():
    from sklearn.neighbors import KNeighborsClassifier

    bank, queries = random(200, 5), random(250, 5)[200:]
    labels = torch.arange(200) % 3
    shares = vote(queries, bank, labels, 3, k=7, temperature=0.2)
    weigh = lambda apart: torch.from_numpy((1 - apart) / 0.2).exp().numpy()  # noqa: E731  # of cosine distances
    theirs = KNeighborsClassifier(7, weights=weigh, metric="cosine").fit(bank, labels).predict_proba(queries)
    assert torch.allclose(shares, torch.from_numpy(theirs).float(), atol=1e-5)


def test_votes_in_chunks_are_the_same(monkeypatch):
    bank, queries, labels = random(50, 4), random(80, 4)[50:], torch.arange(50) % 4
    at_once = vote(queries, bank, labels, 4)
    monkeypatch.setattr(neighbours, "CHUNK", 50 * 7)
    assert torch.allclose(vote(queries, bank, labels, 4), at_once)
    assert vote(queries[:0], bank, labels, 4).shape == (0, 4)


def test_weights_of_near_neighbours_do_not_overflow():
    shares = vote(torch.ones(1, 2), torch.ones(3, 2), torch.tensor([0, 0, 1]), 2, temperature=1e-3)
    assert shares[0].tolist() == pytest.approx([2 / 3, 1 / 3])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: effective_rank(torch.zeros(0, 3)),
        lambda: uniformity(torch.ones(1, 3)),
        lambda: alignment(torch.ones(2, 3), torch.ones(3, 3)),
        lambda: vote(torch.ones(2, 3), torch.ones(0, 3), torch.zeros(0, dtype=torch.int64), 2),
    ],
)
def test_what_has_no_answer_is_refused(wrong):
    with pytest.raises(BadData):
        wrong()
