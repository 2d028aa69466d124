"""Meta-SGD: rates that are learned, and what is said beyond the steps that they were learned for."""

import warnings

import pytest
import torch
from tests.learners.inner import NETWORKS, built, episodes, meta_gradient, slope

from headstart.core import BadInput
from headstart.learners.optimisation._settings import StepsWarning
from headstart.learners.optimisation.maml import MAML
from headstart.learners.optimisation.meta_sgd import MetaSGD
from headstart.learners.training import meta_train
from headstart.run.recipe import Recipe
from headstart.tasks import Sinusoids

MADE = NETWORKS["layer-norm"][0]


@pytest.mark.parametrize("rates", ["fixed", "layer", "parameter"])
def test_equal_rates_are_those_of_maml(rates):
    batch = episodes((3,))
    learners = MetaSGD(rates=rates, steps=2, inner_lr=0.1), MAML(steps=2, inner_lr=0.1)
    one, other = (meta_gradient(each, built(each, MADE(), (3,)), batch) for each in learners)
    assert all(torch.allclose(one[key], other[key], rtol=1e-6) for key in other)
    layers = 4  # the head is one of them
    assert len(one) - len(other) == {"fixed": 0, "layer": layers, "parameter": len(other)}[rates]


@pytest.mark.parametrize("strategy", ["loop", "vmap"])
@pytest.mark.parametrize("rates", ["layer", "parameter"])
@pytest.mark.parametrize("chosen", ["sgd", "adam"])
def test_rates_have_the_gradient_of_finite_differences(rates, chosen, strategy):
    learner = MetaSGD(rates=rates, steps=2, inner_lr=0.05, inner_optimiser=chosen, strategy=strategy)
    wanted, found = slope(learner, built(learner, MADE(), (3,)), episodes((3,)))
    assert found == pytest.approx(wanted, rel=1e-6)


def test_rates_learn_more_slowly_by_their_factor():
    def moved(factor):
        learner, recipe = MetaSGD(rate_lr=factor), Recipe(steps=1, lr=0.01, weight_decay=0.0, warmup=0.0)
        trained = meta_train(learner, Sinusoids(tasks=3), recipe=recipe)
        return max((rate - 0.01).abs().max().item() for rate in trained.parts["network"].rates)

    assert moved(0.0) == 0
    assert moved(0.1) == pytest.approx(1e-3, rel=1e-3)  # a first step of Adam has the length of its rate
    assert moved(1.0) == pytest.approx(1e-2, rel=1e-3)


def test_more_steps_than_were_trained_are_warned_of():
    family = Sinusoids(tasks=2)
    batch = family.draw(0)
    learned, fixed = (
        meta_train(learner, family, recipe=Recipe(steps=1))
        for learner in (MetaSGD(steps=2), MetaSGD(steps=2, rates="fixed"))
    )
    with pytest.warns(
        StepsWarning, match=r"takes 10 inner steps, and its rates were learned for 2: beyond these"
    ):
        learned.changed(steps=10).adapt(batch.support.x, batch.support.y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learned.changed(steps=1).adapt(batch.support.x, batch.support.y)
        fixed.changed(steps=10).adapt(batch.support.x, batch.support.y)


@pytest.mark.parametrize(
    ("settings", "says"), [({"rates": "step"}, "rates is 'step'"), ({"rate_lr": -1.0}, "rate_lr")]
)
def test_settings_are_checked(settings, says):
    with pytest.raises(BadInput, match=says):
        MetaSGD(**settings)
