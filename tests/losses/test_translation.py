"""Least squares and cycles by hand, and samples that can't be compared."""

import math

import pytest
import torch

from headstart.core import BadInput
from headstart.losses.translation import critic_loss, cycle_loss, least_squares, log_loss


def test_least_squares_by_hand():
    scores = torch.tensor([[0.0, 1.0], [2.0, 1.0]])
    assert least_squares(scores, real=True).item() == 0.5
    assert least_squares(scores, real=False).item() == 1.5


def test_a_critic_takes_half_of_each_whatever_their_numbers():
    real, made = torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0, 1.0, 1.0, 3.0])
    assert critic_loss(real, made).item() == pytest.approx(0.5 * (2.0 + 13 / 5))


def test_the_log_loss_and_its_gradient_by_hand():
    """A logit of log 3 is a probability of 3/4 to be real: -log 3/4, or -log 1/4; gradients p - 1, or p."""
    score = torch.tensor([math.log(3)], requires_grad=True)
    for real, value, slope in ((True, math.log(4 / 3), -0.25), (False, math.log(4), 0.75)):
        loss = log_loss(score, real)
        assert loss.item() == pytest.approx(value)
        assert torch.autograd.grad(loss, score)[0].item() == pytest.approx(slope)
    assert log_loss(torch.tensor([[-200.0], [0.0]]), True, torch.tensor([1.0, 0.0])).item() == 100.0


def test_a_critic_by_the_log_loss():
    """The critic says 3/4 of what is real and 1/2 of what is made: (-log 3/4 - log 1/2) / 2."""
    found = critic_loss(torch.tensor([math.log(3)]), torch.zeros(2), None, log_loss)
    assert found.item() == pytest.approx(0.5 * math.log(8 / 3))


def test_a_cycle_by_hand():
    assert cycle_loss(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 4.0]])).item() == 1.5


def test_shapes_must_match():
    with pytest.raises(BadInput, match=r"\(2, 3\) came back as \(1, 3\)"):
        cycle_loss(torch.zeros(2, 3), torch.zeros(1, 3))
