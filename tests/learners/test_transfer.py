"""The transfer baselines: pre-training on all tasks at once, then a probe or fine-tuning."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from tests.learners.by_hand import answer, plain_parts, rows
from tests.learners.families import FAMILIES
from torch import nn

import headstart as hs
from headstart.core import BadInput, Labelled
from headstart.learners import steps_curve
from headstart.learners.metric.protonet import ProtoNet
from headstart.learners.transfer.pretrain_fine_tune import PretrainFineTune
from headstart.learners.transfer.pretrain_probe import PretrainProbe
from headstart.run.recipe import Recipe
from headstart.solvers.logistic import logistic
from headstart.solvers.ridge import ridge
from headstart.tasks import GaussianClasses, Sinusoids

POOLED = FAMILIES["pooled"]
SHORT = Recipe(steps=20, lr=1e-2, weight_decay=0.0)
TRANSFER = ("pretrain-probe", "pretrain-fine-tune")


def numbers_parts(learner, weight=0.0, bias=0.0):
    """One number in and one out, by a linear pooled network."""
    parts = plain_parts(learner, 1, 1, "numbers", 1)
    parts["network"].head.weight.data.fill_(weight)
    parts["network"].head.bias.data.fill_(bias)
    return parts


def number_rows(x, y):
    return Labelled(torch.tensor(x)[None, :, None], torch.tensor(y)[None, :, None])


def test_one_step_of_fine_tuning_by_hand():
    """(w 2 + b - 3)^2 has the slopes -12 and -6 at 0: w = .12 and b = .06 after a step of .01."""
    learner = PretrainFineTune(steps=1)
    found = answer(learner, numbers_parts(learner), number_rows([2.0], [3.0]), [[1]])
    assert found.item() == pytest.approx(0.18)


def test_without_a_step_numbers_are_those_of_the_pooled_network():
    learner = PretrainFineTune(steps=0)
    parts = numbers_parts(learner, 2.0, 1.0)
    assert answer(learner, parts, number_rows([2.0], [3.0]), [[1], [4]]).flatten().tolist() == [3, 9]


def test_a_new_head_begins_as_the_logistic_regression_of_the_support():
    support = rows([[1, 0], [3, 0], [0, 4]], [0, 0, 1])
    learner = PretrainFineTune(steps=0)
    found = answer(learner, plain_parts(learner, 2, 3, pooled=7), support, [[0, 1], [2, 2]])
    known = logistic(support.x[0], support.y[0], 2, 1.0)
    assert torch.allclose(
        found[:, :2], torch.tensor([[0.0, 1], [2, 2]]) @ known.weight.T + known.bias, atol=1e-3
    )
    assert (found[:, 2] == -torch.inf).all()


def test_a_head_of_centroids_begins_as_the_nearest():
    """Logits of ProtoNet but for |f(x)|^2, and a class without a row is impossible."""
    support = rows([[1, 0], [3, 0], [0, 4]], [0, 0, 1])
    learner = PretrainFineTune(steps=0, head="centroids")
    found = answer(learner, plain_parts(learner, 2, 3, pooled=7), support, [[0, 1], [2, 2]]).softmax(1)
    other = answer(ProtoNet(), plain_parts(ProtoNet(), 2, 3), support, [[0, 1], [2, 2]]).softmax(1)
    assert torch.allclose(found, other)
    assert (found[:, 2] == 0).all()


def test_a_head_of_zeros_gives_all_classes_the_same():
    support = rows([[1, 0], [3, 0], [0, 4]], [0, 0, 1])
    learner = PretrainFineTune(steps=0, head="zero")
    assert answer(learner, plain_parts(learner, 2, 2, pooled=7), support, [[0, 1]]).tolist() == [[0, 0]]


def test_steps_in_turn_are_steps_at_once():
    """The state holds the optimiser's memory too."""
    trained = hs.meta_train("pretrain-fine-tune:steps=2", POOLED, recipe=SHORT)
    drawn = POOLED.draw(50)
    first = trained.adapt(drawn.support.x, drawn.support.y)
    twice = trained.adapt(drawn.support.x, drawn.support.y, first)
    once = trained.changed(steps=4).adapt(drawn.support.x, drawn.support.y)
    x = drawn.query.x
    assert torch.allclose(trained.predict(twice, x), trained.predict(once, x), atol=1e-4)


