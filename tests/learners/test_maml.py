"""MAML: closed forms, finite differences through every norm, one way of computing equal to the other."""

import pytest
import torch
from tests.learners.inner import NETWORKS, built, episodes, meta_gradient, slope
from torch import nn
from torch.nn.functional import mse_loss

from headstart.core import Episodes, Labelled
from headstart.learners.optimisation.fomaml import FOMAML
from headstart.learners.optimisation.maml import MAML
from headstart.learners.training import meta_train
from headstart.run.recipe import Recipe
from headstart.tasks import Sinusoids

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
        {"norm": "batch"},
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


@pytest.mark.parametrize("name", NETWORKS)
def test_tasks_at_once_are_tasks_one_by_one(name):
    made, shape, can = NETWORKS[name]
    if not can:
        return
    learners = [MAML(steps=2, inner_lr=RATE, clip=1.0, strategy=way) for way in ("loop", "vmap")]
    parts = built(learners[0], made(), shape, "classes", 3)
    one, other = (meta_gradient(each, parts, episodes(shape, "classes", outputs=3)) for each in learners)
    assert one.keys() == other.keys()
    assert all(torch.allclose(one[key], other[key], rtol=1e-9, atol=1e-12) for key in one)


def test_the_order_is_that_of_the_name():
    made, batch = NETWORKS["layer-norm"][0], episodes((3,))
    first, name = MAML(order=1, steps=2), FOMAML(steps=2)
    gradients = [
        meta_gradient(each, built(each, made(), (3,)), batch) for each in (first, name, MAML(steps=2))
    ]
    assert all(torch.equal(gradients[0][key], gradients[1][key]) for key in gradients[0])
    assert not all(torch.allclose(gradients[0][key], gradients[2][key], rtol=1e-3) for key in gradients[0])


def test_first_order_is_second_order_where_the_hessian_is_zero():  # supports are zeros, and do not bend
    support = Labelled(torch.zeros(2, 4, 3, dtype=torch.float64), torch.randn(2, 4, 1, dtype=torch.float64))
    batch = Episodes(support, episodes((3,), tasks=2, outputs=1).query)
    learners = [
        MAML(order=order, steps=2, adapts=("weight",), head="none", inner_lr=RATE) for order in (1, 2)
    ]
    gradients = [meta_gradient(each, built(each, Bare(3, 1), (3,), outputs=1), batch) for each in learners]
    assert all(torch.allclose(gradients[0][key], gradients[1][key], rtol=1e-12) for key in gradients[0])


def test_it_learns_sinusoids():
    """In 2,000 steps 0.50 and 0.19; fine-tuning the average of all tasks gives 2.68 and 2.05."""
    trained = meta_train(
        MAML(strategy="vmap"), Sinusoids(shots=10, tasks=25), recipe=Recipe(steps=200, lr=1e-2)
    )
    test = Sinusoids(shots=10, queries=50, tasks=200, seed=9).draw(0)
    errors = []
    for steps in (0, 1, 5):
        learner = trained.changed(steps=steps)
        state = learner.adapt(test.support.x, test.support.y)
        errors.append(mse_loss(learner.predict(state, test.query.x), test.query.y).item())
    assert errors[0] > 2.5
    assert errors[1] < 0.75 * errors[0]
    assert errors[2] < 0.75 * errors[1]
