"""The inner loop: steps that are those of torch, what adapts, statistics, states, messages."""

import copy
from dataclasses import replace

import pytest
import torch
from tests.learners.inner import NETWORKS, built, episodes, meta_gradient
from torch import nn
from torch.nn.functional import mse_loss

from headstart.core import BadInput, Labelled
from headstart.learners.optimisation.maml import MAML
from headstart.learners.training import meta_train
from headstart.run.recipe import Recipe
from headstart.tasks import Sinusoids

RATE = 0.1


@pytest.mark.parametrize(
    ("chosen", "clip"), [("momentum", None), ("sgd", None), ("adam", None), ("sgd", 0.5)]
)
def test_inner_steps_are_those_of_torch(chosen, clip):
    learner = MAML(steps=4, inner_lr=0.05, inner_optimiser=chosen, clip=clip)
    parts = built(learner, NETWORKS["layer-norm"][0](), (3,))
    batch = episodes((3,))
    state = learner.adapt(parts, batch.support)
    for task in range(3):
        net = copy.deepcopy(parts["network"].network)
        optimiser = {
            "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
            "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
            "adam": lambda p: torch.optim.Adam(p, lr=0.05),
        }[chosen](net.parameters())
        for _ in range(4):
            optimiser.zero_grad()
            mse_loss(net(batch.support.x[task]), batch.support.y[task]).backward()
            if clip is not None:
                torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
            optimiser.step()
        for name, weight in net.named_parameters():
            assert torch.allclose(state[name][task], weight, rtol=1e-5, atol=1e-6)


def test_an_optimiser_of_the_callers_own_is_taken_and_not_saved(tmp_path):
    def halved(weight, gradient, slots, rate):
        return weight - rate / 2 * gradient, slots

    batch = episodes((3,))
    mine, theirs = MAML(inner_lr=RATE, inner_optimiser=halved), MAML(inner_lr=RATE / 2)
    parts = built(mine, NETWORKS["layer-norm"][0](), (3,))
    halves = built(theirs, NETWORKS["layer-norm"][0](), (3,))
    assert torch.allclose(mine.meta_loss(parts, batch), theirs.meta_loss(halves, batch))
    trained = meta_train(mine, Sinusoids(tasks=2), recipe=Recipe(steps=1))
    with pytest.raises(BadInput, match=r"inner_optimiser is a function of yours, which can't be saved"):
        trained.save(tmp_path)


def test_going_on_from_a_state_is_more_steps():
    for chosen in ("sgd", "momentum", "adam"):
        learner = MAML(steps=2, inner_lr=0.05, inner_optimiser=chosen)
        parts = built(learner, NETWORKS["layer-norm"][0](), (3,))
        support = episodes((3,)).support
        twice = learner.adapt(parts, support, learner.adapt(parts, support))
        four = replace(learner, steps=4).adapt(parts, support)
        assert four.keys() == twice.keys()
        assert all(torch.allclose(four[name], twice[name], rtol=1e-9) for name in four)


def test_no_steps_leave_the_start():
    learner = MAML(steps=0)
    parts = built(learner, NETWORKS["layer-norm"][0](), (3,))
    batch = episodes((3,))
    with torch.no_grad():
        state = learner.adapt(parts, batch.support)
        start = parts["network"].network
        for name, weight in start.named_parameters():
            assert torch.equal(state[name], weight.expand_as(state[name]))
            assert state[name].data_ptr() != weight.data_ptr()
        assert torch.allclose(learner.predict(parts, state, batch.query.x)[1], start(batch.query.x[1]))


