"""Sessions with an unlabelled target beside the source: what methods are fed, and what they are not."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.study import tiny
from torch import nn

import headstart as hs
from headstart.core import BadInput, Domains, Labelled
from headstart.data.augment import Augment
from headstart.data.unlabelled import load_unlabelled
from headstart.run.recipe import Recipe
from headstart.session.fitted import EvalHook
from headstart.session.input_pipeline import batch_stream, example_batch, method_inputs
from headstart.session.session import FitOptions, Session, _start
from headstart.session.session_data import attach_target

SHORT = Recipe(steps=6, batch=8, lr=1e-2)


def rows(n, seed, moved=0.0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    x = rng.normal(0, 0.5, (n, 6)) + 2 * np.eye(6)[y] + moved * np.array([0, 0, 0, 1, 1, 1])
    return x.astype(np.float32), np.array(["red", "green", "blue"])[y]


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))


def session(target_labelled=None, some=None, **more):
    source = hs.data.load(rows(30, 0))
    made = Session(hs.models.backbone(net(), example=torch.zeros(2, 6)), source, **more)
    made.target = attach_target(made, load_unlabelled(rows(20, 1, 1.0)[0], source), target_labelled, some)
    return made


def state(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def batches(made, method, many=3):
    run, replay = _start(made, method, made.backbone, None, np.arange(30), SHORT)
    stream = batch_stream(made, method, method_inputs(made, method, run, replay), np.arange(30), run.recipe)
    return [batch for batch, _ in zip(stream(0), range(many), strict=False)]


def test_a_method_eats_both_domains_and_no_label_of_the_target():
    made = session()
    for batch in batches(made, hs.methods.DANN()):
        assert isinstance(batch, Domains)
        assert (len(batch.source), len(batch.target), batch.target_labelled) == (8, 8, None)
    seen = torch.cat([batch.target for batch in batches(made, hs.methods.DANN(), 5)])
    known = torch.from_numpy(rows(20, 1, 1.0)[0])
    assert all(bool((known == row).all(1).any()) for row in seen)
    assert len(torch.unique(seen[:20], dim=0)) == 20  # an epoch holds every row once


def test_only_the_rows_that_may_be_learned_from():
    made = session(some=np.arange(5))
    seen = torch.cat([batch.target for batch in batches(made, hs.methods.DANN(), 5)])
    known = torch.from_numpy(rows(20, 1, 1.0)[0][:5])
    assert all(bool((known == row).all(1).any()) for row in seen)


def test_few_labelled_rows_come_beside():
    target_labelled = hs.data.load(rows(6, 4, 1.0))
    made = session(replace(target_labelled, name="target_labelled"))
    for batch in batches(made, hs.methods.DANN()):
        assert isinstance(batch.target_labelled, Labelled)
        assert len(batch.target_labelled) == 6


def test_one_pass_holds_every_row_of_both_once():
    made = session()
    found = batches(made, hs.methods.CORAL(), 9)
    assert sum(len(batch.source) for batch in found) == 30
    assert sum(len(batch.target) for batch in found) == 20
    shown = example_batch(made, hs.methods.CORAL(), np.arange(30))
    assert isinstance(shown, Domains)


def test_at_weight_0_it_is_training_on_the_source_to_the_byte():
    made = session()
    ours = made.fit(hs.methods.DANN(weight=0.0), np.arange(30), SHORT)
    made.target = None
    theirs = made.fit(hs.methods.FineTune(), np.arange(30), SHORT)
    assert same(state(ours.model), state(theirs.model))


def test_the_order_of_the_target_is_not_that_of_the_source():
    made = session()
    made.target = attach_target(made, load_unlabelled(rows(30, 0)[0], made.data))
    for batch in batches(made, hs.methods.DANN()):
        assert not torch.equal(batch.source.x, batch.target)


def test_what_is_frozen_is_recorded_for_both_domains(tmp_path):
    method = hs.methods.DANN(last=1)
    plain, cached = session(), session(cache=tmp_path)
    ours, theirs = (one.fit(method, np.arange(30), SHORT) for one in (cached, plain))
    assert ours.replay is not None
    assert theirs.replay is None
    assert len(list(tmp_path.glob("*.bin"))) == 2
    for name, value in theirs.model.state_dict().items():
        torch.testing.assert_close(ours.model.state_dict()[name], value, rtol=1e-4, atol=1e-5)


def looked(made, method, step=6):
    """What a look after a step saw, and the model in the end."""
    found = {}

    def see(now_step, now):
        found[now_step] = now.logits(np.arange(12)), now.target_logits(np.arange(12)), state(now.model)

    rows_of = np.arange(len(made.data))
    recipe = replace(SHORT, views=2)
    hook = EvalHook(frozenset({3, step}), see)
    fitted = made.fit(method, rows_of, recipe, options=FitOptions(eval_hook=hook))
    return found, fitted


@pytest.mark.parametrize("last", [1, None])
def test_a_look_changes_nothing_and_sees_the_model_as_it_is(last, tmp_path):
    method = hs.methods.DANN(last=last)
    made = session(cache=tmp_path / "a")
    found, fitted = looked(made, method)
    alone = session(cache=tmp_path / "b").fit(method, np.arange(30), replace(SHORT, views=2))
    assert same(state(fitted.model), state(alone.model))
    assert same(found[6][2], state(fitted.model))
    assert not same(found[3][2], found[6][2])
    model = fitted.model.eval()
    torch.testing.assert_close(found[6][0], made.logits(model, np.arange(12)), rtol=1e-4, atol=1e-5)
    target = made.target.session.logits(model, np.arange(12))
    torch.testing.assert_close(found[6][1], target, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_looks_at_pictures_take_plain_views_also_where_training_takes_records(pictures, weights, tmp_path):
    base = hs.models.backbone(tiny.BACKBONE, weights=weights)
    data = hs.data.load(pictures)
    made = Session(base, data, cache=tmp_path, augment=Augment())
    made.target = attach_target(made, load_unlabelled(pictures, data))
    found, fitted = looked(made, hs.methods.DANN(last=1))
    assert fitted.replay is not None
    expected = made.logits(fitted.model.eval(), np.arange(12))
    torch.testing.assert_close(found[6][0], expected, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found[6][1], expected, rtol=1e-3, atol=1e-4)


# --- weights


def test_weights_count_and_their_scale_does_not():
    x, y = rows(60, 0)
    wrong = np.where(np.arange(60) < 30, np.roll(y, 1), y)
    counts = (np.arange(60) >= 30).astype(float)
    recipe = Recipe(steps=60, lr=1e-2)
    new, truth = rows(60, 7)

    def accuracy(**weights):
        model = hs.fit(hs.methods.FineTune(backbone_lr=1.0), net(), (x, wrong), recipe, **weights)
        return model, np.mean([one.label == t for one, t in zip(model.predict(new), truth, strict=True)])

    weighted, right = accuracy(weights=counts)
    assert right > 0.95
    assert accuracy()[1] < 0.8
    again, _ = accuracy(weights=counts * 7)
    assert same(state(weighted.model), state(again.model))


@pytest.mark.parametrize("wrong", [np.ones(9), np.full(30, np.nan), np.zeros(30), -np.ones(30)])
def test_weights_that_are_none(wrong):
    with pytest.raises(BadInput, match="Weights must be 30 finite numbers >= 0"):
        hs.fit(hs.methods.FineTune(), net(), rows(30, 0), SHORT, weights=wrong)


def test_a_method_that_weighs_does_so_by_where_the_target_lies():
    """Half of the source lies where the target is: these rows carry the weight."""
    near, far = rows(60, 0)[0], rows(60, 1, 6.0)[0]
    x = np.concatenate([near, far])
    y = np.concatenate([rows(60, 0)[1], np.roll(rows(60, 1)[1], 1)])
    recipe = Recipe(steps=80, lr=1e-2)
    method = hs.methods.ImportanceWeighting(backbone_lr=1.0)
    target, truth = rows(60, 5)
    made = Session(hs.models.backbone(net(), example=torch.zeros(2, 6)), hs.data.load((x, y)))
    made.target = attach_target(made, load_unlabelled(target, made.data))
    seen = []
    real = type(method).row_weights

    def row_weights(self, *given):
        seen.append(real(self, *given))
        return seen[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(method), "row_weights", row_weights)
        made.fit(method, np.arange(120), recipe)
    found = seen[0].numpy()
    assert found[:60].sum() > 5 * found[60:].sum()
    model = hs.fit(method, net(), hs.data.Domains((x, y), target), recipe)
    assert np.mean([one.label == t for one, t in zip(model.predict(target), truth, strict=True)]) > 0.9


# --- what is refused


def test_a_target_that_nothing_is_made_of():
    domains = hs.data.Domains(rows(30, 0), rows(20, 1)[0])
    with pytest.raises(BadInput, match=r"fine-tune does not learn from it\. These do: .*dann"):
        hs.fit(hs.methods.FineTune(), net(), domains)
    with pytest.raises(BadInput, match=r"hs\.stream"):
        hs.fit(hs.methods.Tent(), net(), domains)


def test_a_target_that_is_not_there():
    with pytest.raises(BadInput, match=r"dann learns from an unlabelled target too.*hs\.data\.Domains"):
        hs.fit(hs.methods.DANN(), net(), rows(30, 0))
    with pytest.raises(BadInput, match="a curve has none"):
        hs.curve(net(), rows(60, 0), methods=["dann"])
