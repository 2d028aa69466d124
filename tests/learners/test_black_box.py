"""What all black-box learners promise: states go on, absent classes are none, more rows help, bad input."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.learners.families import Folded, family_for
from tests.rounding import rounding

from headstart.core import BadData
from headstart.learners.learner import walk_learners
from headstart.learners.training import meta_train
from headstart.run.recipe import Recipe
from headstart.tasks import Sinusoids

KINDS = [kind for kind in walk_learners() if ".black_box." in kind.__module__]
NEAR = rounding(128, 30.0, 16)


def meta_trained(kind, family, steps=3, lr=3e-3):
    return meta_train(kind(), family, recipe=Recipe(steps=steps, lr=lr, weight_decay=0.0))


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def kind(request):
    return request.param


@pytest.fixture(scope="module", params=["classes", "numbers"])
def made(request, kind):
    family = family_for(request.param)
    return meta_trained(kind, family), family.draw(1000)


def test_a_state_is_saved_and_goes_on_as_if_all_rows_were_read_at_once(made, tmp_path):
    trained, drawn = made
    x, y = drawn.support.x, drawn.support.y
    state = None
    for rows in (slice(0, 1), slice(1, 3), slice(3, None)):
        save_file(trained.adapt(x[:, rows], y[:, rows], state), tmp_path / "state")  # refuses views
        state = load_file(tmp_path / "state")
    found, wanted = (trained.predict(each, drawn.query.x) for each in (state, trained.adapt(x, y)))
    assert torch.allclose(found, wanted, atol=NEAR)


def test_classes_that_a_task_has_not_get_no_probability(kind):
    family = family_for("classes")
    trained, drawn = meta_trained(kind, family), family.draw(1000)
    x, y = drawn.support.x, torch.zeros_like(drawn.support.y)
    state = trained.adapt(x[:, 1:], y[:, 1:] + 1, trained.adapt(x[:, :1], y[:, :1]))  # class 0, then class 1
    shares = trained.predict(state, drawn.query.x).softmax(2)
    assert (shares[..., 2] == 0).all()
    assert (shares[..., :2] > 0).all()


def test_other_numbers_of_ways_and_shots_are_learned(kind):
    family = replace(family_for("classes"), shots=(1, 3))
    trained = meta_trained(kind, family)
    fewer = replace(family, ways=2, shots=7).draw(0)
    found = trained.predict(trained.adapt(fewer.support.x, fewer.support.y), fewer.query.x)
    assert found[..., :2].isfinite().all()


def test_pictures_go_through_four_convolutions(kind):
    family = Folded()
    trained = meta_train(kind(), family, recipe=Recipe(steps=1, lr=1e-3, weight_decay=0.0))
    drawn = family.draw(1)
    assert trained.encoder == "conv4"
    assert trained.predict(trained.adapt(drawn.support.x, drawn.support.y), drawn.query.x).isfinite().all()


def test_more_rows_lower_the_error(kind):
    family = Sinusoids(amplitude=(-3, 3), phase=(0, 0), range=(-1, 1), noise=0.5, shots=(1, 10), tasks=8)
    trained = meta_trained(kind, family, steps=120)
    drawn = replace(family, shots=10, tasks=300, seed=5).draw(0)
    errors = []
    for shots in (1, 3, 10):
        state = trained.adapt(drawn.support.x[:, :shots], drawn.support.y[:, :shots])
        errors.append((trained.predict(state, drawn.query.x) - drawn.query.y).square().mean().item())
    assert errors[0] > 1.1 * errors[1] > 1.1 * 1.1 * errors[2]


def test_no_class_is_learned_better_by_its_number(kind):
    family = replace(family_for("classes"), ways=2, shots=1, tasks=16)
    trained = meta_trained(kind, family, steps=100, lr=1e-2)
    drawn = replace(family, seed=5, tasks=400).draw(0)
    found = trained.predict(trained.adapt(drawn.support.x, drawn.support.y), drawn.query.x).argmax(2)
    right = [(found == drawn.query.y)[drawn.query.y == label].float().mean().item() for label in range(2)]
    assert min(right) > 0.6
    assert max(right) - min(right) < 0.1


def test_a_support_without_rows_is_refused(made):
    trained, drawn = made
    with pytest.raises(BadData, match="no rows to learn from"):
        trained.adapt(drawn.support.x[:, :0], drawn.support.y[:, :0])


def test_inputs_of_another_width_are_refused(made):
    trained, drawn = made
    wider = torch.cat([drawn.support.x, drawn.support.x], 2)
    with pytest.raises(BadData, match=r"x has the shape .* and this learner takes \(tasks, rows, "):
        trained.adapt(wider, drawn.support.y)
    with pytest.raises(BadData, match="this learner takes"):
        trained.predict(trained.adapt(drawn.support.x, drawn.support.y), wider)


def test_a_state_of_other_tasks_is_refused(made):
    trained, drawn = made
    state = trained.adapt(drawn.support.x[:2], drawn.support.y[:2])
    with pytest.raises(BadData, match="2 tasks"):
        trained.predict(state, drawn.query.x)
    with pytest.raises(BadData, match="2 tasks"):
        trained.adapt(drawn.support.x, drawn.support.y, state)
