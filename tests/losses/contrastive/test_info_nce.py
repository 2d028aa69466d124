"""Queries among keys, by hand and by the plain formula."""

import math

import pytest
import torch
from tests.losses.contrastive.vectors import views, waves
from torch.nn.functional import cross_entropy, normalize

from headstart.losses.contrastive.info_nce import info_nce


def test_among_the_keys_of_others_by_hand():
    a = torch.eye(3)
    assert info_nce(a, a, 0.5).item() == pytest.approx(math.log(math.exp(2) + 2) - 2)


def test_aligned_queries_against_a_queue_without_their_keys():
    """The number of the facts: e^(1/T) against one orthogonal key at T = 0.07, far below log 2."""
    q = torch.tensor([[1.0, 0.0]])
    found = info_nce(q, q, 0.07, torch.tensor([[0.0, 1.0]])).item()
    assert found == pytest.approx(math.log1p(math.exp(-1 / 0.07)), abs=2e-6)
    assert found < 0.01 < math.log(2)


def test_a_queue_by_the_plain_formula():
    (q, k), queue = views(), waves(5, 4, 90)
    unit = [normalize(z, dim=1) for z in (q, k, queue)]
    logits = torch.cat([(unit[0] * unit[1]).sum(1, keepdim=True), unit[0] @ unit[2].T], 1) / 0.3
    expected = cross_entropy(logits, torch.zeros(6, dtype=torch.int64))
    assert info_nce(q, k, 0.3, queue).item() == pytest.approx(expected.item(), abs=2e-6)


def test_lightlys_number():
    """`NTXentLoss(0.3, memory_bank_size=(5, 4))` of lightly 1.6.0 with this bank."""
    q, k = views()
    found = info_nce(q[:4], k[:4], 0.3, waves(5, 4, 24) + 0.2)
    assert found.item() == pytest.approx(0.039664, abs=2e-6)


def test_an_empty_queue_says_nothing():
    q, k = views()
    q.requires_grad_()
    found = info_nce(q, k, 0.3, q.detach()[:0])
    found.backward()
    assert found.item() == 0
    assert q.grad.abs().max() < 1e-6


@pytest.mark.parametrize("negatives", [None, waves(5, 4, 90)], ids=["others", "queue"])
def test_shares_of_the_rows_add_up_to_the_whole(negatives):
    q, k = views()
    shares = [info_nce(q, k, 0.3, negatives, own) for own in (slice(0, 4), slice(4, 6))]
    whole = info_nce(q, k, 0.3, negatives)
    assert ((4 * shares[0] + 2 * shares[1]) / 6).item() == pytest.approx(whole.item(), abs=1e-6)
