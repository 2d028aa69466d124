"""What every learner promises, for each kind of answers that it gives."""

import contextlib
import copy
from dataclasses import replace

import pytest
import torch
from tests.learners.families import family_for
from tests.rounding import rounding

from headstart.core import BadData, Ctx, Episodes, Labelled
from headstart.learners import training
from headstart.learners.learner import make_learner, walk_learners
from headstart.learners.trained import open_learner
from headstart.learners.training import meta_train
from headstart.run.checkpoint import load_state
from headstart.run.recipe import Recipe

LEARNERS = [(kind, answers) for kind in walk_learners() for answers in kind.kinds]
CTX = Ctx(0, 0.0, lambda x: x)
NEAR = rounding(64, 30.0, 8)


def short(kind, answers, steps=3, **more):
    family = family_for(answers)
    if kind.pooled and not family.pooled_outputs:
        family = family_for("pooled")
    return meta_train(kind(), family, recipe=Recipe(steps=steps, lr=1e-3, weight_decay=0.0), **more), family


@pytest.fixture(scope="module", params=LEARNERS, ids=lambda pair: f"{pair[0].name}-{pair[1]}")
def made(request):
    trained, family = short(*request.param)
    return trained, family.draw(1000)


def outputs(trained, episodes, support=None):
    support = support or episodes.support
    return trained.predict(trained.adapt(support.x, support.y), episodes.query.x)


def test_a_learner_gives_one_row_of_outputs_a_query(made):
    trained, episodes = made
    found = outputs(trained, episodes)
    assert found.shape == (*episodes.query.x.shape[:2], trained.problem.outputs)
    assert found.isfinite().all()


def test_tasks_are_learned_independently(made):
    trained, episodes = made
    whole = outputs(trained, episodes)
    for task in range(2):
        alone = Episodes(*(Labelled(s.x[[task]], s.y[[task]]) for s in (episodes.support, episodes.query)))
        assert torch.allclose(outputs(trained, alone)[0], whole[task], atol=NEAR)


def test_queries_are_predicted_independently(made):
    trained, episodes = made
    state = trained.adapt(episodes.support.x, episodes.support.y)
    whole = trained.predict(state, episodes.query.x)
    assert torch.allclose(trained.predict(state, episodes.query.x[:, :1]), whole[:, :1], atol=NEAR)


def test_the_order_of_the_support_matters_only_where_it_is_declared(made):
    trained, episodes = made
    support = Labelled(episodes.support.x.flip(1), episodes.support.y.flip(1))
    same = torch.allclose(outputs(trained, episodes, support), outputs(trained, episodes), atol=NEAR)
    assert same != trained.learner.ordered


def test_the_support_is_read(made):
    trained, episodes = made
    others = Labelled(episodes.support.x.roll(1, 0), episodes.support.y.roll(1, 0))
    assert not torch.allclose(outputs(trained, episodes, others), outputs(trained, episodes), atol=1e-4)


def test_the_first_axis_of_a_state_is_the_task(made):
    trained, episodes = made
    state = trained.adapt(episodes.support.x, episodes.support.y)
    assert all(len(value) == len(episodes.support.x) for value in state.values())
    one = {name: value[[2]] for name, value in state.items()}
    whole = trained.predict(state, episodes.query.x)
    assert torch.allclose(trained.predict(one, episodes.query.x[[2]])[0], whole[2], atol=NEAR)


def test_more_rows_go_on_from_a_state(made):
    trained, episodes = made
    x, y = episodes.support.x, episodes.support.y
    first = trained.adapt(x[:, :2], y[:, :2])
    before = {name: value.clone() for name, value in first.items()}
    later = trained.adapt(x[:, 2:], y[:, 2:], first)
    assert trained.predict(later, episodes.query.x).isfinite().all()
    assert all(torch.equal(first[name], value) for name, value in before.items())


def test_a_class_without_a_row_in_the_support_is_possible_or_refused(made):
    """Its logit may be -inf, then it is never answered; the loss is finite or says what is wrong."""
    trained, episodes = made
    if trained.problem.kind != "classes":
        return
    support = Labelled(episodes.support.x, episodes.support.y.clamp_max(1))
    found = outputs(trained, episodes, support)
    assert not found.isnan().any()
    assert found[..., :2].isfinite().all()
    assert not (found == torch.inf).any()
    if trained.learner.pooled:
        return
    with contextlib.suppress(BadData), torch.no_grad():
        loss = trained.learner.loss(trained.parts, Episodes(support, episodes.query), CTX)
        assert loss.total.isfinite()


def test_tasks_with_fewer_classes_have_finite_gradients(made):
    trained, episodes = made
    if trained.problem.kind != "classes" or trained.learner.pooled or not trained.learner.learned:
        return
    pair = (episodes.support, episodes.query)
    few = Episodes(*(Labelled(some.x, some.y.clamp_max(trained.problem.outputs - 2)) for some in pair))
    parts = copy.deepcopy(trained.parts).requires_grad_(True)
    loss = trained.learner.loss(parts, few, CTX).total
    loss.backward()
    assert loss.isfinite()
    assert all(one.grad is None or one.grad.isfinite().all() for one in parts.parameters())


def test_nothing_that_was_given_is_changed(made):
    trained, episodes = made
    given = (episodes.support.x, episodes.support.y, episodes.query.x)
    kept = [some.clone() for some in given]
    weights = {name: value.clone() for name, value in trained.parts.state_dict().items()}
    outputs(trained, episodes)
    assert all(map(torch.equal, kept, given))
    assert all(torch.equal(trained.parts.state_dict()[name], value) for name, value in weights.items())


def test_it_is_saved_and_opened(made, tmp_path):
    trained, episodes = made
    trained.save(tmp_path)
    opened = open_learner(tmp_path)
    assert (opened.learner, opened.problem, opened.losses) == (
        trained.learner,
        trained.problem,
        trained.losses,
    )
    assert torch.equal(outputs(opened, episodes), outputs(trained, episodes))


def test_settings_parse_from_their_names():
    for kind, _ in LEARNERS:
        assert make_learner(kind.name) == kind()


@pytest.mark.parametrize(("kind", "answers"), LEARNERS, ids=lambda value: getattr(value, "name", value))
def test_a_resumed_training_is_the_same(kind, answers, tmp_path, monkeypatch):
    if not kind.learned:
        return
    monkeypatch.setattr(training, "EVERY", 1)

    def interrupted(ticks, run):
        for tick in ticks:
            yield tick
            if tick.step == 2:
                raise KeyboardInterrupt

    whole, _ = short(kind, answers, 4)
    with pytest.raises(KeyboardInterrupt):
        short(kind, answers, 4, checkpoint=tmp_path / "run", watch=interrupted)
    assert load_state(tmp_path / "run")["step"] in (1, 2)
    resumed, _ = short(kind, answers, 4, checkpoint=tmp_path / "run")
    assert all(map(torch.equal, resumed.parts.state_dict().values(), whole.parts.state_dict().values()))
    assert resumed.losses == whole.losses


@pytest.mark.parametrize(("kind", "answers"), LEARNERS, ids=lambda value: getattr(value, "name", value))
def test_meta_training_lowers_the_loss(kind, answers):
    if not kind.learned or kind.pooled:
        return
    trained, family = short(kind, answers, 60)
    start, _ = short(kind, answers, 1)
    batch = replace(family, seed=7, tasks=32).draw(0)
    losses = [one.learner.loss(one.parts, batch, CTX).total for one in (start, trained)]
    assert losses[1] < losses[0]
