"""ANIL: MAML whose head alone adapts, with features that are computed once."""

import pytest
import torch
from tests.learners.inner import NETWORKS, built, episodes, meta_gradient, slope

from headstart.learners.optimisation import _settings
from headstart.learners.optimisation.anil import ANIL
from headstart.learners.optimisation.maml import MAML

RATE = 0.1


@pytest.mark.parametrize("strategy", ["loop", "vmap"])
@pytest.mark.parametrize(("mine", "theirs"), [("all", "all"), ("head", "head")])
def test_it_is_maml_that_adapts_the_same(mine, theirs, strategy):
    made, batch = NETWORKS["layer-norm"][0], episodes((3,))
    learners = ANIL(adapts=mine, steps=2, strategy=strategy), MAML(adapts=theirs, steps=2, strategy=strategy)
    one, other = (meta_gradient(each, built(each, made(), (3,)), batch) for each in learners)
    assert all(torch.equal(one[key], other[key]) for key in other)


@pytest.mark.parametrize("strategy", ["loop", "vmap"])
@pytest.mark.parametrize("name", ["layer-norm", "convolution"])
def test_the_body_learns_through_the_steps_of_the_head(name, strategy):
    made, shape, _ = NETWORKS[name]
    learner = ANIL(steps=3, inner_lr=RATE, strategy=strategy)
    wanted, found = slope(learner, built(learner, made(), shape), episodes(shape))
    assert found == pytest.approx(wanted, rel=1e-6)


def test_features_of_the_support_are_computed_once(monkeypatch):
    calls, forward = [], _settings.forward_tasks

    def counted(module, weights, x, way):
        calls.append(sorted(weights))
        return forward(module, weights, x, way)

    monkeypatch.setattr(_settings, "forward_tasks", counted)
    learner = ANIL(steps=3)
    parts = built(learner, NETWORKS["layer-norm"][0](), (3,))
    learner.adapt(parts, episodes((3,)).support)
    assert calls == [[], *[["bias", "weight"]] * 3]
