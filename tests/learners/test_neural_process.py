"""Conditional neural processes by hand: sums and counts of encoded rows, and a decoder beside their mean."""

from dataclasses import replace

import pytest
import torch
from tests.learners.families import family_for
from tests.rounding import rounding
from torch import nn
from torch.distributions import Normal

from headstart.core import BadInput, Ctx
from headstart.learners.black_box.neural_process import NeuralProcess
from headstart.learners.training import meta_train
from headstart.run.recipe import Recipe

CTX = Ctx(0, 0.0, lambda x: x)
FEW = Recipe(steps=2, lr=1e-2, weight_decay=0.0)
NEAR = rounding(128, 10.0, 4)


def trained(answers, *, encoder=None, **settings):
    return meta_train(NeuralProcess(**settings), family_for(answers), encoder, FEW)


def set_layer(layer, weight):
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weight))
        layer.bias.zero_()


def test_without_hidden_layers_it_is_linear_in_the_means_by_hand():
    one = trained("numbers", encoder=nn.Identity(), units=2, layers=0)
    network = one.parts["network"]
    set_layer(network.h[0], [[1.0, 0.0], [0.0, 1.0]])  # what is summed is (x, y)
    set_layer(network.g[0], [[1.0, 2.0, 4.0]])  # x* + 2 mean x + 4 mean y
    state = one.adapt([[[1.0], [3.0]]], [[[10.0], [-4.0]]])
    assert state["sums"].tolist() == [[[4.0, 6.0]]]
    assert one.predict(state, [[[5.0], [0.0]]]).tolist() == [[[5 + 4 + 12.0], [0 + 4 + 12.0]]]


def test_going_on_adds_sums_and_counts():
    drawn, one = family_for("classes").draw(5), trained("classes")
    x, y = drawn.support.x, drawn.support.y
    whole, parts = one.adapt(x, y), one.adapt(x[:, 7:], y[:, 7:], one.adapt(x[:, :7], y[:, :7]))
    assert torch.equal(whole["rows"], parts["rows"])
    assert whole["rows"].sum(1).tolist() == [x.shape[1]] * len(x)
    assert torch.allclose(whole["sums"], parts["sums"], atol=NEAR)


def test_renumbered_classes_are_renumbered_logits():
    drawn, one = family_for("classes").draw(5), trained("classes")
    order = torch.tensor([2, 0, 1])
    plain = one.predict(one.adapt(drawn.support.x, drawn.support.y), drawn.query.x)
    moved = one.predict(one.adapt(drawn.support.x, order[drawn.support.y]), drawn.query.x)
    assert torch.allclose(moved[..., order], plain, atol=NEAR)


def test_spreads_are_those_of_the_likelihood():
    family = family_for("numbers")
    one, drawn = trained("numbers", gaussian=True, least_spread=0.2), family.draw(5)
    state = one.adapt(drawn.support.x, drawn.support.y)
    mean, spread = one.predict(state, drawn.query.x), one.spread(state, drawn.query.x)
    assert mean.shape == spread.shape == drawn.query.y.shape
    assert spread.min() > 0.2
    wanted = -Normal(mean, spread).log_prob(drawn.query.y).mean()
    assert one.learner.loss(one.parts, drawn, CTX).total.item() == pytest.approx(wanted.item(), rel=1e-5)


def test_spreads_find_the_noise():
    noisy = replace(family_for("numbers"), amplitude=(0.0, 0.0), noise=0.5, tasks=32)
    recipe = Recipe(steps=150, lr=1e-2, weight_decay=0.0)
    one = meta_train(NeuralProcess(units=16, layers=1, gaussian=True), noisy, recipe=recipe)
    drawn = noisy.draw(1000)
    spread = one.spread(one.adapt(drawn.support.x, drawn.support.y), drawn.query.x)
    assert spread.mean().item() == pytest.approx(0.5, rel=0.2)


def test_spreads_without_a_likelihood_are_refused():
    one, drawn = trained("numbers"), family_for("numbers").draw(0)
    with pytest.raises(BadInput, match="gaussian=True"):
        one.spread(one.adapt(drawn.support.x, drawn.support.y), drawn.query.x)
    with pytest.raises(BadInput, match="is for numbers"):
        trained("classes", gaussian=True)


@pytest.mark.parametrize("wrong", [{"units": 0}, {"layers": -1}, {"least_spread": 1.0}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        NeuralProcess(**wrong)
