"""Translators of one start: what is kept of them, and what they are trained on."""

import pytest
import torch
from tests.toy import Toy

from headstart.core import Labelled, LinearHead, Model
from headstart.methods.inputs.translation.cyclegan import CycleGAN
from headstart.run.recipe import Recipe
from headstart.session.translators import TrainedTranslators, train_translators


def test_how_far_critics_are_fooled_is_what_the_last_tenth_of_the_steps_says():
    found = TrainedTranslators({}, [], [1.0] * 18 + [0.2, 0.4])
    assert found.adversarial_loss == pytest.approx(0.3)
    assert TrainedTranslators({}, [], [0.7]).adversarial_loss == 0.7


def test_a_training_follows_from_its_seed_and_leaves_the_model_as_it_is():
    model = Model(Toy(norm=False), LinearHead(16, 3)).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    draw = torch.Generator().manual_seed(0)
    x, y = torch.randn(20, 8, generator=draw), torch.arange(20) % 3
    target = torch.randn(12, 8, generator=draw) + 2

    def trained(seed):
        recipe = Recipe(steps=3, batch=8, seed=seed)
        return train_translators(CycleGAN(width=4, blocks=1), model, Labelled(x, y), target, recipe)

    first, again, other = trained(0), trained(0), trained(1)
    assert len(first.critics) == len(first.cycle) == 3
    assert first.critics == again.critics != other.critics
    assert torch.equal(first.fronts["to_source"](target), again.fronts["to_source"](target))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
