"""Against a search that knows nothing of the closed form, and by hand for two rows."""

import math

import pytest
import torch

from headstart.solvers.laplacian import energy, laplacian_adjusted, neighbours


def case(rows=12, classes=3, k=3, seed=0):
    g = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, classes, generator=g, dtype=torch.float64) * 2
    return logits, neighbours(torch.randn(rows, 5, generator=g), k).double()


def test_two_rows_by_hand():
    """With logits 0, neither row leans either way; with (t, 0) twice, z = sigmoid(t + 2 z - 1)."""
    w = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    torch.testing.assert_close(laplacian_adjusted(torch.zeros(2, 2), w), torch.full((2, 2), 0.5))
    z = 0.8
    for _ in range(200):
        z = 1 / (1 + math.exp(-(0.5 + 2 * z - 1)))
    found = laplacian_adjusted(torch.tensor([[0.5, 0.0]] * 2), w)
    torch.testing.assert_close(found[:, 0], torch.full((2,), z), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_no_search_finds_less_energy(seed):
    logits, w = case(seed=seed)
    found = laplacian_adjusted(logits, w)
    free = logits.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([free], max_iter=2000, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        now = energy(free.softmax(1), logits, w)
        now.backward()
        return now

    optimiser.step(closure)
    mine = energy(found, logits, w)
    assert mine < energy(logits.softmax(1), logits, w) - 0.1
    torch.testing.assert_close(mine, closure().detach(), rtol=1e-5, atol=1e-5)


def test_it_is_a_fixed_point_of_the_published_update():
    logits, w = case(seed=7)
    z = laplacian_adjusted(logits, w)
    torch.testing.assert_close((logits + w @ z).softmax(1), z, rtol=1e-2, atol=1e-3)


def test_rows_that_attract_in_a_circle_converge():
    """Undamped, two rows with opposite answers and only each other swap for ever."""
    w = 8 * torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    logits = torch.tensor([[1.0, 0.0], [0.0, 1.01]])
    z = laplacian_adjusted(logits, w)
    torch.testing.assert_close((logits + w @ z).softmax(1), z, rtol=1e-2, atol=1e-2)
    assert z[0].argmax() == z[1].argmax()


def test_without_neighbours_it_is_the_softmax():
    logits, w = case()
    torch.testing.assert_close(laplacian_adjusted(logits, 0 * w), logits.softmax(1))


def test_neighbours_by_hand():
    """Angles 0, 10, 30 and 90: the nearest of each is 1, 0, 1 and 2."""
    angles = torch.deg2rad(torch.tensor([0.0, 10.0, 30.0, 90.0]))
    z = torch.stack([angles.cos(), angles.sin()], 1) * torch.tensor([[1.0], [5.0], [0.1], [2.0]])
    expected = torch.tensor([[0, 2, 0, 0], [2, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]]) / 2
    assert torch.equal(neighbours(z, 1), expected)
    assert torch.equal(neighbours(z, 9), 1 - torch.eye(4))