def test_what_adapts_is_selected():
    made, batch = NETWORKS["layer-norm"][0], episodes((3,))
    whole = [name for name, _ in built(MAML(), made(), (3,))["network"].network.named_parameters()]
    for adapts, wanted in (
        ("all", whole),
        ("head", ["head.weight", "head.bias"]),
        ("body", [name for name in whole if name.startswith("body.")]),
        ("0", ["body.network.0.weight", "body.network.0.bias"]),
        (("3.bias", "head"), ["body.network.3.bias", "head.weight", "head.bias"]),
    ):
        learner = MAML(adapts=adapts)
        parts = built(learner, made(), (3,))
        assert sorted(learner.adapt(parts, batch.support)) == sorted(wanted)
        assert set(meta_gradient(learner, parts, batch)) == {f"network.network.{name}" for name in whole}
    with pytest.raises(
        BadInput, match=r"adapts is 'neck', of which nothing learns. There are all, head, body, 0"
    ):
        built(MAML(adapts="neck"), made(), (3,))


def test_a_network_that_ends_in_the_outputs_has_no_head():
    parts = built(MAML(head="none"), nn.Linear(3, 2), (3,))
    assert [name for name, _ in parts["network"].network.named_parameters()] == [
        "body.network.weight",
        "body.network.bias",
    ]
    with pytest.raises(BadInput, match=r"gives 4 numbers where a task has 2 outputs"):
        built(MAML(head="none"), nn.Linear(3, 4), (3,))


def test_batch_normalisation_takes_the_rows_in_hand_or_what_the_encoder_knows():
    net = NETWORKS["batch-norm"][0]()
    net[1].running_mean.fill_(3.0)
    kept = copy.deepcopy(net.state_dict())
    batch = episodes((3,))
    for norm, same in (("batch", False), ("frozen", True)):
        trained = meta_train(
            MAML(norm=norm), Sinusoids(tasks=2), nn.Sequential(nn.Linear(1, 3), net), Recipe(steps=2)
        )
        learned = trained.parts["network"].network.body.network[1]
        assert (learned[1].running_mean is not None) == same
        assert not same or torch.equal(learned[1].running_mean, kept["1.running_mean"])
        learner = MAML(norm=norm, steps=0)
        parts = built(learner, net, (3,)).eval()
        state = learner.adapt(parts, batch.support)
        alone = learner.predict(parts, state, batch.query.x[:, :2])
        assert torch.allclose(alone, learner.predict(parts, state, batch.query.x)[:, :2]) == same
    assert all(torch.equal(net.state_dict()[name], value) for name, value in kept.items())
    one = Labelled(batch.support.x[:, :1], batch.support.y[:, :1])
    for steps in (0, 1):
        with pytest.raises(
            BadInput, match=r"batch normalisation takes its statistics of the rows in hand, which are too few"
        ):
            MAML(steps=steps).adapt(built(MAML(), net, (3,)), one)


def by_hand(network, support, query):
    """What a copy gives whose batch normalisation has the statistics of the support as its running ones."""
    plain = copy.deepcopy(network)
    body = plain.body.network
    with torch.no_grad():
        before = body[0](support)
        body[1].track_running_stats = True
        body[1].running_mean, body[1].running_var = before.mean(0), before.var(0, correction=0)
        return plain.eval()(query)


@pytest.mark.parametrize("strategy", ["loop", "vmap"])
def test_queries_are_normalised_by_the_support(strategy):
    batch, learner = episodes((3,)), MAML(inner_lr=RATE, strategy=strategy)
    parts = built(learner, NETWORKS["batch-norm"][0](), (3,)).eval()
    with torch.no_grad():
        state = learner.adapt(parts, batch.support)
        together = learner.predict(parts, state, batch.query.x)
        alone = [learner.predict(parts, state, batch.query.x[:, [row]]) for row in range(5)]
        assert torch.allclose(together, torch.cat(alone, 1))
        apart = replace(learner, norm="batch").predict(parts, state, batch.query.x)
        assert not torch.allclose(together, apart, rtol=1e-2)
        for task in range(3):
            network = copy.deepcopy(parts["network"].network)
            for name, weight in network.named_parameters():
                weight.copy_(state[name][task])
            wanted = by_hand(network, batch.support.x[task], batch.query.x[task])
            assert torch.allclose(together[task], wanted, rtol=1e-9)
            made = learner.module(parts, state, task)
            assert torch.allclose(made(batch.query.x[task]), wanted, rtol=1e-9)
            assert type(made.body.network[1]) is nn.BatchNorm1d
    again = learner.adapt(parts, batch.query, state)  # the statistics of what was learned from last
    assert not torch.allclose(again["statistics"], state["statistics"])


