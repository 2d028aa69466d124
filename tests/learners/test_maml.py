"""MAML: closed forms, finite differences through every norm, one way of computing equal to the other."""

import pytest
import torch
from tests.learners.inner import NETWORKS, built, episodes, meta_gradient, slope
from torch import nn

from headstart.core import Ctx
from headstart.learners.optimisation.maml import MAML

CTX = Ctx(0, 0.0, lambda x: x)
RATE, STEPS = 0.1, 3


class Bare(nn.Module):
    """A linear map without bias: losses are quadratic in its weight."""

    def __init__(self, width, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, width))

    def forward(self, x):
        return x @ self.weight.T


def quadratic(learner):
    parts = built(learner, Bare(3, 1), (3,), outputs=1)
    return parts, episodes((3,), outputs=1)


def closed_form(weight, batch, order):
    """The meta-gradient of k steps on mean((X w - y)^2): the mean over tasks of (I - a H)^k g_q(w_k)."""
    total = torch.zeros(3, dtype=torch.float64)
    for task in range(len(batch)):
        (x, y), (xq, yq) = ((s.x[task], s.y[task, :, 0]) for s in (batch.support, batch.query))
        hessian, pull = 2 * x.T @ x / len(x), 2 * x.T @ y / len(x)
        w = weight.clone()
        for _ in range(STEPS):
            w = w - RATE * (hessian @ w - pull)
        query = 2 * xq.T @ (xq @ w - yq) / len(xq)
        if order == 2:
            shrink = torch.linalg.matrix_power(torch.eye(3, dtype=torch.float64) - RATE * hessian, STEPS)
            query = shrink @ query
        total += query / len(batch)
    return total


@pytest.mark.parametrize("strategy", ["loop", "vmap"])
@pytest.mark.parametrize("order", [1, 2])
def test_the_gradient_of_a_quadratic_is_the_closed_form(strategy, order):
    learner = MAML(steps=STEPS, inner_lr=RATE, order=order, head="none", strategy=strategy)
    parts, batch = quadratic(learner)
    weight = parts["network"].network.body.network.weight
    wanted = closed_form(weight.detach()[0], batch, order)
    (found,) = meta_gradient(learner, parts, batch).values()
    assert torch.allclose(found[0], wanted, rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", ["numbers", "classes"])
@pytest.mark.parametrize(
    ("name", "strategy"),
    [(name, way) for name in NETWORKS for way in ("loop", "vmap") if way == "loop" or NETWORKS[name][2]],
)
def test_second_order_is_that_of_finite_differences(name, strategy, kind):
    made, shape, _ = NETWORKS[name]
    learner = MAML(steps=2, inner_lr=RATE, strategy=strategy)
    parts = built(learner, made(), shape, kind)
    wanted, found = slope(learner, parts, episodes(shape, kind))
    assert found == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("strategy", ["loop", "vmap"])
@pytest.mark.parametrize(
    "settings",
    [
        {"inner_optimiser": "momentum"},
        {"inner_optimiser": "adam"},
        {"clip": 0.1},
        {"checkpoint": True},
        {"adapts": "body"},
        {"adapts": ("0", "3.bias", "head")},
    ],
    ids=str,
)
def test_second_order_holds_with_every_setting(settings, strategy):
    learner = MAML(steps=3, inner_lr=0.05, strategy=strategy, **settings)
    parts = built(learner, NETWORKS["batch-norm"][0](), (3,))
    wanted, found = slope(learner, parts, episodes((3,)))
    assert found == pytest.approx(wanted, rel=1e-6)
