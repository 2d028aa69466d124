"""What a trained learner is given: states of others, arrays that are none, settings that there are not."""

import numpy as np
import pytest
import torch

import headstart as hs
from headstart.core import BadData, BadInput, CannotWrite, Unknown
from headstart.learners.learner import walk_learners
from headstart.run.recipe import Recipe

FAMILY = hs.tasks.GaussianClasses(ways=2, shots=2, queries=3, tasks=2)
NAMES = sorted(kind.name for kind in walk_learners() if "classes" in kind.kinds and not kind.pooled)


def trained(name, encoder=None):
    return hs.meta_train(name, FAMILY, encoder, Recipe(steps=1))


@pytest.fixture(scope="module")
def drawn():
    return FAMILY.draw(0)


@pytest.mark.parametrize("name", NAMES)
def test_a_state_of_another_learner_is_named(name, drawn):
    learner, support, x = trained(name), drawn.support, drawn.query.x
    other = {"else": torch.zeros(2, 3)}
    with pytest.raises(BadInput, match=rf"{name} can't read this state: it holds no .* its own `adapt`"):
        learner.predict(other, x)
    with pytest.raises(BadInput, match=rf"{name} can't read this state: it holds no "):
        learner.adapt(support.x, support.y, other)
    for none in ({}, None, 3):
        with pytest.raises(BadInput, match=r"give what the learner's `adapt` returned"):
            learner.predict(none, x)
    state = learner.adapt(support.x.double().numpy(), support.y.numpy().astype(np.int32))
    assert learner.predict(state, x[:, :0].half()).shape == (2, 0, 2)


def test_a_state_of_another_network_is_named(drawn):
    wide, narrow = (trained("maml", torch.nn.Linear(2, width)) for width in (9, 3))
    state = wide.adapt(drawn.support.x, drawn.support.y)
    with pytest.raises(BadInput, match=r"maml can't read this state: .*size"):
        narrow.predict(state, drawn.query.x)
    with pytest.raises(BadInput, match=r"The state is \{\}"):
        wide.module({})


@pytest.mark.parametrize(
    ("x", "said"),
    [
        ("rows", "x can't be read as an array"),
        (None, "x can't be read as an array"),
        ([[1.0], [2.0, 3.0]], "x can't be read as an array"),
        ([[[1.0, float("nan")]]], "x holds NaN or infinity"),
        ([[[1.0, float("inf")]]], "x holds NaN or infinity"),
        ([[[1.0]]], r"takes \(tasks, rows, 2\)"),
    ],
)
def test_arrays_that_are_none(x, said, drawn):
    learner = trained("nearest-centroid")
    with pytest.raises(BadData, match=said):
        learner.adapt(x, [[0]])
    with pytest.raises(BadData, match=said):
        learner.predict(learner.adapt(drawn.support.x, drawn.support.y), x)


def test_what_is_no_learner_family_or_encoder():
    with pytest.raises(BadInput, match=r"learner is 3; it must be a name"):
        hs.meta_train(3, FAMILY)
    with pytest.raises(BadInput, match=r"tasks is 'digits'; it must be a family"):
        hs.meta_train("maml", "digits")
    with pytest.raises(BadInput, match=r"encoder is 3; it must be a network"):
        hs.meta_train("maml", FAMILY, 3)
    learner = trained("maml")
    with pytest.raises(BadInput, match=r"tasks is 'digits'; it must be a family"):
        learner.evaluate("digits")
    with pytest.raises(Unknown, match=r"No setting of maml is called 'stps'. Did you mean 'steps'"):
        learner.changed(stps=3)


def test_a_recipe_that_is_none_and_a_folder_that_can_not_be():
    with pytest.raises(BadInput, match=r"recipe is 5; it must be a Recipe, as in hs.Recipe"):
        hs.meta_train("protonet", FAMILY, recipe=5)
    with pytest.raises(CannotWrite, match=r"Can't write .*learner"):
        trained("protonet").save(f"{__file__}/learner")
