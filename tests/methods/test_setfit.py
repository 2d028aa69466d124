"""Pairs pull classes together, then a probe reads them; without steps it is the probe alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.methods.ways import PLAIN, tuned
from tests.toy import Toy, make
from torch import nn

from headstart.core import Backbone, BadInput, Labelled, Task
from headstart.data.load import load
from headstart.losses.pairs import pair_cosine_loss
from headstart.methods.mapping.finetuning.setfit import SetFit
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.models.backbone import backbone
from headstart.run.loop import start, train
from headstart.run.watch import drain
from headstart.session.session import Session

ROWS = np.arange(24)


class Scale(Backbone):
    """Features are the input times a weight of each column."""

    width, blocks = 2, ("layer",)

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2, bias=False)
        nn.init.eye_(self.layer.weight)

    def forward(self, x):
        return self.layer(x)


def test_one_step_by_hand():
    """Two rows of a class at cosine c = .6: dL/dc = 2 (c - 1) = -.8.

    With features a = W (1, 0) and b = W (.6, .8) of length 1, dc/da = b - c a = (0, .8) and
    dc/db = a - c b = (.64, -.48), so that dL/dW = -.8 (dc/da (1, 0) + dc/db (.6, .8)).
    """
    recipe = replace(PLAIN, steps=1, lr=1.0, optimiser="sgd", schedule="constant", weight_decay=0.0)
    run = start(SetFit(backbone_lr=1.0), Scale(), Task(outputs=2, shape=(2,)), recipe)
    head = run.parts["head"].weight.clone()
    batch = Labelled(torch.tensor([[1.0, 0.0], [0.6, 0.8]]), torch.tensor([1, 1]))
    drain(train(run, lambda _step: iter([batch])))
    slope = -0.8 * torch.tensor([[0.64 * 0.6, 0.64 * 0.8], [0.8 - 0.48 * 0.6, -0.48 * 0.8]])
    torch.testing.assert_close(run.parts["backbone"].layer.weight, torch.eye(2) - slope)
    assert torch.equal(run.parts["head"].weight, head)


def session(tmp_path=None):
    batch = make(Labelled, 40, 5)
    body = nn.Sequential(*Toy(norm=False).body, nn.Tanh(), nn.Linear(16, 4))
    data = load((batch.x.numpy(), batch.y.numpy()))
    return Session(backbone(body, example=batch.x[:2]), data, cache=tmp_path)


def test_without_steps_it_is_the_logistic_probe():
    fitted = session().fit(SetFit(steps=0, penalty=0.5), ROWS, PLAIN)
    probe = session().fit(LogisticProbe(penalty=0.5), ROWS, PLAIN)
    assert torch.equal(fitted.logits(np.arange(40)), probe.logits(np.arange(40)))


@pytest.mark.parametrize("cached", [True, False])
def test_the_head_is_that_of_a_probe_of_what_was_tuned(cached, tmp_path):
    made = session(tmp_path if cached else None)
    fitted = made.fit(SetFit(steps=7, penalty=0.5), ROWS, PLAIN)
    before, after = made.backbone.state_dict(), fitted.model.backbone.state_dict()
    assert any(not torch.equal(value, after[name]) for name, value in before.items())
    again = Session(fitted.model.backbone, made.data).fit(LogisticProbe(penalty=0.5), ROWS, PLAIN)
    rows = np.arange(40)
    torch.testing.assert_close(fitted.logits(rows), again.logits(rows))
    torch.testing.assert_close(made.logits(fitted.model, rows), fitted.logits(rows))


def test_classes_come_together_and_move_apart():
    batch = make(Labelled, 64, 1)
    run = tuned(SetFit(backbone_lr=1.0), recipe=replace(PLAIN, steps=60, batch=32))
    with torch.no_grad():
        losses = [
            pair_cosine_loss(b(batch.x), batch.y) for b in (Toy(norm=False), run.parts["backbone"].eval())
        ]
    assert losses[1] < 0.7 * losses[0]


def test_a_tuning_that_was_interrupted_goes_on_to_the_same_bytes(tmp_path):
    class Stop(Exception):
        pass

    def stopped(ticks, run):
        for tick in ticks:
            yield tick
            if run.step == 30:
                raise Stop

    method, file = SetFit(steps=50), tmp_path / "fit.checkpoint"
    whole = session().fit(method, ROWS, PLAIN)
    made = session()
    made.watch = stopped
    with pytest.raises(Stop):
        made.fit(method, ROWS, PLAIN, checkpoint=file)
    assert file.exists()
    steps = []

    def counted(ticks, run):
        for tick in ticks:
            steps.append(run.step)
            yield tick

    made.watch = counted
    fitted = made.fit(method, ROWS, PLAIN, checkpoint=file)
    assert 21 <= steps[0] <= 31  # not from the first step on
    assert all(torch.equal(v, fitted.model.state_dict()[k]) for k, v in whole.model.state_dict().items())


def test_settings_and_labels_that_can_not_be():
    for settings, what in (({"steps": -1}, "steps is -1"), ({"penalty": 0}, "penalty is 0")):
        with pytest.raises(BadInput, match=f"setfit: {what}"):
            SetFit(**settings)
    numbers = load((np.zeros((9, 8), np.float32), np.arange(9.0) / 7))
    body = backbone(Toy(norm=False).body, example=torch.zeros(2, 8))
    with pytest.raises(BadInput, match="setfit learns classes, not numbers"):
        Session(body, numbers).fit(SetFit(), np.arange(9), PLAIN)
