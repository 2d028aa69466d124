"""How tasks are computed: by the trial of the first step, kept where the run goes on."""

import pytest
import torch
from tests.learners.inner import NETWORKS, built, episodes

from headstart.core import BadInput, Ctx
from headstart.learners import training
from headstart.learners.optimisation import _settings
from headstart.learners.optimisation.maml import MAML
from headstart.learners.trained import open_learner
from headstart.learners.training import meta_train
from headstart.run import ways
from headstart.run.recipe import Recipe
from headstart.tasks import Sinusoids

CTX = Ctx(0, 0.0, lambda x: x)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    monkeypatch.setattr(ways, "_chosen", {})


def after_a_step(network, learner=None):
    made, shape, _ = NETWORKS[network]
    learner = learner or MAML()
    parts = built(learner, made(), shape)
    learner.loss(parts, episodes(shape), CTX).total.backward()
    return learner, parts


@pytest.mark.parametrize(("times", "choice"), [((1.2, 1.0), ways.VMAP), ((1.1, 1.0), ways.LOOP)])
def test_the_faster_way_is_taken_where_it_is_worth_it(times, choice, monkeypatch):
    timed = iter(times)
    monkeypatch.setattr(ways, "_seconds", lambda gradient, way: next(timed))
    learner, parts = after_a_step("layer-norm")
    assert int(parts["network"].choice) == choice
    assert learner.notes(parts) == ()
    learner.loss(parts, episodes((3,)), CTX)  # no second trial, for which there are no times


def test_small_networks_are_batched():
    trained = meta_train(MAML(), Sinusoids(tasks=25), recipe=Recipe(steps=1))
    assert int(trained.parts["network"].choice) == ways.VMAP


def test_another_gradient_means_one_by_one(monkeypatch):
    forward = _settings.forward_tasks

    def wrong(module, weights, x, way):
        return forward(module, weights, x, "loop") * (1.01 if way == "vmap" else 1)

    monkeypatch.setattr(_settings, "forward_tasks", wrong)
    learner, parts = after_a_step("layer-norm")
    assert int(parts["network"].choice) == ways.DIFFERS
    assert learner.notes(parts) == (
        "Tasks are computed one by one: torch.func.vmap and the loop differ in the gradient.",
    )


def test_what_vmap_refuses_is_computed_one_by_one():
    learner, parts = after_a_step("gru")
    assert int(parts["network"].choice) == ways.FAILED
    assert "can't batch this network" in learner.notes(parts)[0]
    with pytest.raises(
        BadInput, match=r"strategy is 'vmap', by which this network can't be batched: Batching"
    ):
        after_a_step("gru", MAML(strategy="vmap"))


def test_the_trial_draws_no_numbers_of_the_training(monkeypatch):
    drawn = []
    for chosen in ({}, None):
        if chosen is not None:
            monkeypatch.setattr(ways, "_chosen", chosen)
        torch.manual_seed(3)
        net = torch.nn.Sequential(torch.nn.Linear(3, 6), torch.nn.Dropout(0.5))
        learner = MAML()
        parts = built(learner, net, (3,))
        torch.manual_seed(4)
        drawn.append(learner.loss(parts, episodes((3,)), CTX).total.item())
    assert drawn[0] == drawn[1]


def test_the_choice_is_kept_where_training_goes_on_and_when_it_is_saved(tmp_path, monkeypatch):
    def interrupted(ticks, run):
        for tick in ticks:
            yield tick
            if tick.step == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(training, "EVERY", 1)
    recipe, family = Recipe(steps=4), Sinusoids(tasks=3)
    for each, choice in enumerate((ways.LOOP, ways.VMAP)):
        checkpoint = tmp_path / f"run{each}"
        monkeypatch.setattr(ways, "_chosen", {})
        monkeypatch.setattr(ways, "_compare", lambda gradient, choice=choice: choice)
        with pytest.raises(KeyboardInterrupt):
            meta_train(MAML(), family, recipe=recipe, checkpoint=checkpoint, watch=interrupted)
        monkeypatch.setattr(ways, "_compare", lambda gradient: pytest.fail("a second trial"))
        monkeypatch.setattr(ways, "_chosen", {})
        resumed = meta_train(MAML(), family, recipe=recipe, checkpoint=checkpoint)
        assert int(resumed.parts["network"].choice) == choice
        resumed.save(tmp_path / f"saved{each}")
        assert int(open_learner(tmp_path / f"saved{each}").parts["network"].choice) == choice


class Watched(torch.nn.Module):
    """A recurrent network that notes whether cuDNN may compute it."""

    def __init__(self):
        super().__init__()
        self.rnn, self.seen = torch.nn.GRU(4, 4, batch_first=True), []

    def forward(self, x):
        self.seen.append(torch.backends.cudnn.enabled)
        return self.rnn(x)[0][:, -1]


@pytest.mark.parametrize("order", [1, 2])
def test_cudnn_computes_no_recurrent_layer_that_has_a_gradient(order):
    """It has no second one, and in evaluation mode none at all."""
    learner, batch = MAML(order=order, strategy="loop"), episodes((5, 4))
    parts = built(learner, Watched(), (5, 4))
    seen = parts["network"].network.body.network.seen
    seen.clear()
    learner.meta_loss(parts, batch)
    with torch.no_grad():
        state = learner.adapt(parts.eval(), batch.support)
        assert seen
        assert not any(seen)
        seen.clear()
        learner.predict(parts, state, batch.query.x)
    assert all(seen)
    assert torch.backends.cudnn.enabled