def test_normalisations_without_weights_and_in_other_types_are_normalised_by_the_support():
    for width, dtype in ((8, torch.float64), (8, torch.bfloat16)):
        net = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width, affine=False))
        learner, batch = MAML(steps=0, norm="support"), episodes((3,))
        parts = built(learner, net, (3,)).to(dtype).eval()
        state = learner.adapt(parts, Labelled(batch.support.x.to(dtype), batch.support.y))
        x = batch.query.x.to(dtype)
        found = learner.predict(parts, state, x)
        assert found.dtype is dtype
        assert torch.allclose(found[:, :1], learner.predict(parts, state, x[:, :1]))


class Twice(nn.Module):
    """Calls a normalisation twice."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(3)

    def forward(self, x):
        return self.norm(self.norm(x).tanh())


def test_a_normalisation_that_is_called_twice_is_refused_with_a_way_out():
    batch = episodes((3,))
    with pytest.raises(BadInput, match=r"calls its batch normalisation body.network.norm twice.*norm=batch"):
        MAML().adapt(built(MAML(), Twice(), (3,)), batch.support)
    learner = MAML(norm="batch")
    assert learner.adapt(built(learner, Twice(), (3,)), batch.support)


def test_one_task_is_a_plain_module():
    trained = meta_train(MAML(steps=2), Sinusoids(tasks=4), recipe=Recipe(steps=2))
    batch = Sinusoids(tasks=4, seed=1).draw(0)
    state = trained.adapt(batch.support.x, batch.support.y)
    before = {name: value.clone() for name, value in trained.parts.state_dict().items()}
    module = trained.module(state, task=2)
    wanted = trained.predict(state, batch.query.x)[2]
    assert torch.allclose(module(batch.query.x[2]), wanted, atol=1e-6)
    assert not any(one.requires_grad for one in module.parameters())
    assert all(torch.equal(trained.parts.state_dict()[name], value) for name, value in before.items())
    with pytest.raises(BadInput, match="task is 4, and the state has 4"):
        trained.module(state, task=4)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"steps": -1}, "steps is -1"),
        ({"steps": 1.5}, "steps is 1.5; it must be a whole number"),
        ({"inner_lr": 0.0}, "inner_lr is 0.0"),
        (
            {"inner_optimiser": "lbfgs"},
            "inner_optimiser is 'lbfgs'; it must be sgd, momentum, adam or a function",
        ),
        ({"order": 3}, "order is 3; it must be 1 or 2"),
        ({"clip": 0}, "clip is 0"),
        ({"strategy": "both"}, "strategy is 'both'; it must be one of auto, loop, vmap"),
        ({"norm": "running"}, "norm is 'running'; it must be one of support, batch, frozen"),
    ],
    ids=str,
)
def test_settings_are_checked(settings, says):
    with pytest.raises(BadInput, match=says):
        MAML(**settings)


@pytest.mark.parametrize("name", ["batch-norm", "attention"])
def test_checkpointed_steps_keep_less_and_give_the_same(name):
    made, shape, _ = NETWORKS[name]
    batch, kept, gradients = episodes(shape), [], []
    for again in (False, True):
        learner = MAML(steps=6, inner_lr=RATE, checkpoint=again, strategy="loop")
        parts, held = built(learner, made(), shape), []

        def keep(x, held=held):
            held.append(x.nbytes)
            return x

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
            gradients.append(meta_gradient(learner, parts, batch))
        kept.append(sum(held))
    assert all(torch.allclose(gradients[0][key], gradients[1][key], rtol=1e-9) for key in gradients[0])
    assert kept[1] < kept[0] / 4
