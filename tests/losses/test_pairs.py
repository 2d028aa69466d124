"""Cosines of pairs against 1 and 0."""

import pytest
import torch

from headstart.losses.pairs import pair_cosine_loss


def test_three_rows_by_hand():
    """Cosines .6 (same class), 0 and .8: (.16 + (0 + .64) / 2) / 2 = .24; lengths do not count."""
    z = torch.tensor([[2.0, 0.0], [0.6, 0.8], [0.0, 0.5]])
    assert pair_cosine_loss(z, torch.tensor([0, 0, 1])).item() == pytest.approx(0.24)


def test_both_kinds_of_pairs_weigh_the_same():
    """One pair of a class, at cosine 0, beside 9 of different classes that are perfect."""
    z = torch.eye(5)
    y = torch.tensor([0, 0, 1, 2, 3])
    assert pair_cosine_loss(z, y).item() == pytest.approx(0.5)


def test_a_pair_counts_the_product_of_its_rows_weights():
    """Of the pairs of different classes those at 0 and .8 count 1 and 3: .48 on average; (.16 + .48) / 2."""
    z = torch.tensor([[2.0, 0.0], [0.6, 0.8], [0.0, 0.5]])
    loss = pair_cosine_loss(z, torch.tensor([0, 0, 1]), torch.tensor([1.0, 3.0, 2.0]))
    assert loss.item() == pytest.approx(0.32)
    alone = pair_cosine_loss(z, torch.tensor([0, 0, 1]), torch.tensor([1.0, 1.0, 0.0]))
    assert alone.item() == pytest.approx(0.16)


def test_without_pairs_of_a_kind_the_other_counts_alone():
    z = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    assert pair_cosine_loss(z, torch.tensor([0, 0])).item() == pytest.approx(0.16)
    assert pair_cosine_loss(z, torch.tensor([0, 1])).item() == pytest.approx(0.36)


def test_one_row_is_no_pair_and_has_a_gradient_of_nothing():
    z = torch.ones(1, 2, requires_grad=True)
    loss = pair_cosine_loss(z, torch.tensor([0]))
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(z.grad, torch.zeros(1, 2))


def test_it_is_float32():
    z = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).bfloat16()
    assert pair_cosine_loss(z, torch.tensor([0, 1, 0, 1])).dtype == torch.float32
