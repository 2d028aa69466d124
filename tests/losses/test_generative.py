"""Losses of generative models, by hand."""

import pytest
import torch

from headstart.losses.generative import flow_matching, gaussian_nats, on_path


def test_a_quarter_of_the_way_from_noise_to_data():
    """x_t = (1 - t) noise + t data, and the velocity is their difference, whatever the time."""
    noise, data = torch.tensor([[2.0, 0.0]]), torch.tensor([[-2.0, 4.0]])
    points, velocity = on_path(noise, data, torch.tensor([0.25]))
    assert points.tolist() == [[1.0, 1.0]]
    assert velocity.tolist() == [[-4.0, 4.0]]
    assert flow_matching(torch.zeros(1, 2), velocity).item() == 16


def test_nats_are_those_of_torch():
    said, data = torch.tensor([[0.0, 1.0]]), torch.tensor([[2.0, 1.0]])
    log_deviation = torch.tensor(0.5)
    wanted = -torch.distributions.Normal(said, log_deviation.exp()).log_prob(data).sum()
    assert gaussian_nats(said, data, log_deviation).item() == pytest.approx(wanted.item())
