"""Algorithm 1: K1 steps at one rate on the source, K2 steps at another on the target, one set of weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.methods.test_multi_task import STEP, Line, head, number
from tests.methods.test_supervised import data, mapping, state, with_source
from tests.methods.ways import PLAIN, same

from headstart.core import BadInput, Task
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.methods.mapping.pretraining.pretrain_fine_tune import PretrainFineTune
from headstart.methods.mapping.pretraining.supervised import SupervisedPretraining
from headstart.run.loop import start, train
from headstart.run.watch import drain
from headstart.session.session import Session

WHOLE = FineTune(backbone_lr=1.0, norm="train")
ROWS = np.arange(20)


def test_both_steps_by_hand():
    """K1 = K2 = 1 on out = a w x + b from a = w = 1, b = 0, squared loss.

    Source x = 1, y = 3 at rate 0.1: every gradient is 2 (1 - 3) = -4, so a = w = 1.4, b = 0.4.
    Target x = 2, y = 1 at rate 0.01: out = 1.96 * 2 + 0.4 = 4.32, d/dw = d/da = 2 * 3.32 * 2.8, d/db = 6.64.
    """
    method = PretrainFineTune(pretrain_steps=1, pretrain_lr=0.1, steps=1, lr=0.01)
    body, reader = Line(), head(1.0)
    for stage, batch in zip(method.stages(), (number(1.0, 3.0), number(2.0, 1.0)), strict=True):
        recipe = replace(STEP, **{"steps": 9, "lr": 5.0} | stage.recipe_overrides())
        run = start(stage, body, Task(1, (1,), head=reader, kind="numbers"), recipe)
        assert (run.recipe.steps, run.recipe.lr) == (1, {1.0: 0.1, 2.0: 0.01}[batch.x.item()])
        drain(train(run, lambda _step, batch=batch: iter([batch])))
        body, reader = stage.predictor(run.parts)
    assert body.layer.weight.item() == pytest.approx(1.4 - 0.01 * 18.592)
    assert reader.weight.item() == pytest.approx(1.4 - 0.01 * 18.592)
    assert reader.bias.item() == pytest.approx(0.4 - 0.01 * 6.64)


def test_its_stages_share_their_settings():
    method = PretrainFineTune(
        pretrain_steps=3,
        pretrain_lr=0.1,
        steps=5,
        lr=0.2,
        lr_decay=0.5,
        last=1,
        weight_decay=0.0,
        start="random",
    )
    first, second = method.stages()
    assert second == method
    assert first == SupervisedPretraining(
        steps=3, lr=0.1, lr_decay=0.5, last=1, weight_decay=0.0, start="random"
    )
    assert method.recipe_overrides() == {"steps": 5, "lr": 0.2}
    assert PretrainFineTune().recipe_overrides() == {}


def test_it_is_two_fine_tunings_of_the_same_weights():
    target, source = data(0), data(5, 40, 2)
    method = PretrainFineTune(pretrain_steps=6, pretrain_lr=0.02, steps=5, lr=0.03)
    both = with_source(mapping(), target, source).fit(method, ROWS, PLAIN)
    first = Session(mapping(), source).fit(WHOLE, np.arange(40), replace(PLAIN, steps=6, lr=0.02))
    second = Session(first.model.backbone, target).fit(WHOLE, ROWS, replace(PLAIN, steps=5, lr=0.03))
    assert same(state(both), state(second))
    assert both.run.step == 5
    swapped = PretrainFineTune(pretrain_steps=5, pretrain_lr=0.03, steps=6, lr=0.02)
    assert not same(state(both), state(with_source(mapping(), target, source).fit(swapped, ROWS, PLAIN)))


def test_without_pretraining_it_is_fine_tuning():
    target, source = data(0), data(5, 40, 2)
    method = PretrainFineTune(pretrain_steps=0)
    assert method.stages() == (method,)
    alone = Session(mapping(), target).fit(WHOLE, ROWS, PLAIN)
    assert same(state(with_source(mapping(), target, source).fit(method, ROWS, PLAIN)), state(alone))
    assert same(state(Session(mapping(), target).fit(method, ROWS, PLAIN)), state(alone)), "needs no source"


def test_from_a_random_start_the_given_weights_are_not_looked_at():
    target, source = data(0), data(5, 40, 2)
    method = PretrainFineTune(start="random")
    one, other = (with_source(mapping(seed), target, source).fit(method, ROWS, PLAIN) for seed in (1, 2))
    assert same(state(one), state(other))
    scratch = Session(mapping(), target).fit(FromScratch(), ROWS, PLAIN)
    assert not same(state(one), state(scratch))


def after_hardly_a_step(source):
    session = with_source(mapping(), data(0), source)
    still = PretrainFineTune(steps=1, lr=1e-30, weight_decay=0.0)
    return session.fit(still, ROWS, PLAIN).model.head


def test_the_head_goes_along_if_the_labels_are_the_same():
    source = data(5, 40)
    whole = replace(PLAIN, weight_decay=0.0)
    theirs = Session(mapping(), source).fit(WHOLE, np.arange(40), whole).model.head
    torch.testing.assert_close(after_hardly_a_step(source).weight, theirs.weight, rtol=0, atol=1e-20)
    other = replace(source, classes=("0", "1", "3"))
    assert not torch.allclose(after_hardly_a_step(other).weight, theirs.weight, atol=1e-3)
    assert after_hardly_a_step(data(5, 40, 2)).weight.shape == (3, 12)


def test_what_can_not_be_is_refused():
    with pytest.raises(BadInput, match="pretrain-fine-tune: pretrain_steps is -1; it must be >= 0"):
        PretrainFineTune(pretrain_steps=-1)
    with pytest.raises(BadInput, match="where start is random; without take from-scratch"):
        PretrainFineTune(pretrain_steps=0, start="random")
    with pytest.raises(BadInput, match="steps is 0"):
        PretrainFineTune(steps=0)
    for name in ("lr", "pretrain_lr"):
        with pytest.raises(BadInput, match=f"{name} is 0"):
            PretrainFineTune(**{name: 0})
    with pytest.raises(BadInput, match="start is 'no'"):
        PretrainFineTune(start="no")
