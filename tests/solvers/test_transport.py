"""Entropic transport: by hand, against POT, and where plain Sinkhorn loses its mass."""

import math

import numpy as np
import pytest
import torch

from headstart.core import BadData, BadInput
from headstart.solvers.transport import barycentric_map, sinkhorn, squared_distances


def drawn(rows, width=2, seed=0, shift=0.0):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(rows, width, generator=g, dtype=torch.float64) + shift


def test_squared_distances_are_those_of_the_definition_also_far_from_0():
    x, y = drawn(5, 3), drawn(4, 3, 1)
    expected = (x[:, None] - y).square().sum(2)
    torch.testing.assert_close(squared_distances(x, y), expected)
    torch.testing.assert_close(squared_distances(x + 1e6, y + 1e6), expected, rtol=1e-8, atol=1e-8)


def test_two_rows_by_hand():
    """Costs 0 and 1, even weights: by symmetry p and 1/2 - p, where p / (1/2 - p) = exp(1 / epsilon)."""
    cost = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)
    for epsilon in (0.2, 1.0, 5.0):
        off = 0.5 / (1 + math.exp(1 / epsilon))
        plan, paid, error, steps = sinkhorn(cost, epsilon)
        expected = torch.tensor([[0.5 - off, off], [off, 0.5 - off]], dtype=torch.float64)
        torch.testing.assert_close(plan, expected)
        assert paid == pytest.approx(2 * off)
        assert error <= 1e-9
        assert steps <= 10


def test_a_large_epsilon_gives_the_product_of_the_weights():
    a, b = torch.tensor([0.2, 0.8]), torch.tensor([1.0, 2.0, 5.0])
    plan = sinkhorn(squared_distances(drawn(2), drawn(3)), 1e6, a, b).plan
    torch.testing.assert_close(plan, torch.outer(a, b / 8).double(), rtol=1e-4, atol=0)


@pytest.mark.parametrize("epsilon", [0.05, 0.5, 3.0])
@pytest.mark.parametrize("even", [True, False])
def test_it_is_the_plan_of_pot(monkeypatch, epsilon, even):
    for name in ("TENSORFLOW", "JAX", "CUPY", "PYTORCH"):
        monkeypatch.setenv(f"POT_BACKEND_DISABLE_{name}", "1")
    ot = pytest.importorskip("ot")
    cost = squared_distances(drawn(9), drawn(6, seed=1, shift=1.0))
    a, b = (torch.ones(9), torch.ones(6)) if even else (torch.arange(1.0, 10), torch.arange(6.0, 0, -1))
    a, b = a.double() / a.sum(), b.double() / b.sum()
    arguments = {"numItermax": 100_000, "stopThr": 1e-12}
    expected = ot.sinkhorn(a.numpy(), b.numpy(), cost.numpy(), epsilon, method="sinkhorn_log", **arguments)
    found = sinkhorn(cost, epsilon, None if even else a, None if even else b * 7)
    np.testing.assert_allclose(found.plan.numpy(), expected, atol=1e-6, rtol=0)
    assert found.cost == pytest.approx(float((expected * cost.numpy()).sum()), abs=1e-6)


def test_a_small_epsilon_keeps_all_mass_and_nears_the_exact_plan():
    """In one dimension the exact plan joins the sorted rows; at this epsilon exp(-cost / epsilon) is 0."""
    x, y = drawn(12, 1), drawn(12, 1, seed=1, shift=9.0)
    exact = float((x.sort(0).values - y.sort(0).values).square().mean())
    cost = squared_distances(x, y)
    assert not torch.exp(-cost / 1e-3).any()
    found = sinkhorn(cost, 1e-3, tolerance=1e-6)
    assert float(found.plan.sum()) == pytest.approx(1, abs=1e-9)
    assert found.cost == pytest.approx(exact, abs=2e-3)
    assert found.cost >= exact - 1e-6
    assert sinkhorn(cost, 1.0).cost > exact + 0.01


def test_rows_without_weight_go_nowhere():
    a, b = torch.tensor([0.5, 0.0, 0.5]), torch.tensor([0.0, 1.0, 3.0, 0.0])
    cost = squared_distances(drawn(3), drawn(4, seed=1))
    plan = sinkhorn(cost, 0.3, a, b).plan
    assert not plan[1].any()
    assert not plan[:, [0, 3]].any()
    rest = sinkhorn(cost[[0, 2]][:, 1:3], 0.3, target_weights=b[1:3]).plan
    torch.testing.assert_close(plan[[0, 2]][:, 1:3], rest, atol=1e-8, rtol=0)


def test_an_unfinished_plan_is_not_returned():
    cost = squared_distances(drawn(20), drawn(15, seed=1, shift=3.0))
    with pytest.raises(BadInput, match=r"After 3 steps the rows of the plan are off by .* Raise epsilon"):
        sinkhorn(cost, 1e-4, steps=3)


def test_equal_domains_cost_nothing_as_epsilon_falls():
    x = drawn(8)
    assert sinkhorn(squared_distances(x, x), 1e-3).cost == pytest.approx(0, abs=1e-3)


def test_the_barycentric_map_by_hand():
    plan = torch.tensor([[0.25, 0.25, 0.0], [0.0, 0.125, 0.375]])
    target = torch.tensor([[0.0, 2.0], [4.0, 0.0], [8.0, 8.0]])
    found = barycentric_map(plan, target)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, torch.tensor([[2.0, 1.0], [7.0, 6.0]]))


def test_moved_rows_lie_at_their_own_shifted_place():
    """Of a shift the exact plan joins each row with itself."""
    x = drawn(10)
    y = x[torch.arange(9, -1, -1)] + 5
    plan = sinkhorn(squared_distances(x, y), 1e-3, tolerance=1e-6).plan
    torch.testing.assert_close(barycentric_map(plan, y), x + 5, atol=1e-2, rtol=0)


def test_what_cannot_be_used_is_refused():
    cost = torch.ones(2, 3)
    for epsilon in (0, -1.0, math.nan, math.inf):
        with pytest.raises(BadInput, match="epsilon is"):
            sinkhorn(cost, epsilon)
    with pytest.raises(BadInput, match="steps is 0"):
        sinkhorn(cost, 1.0, steps=0)
    with pytest.raises(BadInput, match="3 finite numbers >= 0"):
        sinkhorn(cost, 1.0, target_weights=torch.tensor([1.0, -1.0, 1.0]))
    with pytest.raises(BadData, match="1 of 4 entries of the cost are NaN or infinity"):
        sinkhorn(torch.tensor([[1.0, math.inf], [1.0, 0.0]]), 1.0)
    for bad in (torch.ones(3), torch.ones(2, 3).long(), torch.ones(0, 3)):
        with pytest.raises(BadData, match="The cost must be floats"):
            sinkhorn(bad, 1.0)
    with pytest.raises(BadData, match="2 features and the target 3"):
        squared_distances(drawn(2, 2), drawn(2, 3))
    with pytest.raises(BadData, match="for 3 target rows, and there are 2"):
        barycentric_map(cost, drawn(2))
    with pytest.raises(BadData, match="1 rows of the plan have no mass"):
        barycentric_map(torch.tensor([[0.0, 0.0], [1.0, 0.0]]), drawn(2))
