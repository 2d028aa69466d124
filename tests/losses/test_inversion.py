"""What optimised inputs are kept near, by hand."""

import pytest
import torch

from headstart.losses.distillation.inversion import batch_statistics_loss, total_variation


def test_statistics_by_hand():
    """Means 2 and 1, variances 1 and 0, against 5, 5 and 1, 2: sqrt(9 + 16) + 2."""
    x = torch.tensor([[1.0, 1.0], [3.0, 1.0]])
    loss = batch_statistics_loss(x, torch.tensor([5.0, 5.0]), torch.tensor([1.0, 2.0]))
    assert float(loss) == pytest.approx(5 + 2)


def test_maps_count_by_place():
    """Two places of a map are as two rows."""
    x = torch.tensor([[1.0, 1.0], [3.0, 1.0]])
    of = torch.tensor([0.5, 0.5]), torch.tensor([2.0, 2.0])
    torch.testing.assert_close(batch_statistics_loss(x.T[None], *of), batch_statistics_loss(x, *of))


def test_at_the_running_statistics_there_is_no_loss_and_no_gradient():
    x = torch.tensor([[1.0], [3.0]], requires_grad=True)
    loss = batch_statistics_loss(x, torch.tensor([2.0]), torch.tensor([1.0]))
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(x.grad, torch.zeros(2, 1))


def test_gradient_by_hand():
    """Of |mean - 0| + |variance - 0| at 1 and 3: 1/2 + 2 (x - mean) / 2."""
    x = torch.tensor([[1.0], [3.0]], requires_grad=True)
    batch_statistics_loss(x, torch.zeros(1), torch.zeros(1)).backward()
    torch.testing.assert_close(x.grad, torch.tensor([[0.5 - 1], [0.5 + 1]]))


def test_total_variation_by_hand():
    """Down 2 and 2, across 1 and 1."""
    assert float(total_variation(torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]]))) == pytest.approx(4 + 1)
