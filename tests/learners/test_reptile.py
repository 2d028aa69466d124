"""Reptile: one step by hand."""

import torch
from tests.learners.inner import NETWORKS, built, episodes, meta_gradient
from torch import nn
from torch.nn.functional import mse_loss

from headstart.learners.optimisation.reptile import Reptile
from headstart.learners.training import meta_train
from headstart.run.recipe import Recipe
from headstart.tasks import Sinusoids

RATE = 0.05


def moved(net, x, y, steps):
    """Where plain gradient descent leads."""
    optimiser = torch.optim.SGD(net.parameters(), lr=RATE)
    for _ in range(steps):
        optimiser.zero_grad()
        mse_loss(net(x), y).backward()
        optimiser.step()
    return net


def test_the_gradient_is_the_mean_way_back_from_where_all_rows_lead():
    learner = Reptile(steps=3, inner_lr=RATE)
    made, batch = NETWORKS["layer-norm"][0], episodes((3,))
    parts = built(learner, made(), (3,))
    gradient = meta_gradient(learner, parts, batch)
    ends, losses = [], []
    for task in range(3):
        x, y = (
            torch.cat([getattr(each, name)[task] for each in (batch.support, batch.query)]) for name in "xy"
        )
        net = moved(built(learner, made(), (3,))["network"].network, x, y, 3)
        ends.append(dict(net.named_parameters()))
        losses.append(mse_loss(net(x), y))
    for name, start in parts["network"].network.named_parameters():
        wanted = start - torch.stack([end[name] for end in ends]).mean(0)
        assert torch.allclose(gradient[f"network.network.{name}"], wanted, atol=1e-12)
    assert torch.allclose(learner.meta_loss(parts, batch), torch.stack(losses).mean())


def test_a_step_of_rate_one_leads_to_the_mean_of_the_tasks_weights():
    family = Sinusoids(tasks=2, shots=3, queries=3)
    learner, recipe = Reptile(steps=2, inner_lr=RATE), Recipe(steps=1, lr=1e-9)
    start, net = meta_train(learner, family, recipe=recipe), nn.Linear(1, 1)
    trained = meta_train(
        learner,
        family,
        recipe=Recipe(
            steps=1, lr=1.0, optimiser="sgd", weight_decay=0.0, clip=None, warmup=0.0, schedule="constant"
        ),
    )
    batch = family.draw(0)
    x, y = (torch.cat([getattr(each, name) for each in (batch.support, batch.query)], 1) for name in "xy")
    state = start.adapt(x, y)
    for name, weight in trained.parts["network"].network.named_parameters():
        assert torch.allclose(weight, state[name].mean(0), atol=1e-5)
    assert net.weight.grad is None