def test_tasks_with_convolutions_are_tuned_one_by_one_with_the_same_result(monkeypatch):
    network = nn.Sequential(nn.Unflatten(1, (1, 4)), nn.Conv1d(1, 3, 2), nn.ReLU(), nn.Flatten())
    trained = hs.meta_train("pretrain-fine-tune:steps=3", POOLED, network, SHORT)
    drawn = POOLED.draw(50)
    first = trained.predict(trained.adapt(drawn.support.x, drawn.support.y), drawn.query.x)
    monkeypatch.setattr("headstart.learners.transfer.pretrain_fine_tune.SERIAL", ())
    other = trained.predict(trained.adapt(drawn.support.x, drawn.support.y), drawn.query.x)
    assert torch.allclose(first, other, atol=1e-4)


def test_the_network_of_one_task_stands_alone():
    trained = hs.meta_train("pretrain-fine-tune:steps=2", POOLED, recipe=SHORT)
    drawn = POOLED.draw(50)
    state = trained.adapt(drawn.support.x, drawn.support.y.clamp_max(1))
    alone = trained.module(state, 3)(drawn.query.x[3])
    assert torch.allclose(alone, trained.predict(state, drawn.query.x)[3], atol=1e-5)
    assert (alone[:, 2] == -torch.inf).all()


def test_more_steps_fit_the_support_better():
    tasks = Sinusoids(shots=10, queries=20, tasks=10)
    trained = hs.meta_train("pretrain-fine-tune", tasks, recipe=replace(SHORT, steps=200))
    none, some = steps_curve(trained, tasks, (0, 10), 50)
    assert (none.steps, some.steps) == (0, 10)
    assert some.mean < none.mean


def test_the_probe_is_a_logistic_regression_on_features_of_one_length():
    trained = hs.meta_train("pretrain-probe:penalty=0.5", POOLED, recipe=SHORT)
    drawn = POOLED.draw(50)
    found = trained.predict(trained.adapt(drawn.support.x, drawn.support.y), drawn.query.x).softmax(-1)
    for task in range(2):
        features, queries = (
            nn.functional.normalize(trained.parts["network"].encoder(part.x[task]), dim=1).numpy()
            for part in (drawn.support, drawn.query)
        )
        known = LogisticRegression(C=2, tol=1e-8, max_iter=1000).fit(features, drawn.support.y[task])
        assert np.allclose(found[task], known.predict_proba(queries), atol=2e-3)


def test_the_ridge_is_on_what_the_pooled_network_leaves():
    learner = PretrainProbe(penalty=2.0)
    x, y = [0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 5.0, 4.0]
    parts = numbers_parts(learner, 1.0, 0.5)
    found = answer(learner, parts, number_rows(x, y), [[1.5], [4.0]])
    wide, goal = torch.tensor(x)[:, None], torch.tensor(y)[:, None]
    weight, bias = ridge(wide, goal - (wide + 0.5), 2.0)
    queries = torch.tensor([[1.5], [4.0]])
    assert torch.allclose(found, queries @ (weight.T + 1) + bias + 0.5)


def test_of_one_or_two_rows_the_pooled_network_answers():
    learner = PretrainProbe()
    found = answer(learner, numbers_parts(learner, 2.0, 1.0), number_rows([0.0, 1.0], [9.0, 9.0]), [[3]])
    assert found.item() == 7


def test_rows_that_come_later_are_fitted_with_those_before():
    trained = hs.meta_train("pretrain-probe", POOLED, recipe=SHORT)
    (x, y), queries = (POOLED.draw(50).support.x, POOLED.draw(50).support.y), POOLED.draw(50).query.x
    later = trained.adapt(x[:, 2:], y[:, 2:], trained.adapt(x[:, :2], y[:, :2]))
    assert torch.allclose(
        trained.predict(later, queries), trained.predict(trained.adapt(x, y), queries), atol=1e-4
    )


@pytest.mark.parametrize("spec", TRANSFER)
def test_pre_training_lowers_the_loss_and_helps_the_tasks(spec):
    trained = hs.meta_train(spec, POOLED, recipe=replace(SHORT, steps=100))
    assert trained.losses[-1] < 0.7 * trained.losses[0]
    assert trained.evaluate(POOLED, 50).low > 0.6


@pytest.mark.parametrize("spec", TRANSFER)
def test_tasks_that_share_no_classes_are_refused(spec):
    with pytest.raises(BadInput, match="share no classes"):
        hs.meta_train(spec, GaussianClasses())


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("pretrain-probe:penalty=0", "penalty is 0"),
        ("pretrain-fine-tune:steps=-1", "steps is -1"),
        ("pretrain-fine-tune:inner_lr=0", "inner_lr is 0"),
        ("pretrain-fine-tune:inner_optimiser=lion", "inner_optimiser is 'lion'"),
        ("pretrain-fine-tune:head=random", "head is 'random'"),
    ],
)
def test_wrong_settings_are_refused(spec, said):
    with pytest.raises(BadInput, match=said):
        hs.learners.learner.make_learner(spec)
