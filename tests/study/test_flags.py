"""What the caller froze by `requires_grad=False` stays as it is, in every method; the flags come back."""

import copy

import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import BadInput

X = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
Y = [["wheat", "corn"][int(row > 0)] for row in X[:, 0]]
RECIPE = hs.Recipe(steps=10, lr=0.01)


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2))


def layer(predictor, number):
    return predictor.model.backbone.inner[number].weight


@pytest.mark.parametrize("method", ["fine-tune", "lp-ft", "l2-sp", "gradual-unfreezing", "soup"])
def test_frozen_layers_stay_and_the_others_learn(method):
    module = net()
    module[0].requires_grad_(False)
    fitted = hs.fit(method, module, (X, Y), RECIPE)
    assert torch.equal(layer(fitted, 0), module[0].weight)
    assert not torch.equal(layer(fitted, 2), module[2].weight)
    assert any("2 of 6 parameters" in note and "requires_grad=False" in note for note in fitted.notes)


def test_a_backbone_that_is_frozen_as_a_whole_stays_beside_a_head_that_is_not():
    module = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2))
    module[0].requires_grad_(False)
    fitted = hs.fit("fine-tune", module, (X, Y), RECIPE)
    assert torch.equal(layer(fitted, 0), module[0].weight)
    assert not any(parameter.requires_grad for parameter in fitted.model.backbone.parameters())
    assert all(parameter.requires_grad for parameter in fitted.model.head.parameters())


def test_the_flags_come_back_after_the_fit():
    module = net()
    module[0].requires_grad_(False)
    fitted = hs.fit("fine-tune:last=1", module, (X, Y), RECIPE)
    assert [layer(fitted, number).requires_grad for number in (0, 2)] == [False, True]
    assert [parameter.requires_grad for parameter in module.parameters()] == [False] * 2 + [True] * 4
    other = hs.fit("fine-tune:last=1", net(), (X, Y), RECIPE)  # which trains layer 2 and the head alone
    assert all(parameter.requires_grad for parameter in other.model.parameters())
    again = hs.fit("fine-tune", fitted.model.backbone, (X, Y), RECIPE)
    assert torch.equal(layer(again, 0), module[0].weight)
    assert not torch.equal(layer(again, 2), module[2].weight)


def test_flags_that_are_all_off_choose_nothing():
    module = net().requires_grad_(False)
    fitted = hs.fit("fine-tune", module, (X, Y), RECIPE)
    assert not torch.equal(layer(fitted, 0), module[0].weight)
    assert any("No parameter of Sequential requires a gradient" in note for note in fitted.notes)


def test_from_scratch_trains_all():
    module = net()
    module[0].requires_grad_(False)
    fitted = hs.fit("from-scratch", module, (X, Y), RECIPE)
    assert not torch.equal(layer(fitted, 0), module[0].weight)


def test_a_method_that_may_train_frozen_blocks_alone_says_so():
    module = net()
    module[2].requires_grad_(False)
    with pytest.raises(BadInput, match="nothing can learn in blocks"):
        hs.fit("fine-tune:last=1", module, (X, Y), RECIPE)


def test_frozen_statistics_stay():
    module = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2))
    module[1].requires_grad_(False)
    before = copy.deepcopy(module[1].state_dict())
    fitted = hs.fit(hs.methods.FineTune(norm="train"), module, (X, Y), RECIPE)
    after = fitted.model.backbone.inner[1].state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_a_method_that_has_nothing_left_to_train_says_why():
    module = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2))
    module[1].requires_grad_(False)
    adapted = hs.stream("norm", module, protect=False)  # which has no gradient
    assert adapted(X).probabilities.shape == (60, 2)
    with pytest.raises(BadInput, match="so nothing can learn"):
        hs.stream("tent", module, protect=False)
    assert hs.stream("tent", module.requires_grad_(False), protect=False)(X).probabilities.shape == (60, 2)
