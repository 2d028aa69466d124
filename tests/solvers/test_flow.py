"""Steps of an ordinary differential equation, by hand."""

import pytest
import torch

from headstart.solvers.flow import SAMPLERS, euler, heun


def growth(x, time):
    return x


def clock(x, time):
    return torch.full_like(x, time)


def test_two_steps_of_growth():
    """x' = x: Euler multiplies by 1 + h, Heun by 1 + h + h^2 / 2."""
    one = torch.ones(1)
    assert euler(growth, one, 2).item() == 1.5**2
    assert heun(growth, one, 2).item() == (1 + 0.5 + 0.125) ** 2


def test_both_are_told_the_time():
    """x' = t reaches 1/2: Heun exactly, Euler by the left ends of its steps."""
    found = [sample(clock, torch.zeros(1), 4, None) for sample in (euler, heun)]
    assert [one.item() for one in found] == [(0 + 0.25 + 0.5 + 0.75) / 4, 0.5]


@pytest.mark.parametrize("name", SAMPLERS)
def test_known_points_stay_on_their_path(name):
    seen = []

    def kept(x, time):
        seen.append(time)
        return torch.full_like(x, 7 * time)

    assert SAMPLERS[name](growth, torch.ones(1), 2, kept).item() == 7
    assert seen == [0.5, 1.0]
