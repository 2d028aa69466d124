"""Supervised pre-training: all of the model learns the source's labels, then another method takes over."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.methods.test_multi_task import STEP, Line, head, number
from tests.methods.ways import PLAIN, bytes_of, same, tuned
from tests.toy import CENTRES, Toy, make
from torch import nn

import headstart as hs
from headstart.core import BadInput, Labelled, SourceLabelled, Task, Unknown
from headstart.data.load import load
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.finetuning.lpft import LPFT
from headstart.methods.mapping.pretraining.supervised import SupervisedPretraining
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe
from headstart.models.backbone import backbone
from headstart.run.loop import start, train
from headstart.run.watch import drain
from headstart.session.session import Session
from headstart.session.session_data import attach_source


def data(seed=0, rows=30, classes=3, spread=1.0):
    g = torch.Generator().manual_seed(seed)
    y = torch.arange(rows) % classes
    return load(((CENTRES[y] + spread * torch.randn(rows, 8, generator=g)).numpy(), y.numpy()))


def net(seed=1):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 12), nn.Tanh(), nn.Linear(12, 5))


def mapping(seed=1):
    return backbone(net(seed), example=torch.zeros(2, 8))


def with_source(base, target, source, **how):
    session = Session(base, target)
    session.source = attach_source(session, [source], **how)
    return session


def state(fitted):
    return {name: value.clone() for name, value in fitted.model.state_dict().items()}


def test_one_step_by_hand():
    """out = 1 for 3: dL/dw = dL/da = dL/db = 2 (1 - 3) = -4."""
    task = Task(1, (1,), head=head(1.0), kind="numbers")
    run = start(SupervisedPretraining(), Line(), task, STEP)
    drain(train(run, lambda _step: iter([SourceLabelled(*number(1.0, 3.0)._values())])))
    found = [value.item() for value in bytes_of(run).values()]
    assert found == pytest.approx([1.4, 1.4, 0.4])


def test_its_stages():
    plain = SupervisedPretraining()
    assert plain.stages() == (plain, LogisticProbe())
    assert plain.stages("numbers") == (plain, RidgeProbe())
    method = SupervisedPretraining(then="lp-ft:penalty=2.0,last=1")
    assert method.stages() == (method, LogisticProbe(penalty=2.0), LPFT(penalty=2.0, last=1))
    assert hs.methods.SupervisedPretraining(then="lp-ft").label == "supervised-pretraining:then=lp-ft"


def test_it_decides_steps_and_rate():
    assert SupervisedPretraining().recipe_overrides() == {}
    assert SupervisedPretraining(steps=7, lr=0.5).recipe_overrides() == {"steps": 7, "lr": 0.5}


def test_a_given_start_is_kept_and_a_random_one_is_anew():
    method = SupervisedPretraining(start="random", last=1)
    one, other = (tuned(method, Toy(norm=False, seed=seed)) for seed in (1, 5))
    assert not same(bytes_of(one), bytes_of(tuned(SupervisedPretraining(last=1), Toy(norm=False))))
    # Toy's untrained twin is a function of the seed alone
    assert same(bytes_of(one), bytes_of(other))
    first = one.parts["backbone"].body[0].weight
    assert not torch.equal(first, Toy(norm=False).untrained(0).body[0].weight), "all of it learns"
    given = tuned(SupervisedPretraining(last=1), Toy(norm=False, seed=5))
    assert torch.equal(given.parts["backbone"].body[0].weight, Toy(norm=False, seed=5).body[0].weight)


def test_it_is_fine_tuning_on_the_source_and_then_a_probe_on_the_target():
    """The same as two sessions, one after the other, to the bit."""
    target, source, rows = data(0), data(5, 40, 2), np.arange(20)
    method = SupervisedPretraining(steps=6, lr=0.02)
    both = with_source(mapping(), target, source).fit(method, rows, PLAIN)
    whole = FineTune(backbone_lr=1.0, norm="train")
    first = Session(mapping(), source).fit(whole, np.arange(40), replace(PLAIN, steps=6, lr=0.02))
    second = Session(first.model.backbone, target).fit(LogisticProbe(), rows, PLAIN)
    assert same(state(both), state(second))
    assert both.model.head.weight.shape == (3, 12)
    assert not same(state(both), state(Session(mapping(), target).fit(LogisticProbe(), rows, PLAIN)))


def test_it_helps_where_the_tasks_are_alike():
    """Few labels, a random start, and a source whose classes lie where the target's do."""
    target, source, test = data(0, 9, spread=3), data(5, 600, spread=3), data(8, 600, spread=3)
    recipe = replace(PLAIN, steps=100, batch=32, lr=0.01)
    session = with_source(mapping(), target, replace(source, classes=("a", "b", "c")))
    held = Session(mapping(), test)

    def accuracy(method):
        fitted = session.fit(method, np.arange(9), recipe)
        answers = held.logits(fitted.model, np.arange(600)).argmax(1).numpy()
        return (answers == test.labels).mean()

    assert accuracy(SupervisedPretraining()) > accuracy(LogisticProbe()) + 0.05


def test_what_can_not_be_is_refused_before_anything_runs():
    with pytest.raises(BadInput, match="supervised-pretraining: start is 'anew'"):
        SupervisedPretraining(start="anew")
    with pytest.raises(BadInput, match="steps is 0; it must be >= 1"):
        SupervisedPretraining(steps=0)
    with pytest.raises(BadInput, match="lr is -1"):
        SupervisedPretraining(lr=-1)
    with pytest.raises(Unknown, match="lp-fd"):
        SupervisedPretraining(then="lp-fd")
    with pytest.raises(BadInput, match="smoothing is for classes"):
        start(SupervisedPretraining(smoothing=0.1), Toy(), Task(3, (8,), kind="numbers"), PLAIN)


def test_a_batch_of_the_source_is_told_from_one_of_the_target():
    assert isinstance(make(SourceLabelled, 4, 0), Labelled)
    assert type(make(SourceLabelled, 4, 0).part(0, 2)) is SourceLabelled
