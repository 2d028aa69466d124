"""Generations: each begins with the same start, its teacher is the one before; alone it is fine-tuning."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import BadInput, find
from headstart.run.recipe import Recipe
from headstart.session.fitted import Fitted
from headstart.session.session import Session

SelfDistillation = find("self-distillation")
G = np.random.default_rng(0)
X = G.normal(size=(40, 4)).astype(np.float32)
Y = np.array(["a", "b", "c"])[np.abs(X[:, :3]).argmax(1)]
RECIPE = Recipe(steps=6, batch=8, lr=1e-2)


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 3))


def tensors(model):
    return [*model.model.state_dict().values()]


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(tensors(one), tensors(other), strict=True))


def test_stages_are_fine_tuning_and_the_generations():
    method = SelfDistillation(generations=2, smoothing=0.1)
    first, *rest = method.stages()
    assert first.label == "fine-tune:smoothing=0.1"
    assert rest == [method, method]


def test_with_labels_alone_each_generation_is_fine_tuning():
    """From the same start: what was learned before has no part in it."""
    plain = hs.fit("fine-tune", net(), (X, Y), RECIPE)
    assert same(hs.fit(SelfDistillation(alpha=1.0, generations=2), net(), (X, Y), RECIPE), plain)
    assert not same(hs.fit(SelfDistillation(), net(), (X, Y), RECIPE), plain)


@pytest.mark.parametrize("numbers", [False, True])
def test_its_teacher_is_the_generation_before(numbers):
    """So two generations are two calls of `distillation`, in the units of the labels."""
    y = 100 + 10 * X[:, :1] if numbers else Y
    own = hs.fit(SelfDistillation(alpha=0.3, generations=2), net(), (X, y), RECIPE)
    teacher = hs.fit("fine-tune", net(), (X, y), RECIPE)
    for _ in range(2):
        teacher = hs.fit("distillation:alpha=0.3", net(), (X, y), RECIPE, teacher=teacher)
    for one, other in zip(tensors(own), tensors(teacher), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_the_session_keeps_no_teacher():
    data = hs.data.load((X, Y))
    session = Session(hs.models.backbone(net(), example=torch.zeros(2, 4)), data)
    fitted = session.fit(SelfDistillation(), np.arange(40), replace(RECIPE, steps=2))
    assert isinstance(fitted, Fitted)
    assert session.teacher is None


def test_a_bad_setting_is_named():
    with pytest.raises(BadInput, match="self-distillation: generations is 0; it must be"):
        SelfDistillation(generations=0)
