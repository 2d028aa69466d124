"""Least squares and cycles by hand, and samples that can't be compared."""

import pytest
import torch

from headstart.core import BadInput
from headstart.losses.translation import critic_loss, cycle_loss, least_squares


def test_least_squares_by_hand():
    scores = torch.tensor([[0.0, 1.0], [2.0, 1.0]])
    assert least_squares(scores, real=True).item() == 0.5
    assert least_squares(scores, real=False).item() == 1.5


def test_a_critic_takes_half_of_each_whatever_their_numbers():
    real, made = torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0, 1.0, 1.0, 3.0])
    assert critic_loss(real, made).item() == pytest.approx(0.5 * (2.0 + 13 / 5))


def test_a_cycle_by_hand():
    assert cycle_loss(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 4.0]])).item() == 1.5


def test_shapes_must_match():
    with pytest.raises(BadInput, match=r"\(2, 3\) came back as \(1, 3\)"):
        cycle_loss(torch.zeros(2, 3), torch.zeros(1, 3))
