"""Which rows learn and how much, by hand; the anchor; and TENT when all that is turned off."""

import math

import pytest
import torch
from tests.methods.flows import (
    Clouds,
    Normed,
    answers,
    begin,
    cloud_head,
    clouds,
    equal_paths,
    same,
    state,
    two_way,
)
from torch import nn

from headstart.core import BadInput, Task, Unlabelled
from headstart.methods.inputs.streams.eata import Eata
from headstart.methods.inputs.streams.tent import Tent
from headstart.run.loop import train

OFF = {"e0": math.inf, "d_margin": 1.0, "reweigh": False}


class Plain(Normed):
    """Features are the input times a scale, plus a shift."""

    def __init__(self):
        super().__init__(nn.LayerNorm(2))

    def forward(self, x):
        return x * self.norm.weight + self.norm.bias


def entropy(logits):
    p = torch.tensor(logits).softmax(0)
    return -(p * p.log()).sum().item()


def one_loss(method, batch):
    """The terms of the first step."""
    run = begin(method, Plain(), two_way())
    (tick,) = train(run, lambda _: iter([Unlabelled(torch.tensor(batch))]))
    return run, tick


def test_sure_rows_alone_learn_and_surer_ones_more_by_hand():
    """Logits (2, -2), (1, -1), (0.1, -0.1); 0.8 ln 2 = 0.555 leaves the first two, with H1 and H2."""
    h1, h2, margin = entropy([2.0, -2.0]), entropy([1.0, -1.0]), 0.8 * math.log(2)
    assert h2 < margin < entropy([0.1, -0.1])
    run, tick = one_loss(Eata(e0=0.8), [[2.0, 0.0], [1.0, 0.0], [0.1, 0.0]])
    expected = (math.exp(margin - h1) * h1 + math.exp(margin - h2) * h2) / 2
    assert tick.terms["main/entropy"].item() == pytest.approx(expected, rel=1e-5)
    mean = (torch.tensor([[2.0, -2.0], [1.0, -1.0]]).softmax(1)).mean(0)
    torch.testing.assert_close(run.parts["probability_ema"].mean, mean)
    (found,) = answers(begin(Eata(e0=0.8), Plain(), two_way()), [[[2.0, 0.0], [0.1, 0.0]]])
    torch.testing.assert_close(found, torch.tensor([[2.0, -2.0], [0.1, -0.1]]))  # all are answered


def test_what_is_like_what_was_learned_from_is_left_out():
    """After a batch of the first class, only rows of the other one are new."""
    run = begin(Eata(), Plain(), two_way(), lr=1e-9)
    answers(run, [[[3.0, 0.0], [3.0, 0.0]]])
    first = run.parts["probability_ema"].mean.clone()
    answers(run, [[[3.0, 0.0], [-3.0, 0.0]]])
    p = torch.tensor([-3.0, 3.0]).softmax(0)
    torch.testing.assert_close(run.parts["probability_ema"].mean, 0.9 * first + 0.1 * p)


def test_a_batch_without_a_sure_row_changes_nothing_also_not_by_momentum():
    run = begin(Eata(), Plain(), two_way(), optimiser="adamw", weight_decay=0.1)
    answers(run, [[[3.0, 0.0]]])
    before = state(run)
    answers(run, [[[0.01, 0.0], [-0.02, 0.0]]])
    for states in (before, after := state(run)):
        states.pop("probability_ema.staged")
    assert same(before, after)


def test_with_everything_off_it_is_tent_to_the_bit():
    assert equal_paths(Eata(**OFF), Tent(), clouds(5))


@pytest.mark.parametrize("setting", [{"e0": 0.3}, {"d_margin": 0.4}, {"e0": 2.0, "reweigh": True}])
def test_each_of_its_parts_changes_the_result(setting):
    assert not equal_paths(Eata(**(OFF | setting)), Tent(), clouds(5))


def prepared(alpha, batches):
    run = begin(Eata(**OFF, fisher_alpha=alpha), Clouds(), cloud_head(), 0.3, (4,))
    Eata(fisher_alpha=alpha).fit_source_statistics(run.parts, batches)
    return run


def test_fisher_by_hand():
    """One row, logits (f, -f): the gradient of -log p of its own answer is -2 (1 - p) f for the scale."""
    method = Eata()
    parts = method.parts(Plain(), Task(2, (2,), head=two_way()))
    method.fit_source_statistics(parts, [torch.tensor([[0.5, 0.0]]), torch.tensor([[-1.0, 0.0]])])
    slopes = [2 * (1 - 1 / (1 + math.exp(-2 * f))) for f in (0.5, 1.0)]
    scale = ((slopes[0] * 0.5) ** 2 + slopes[1] ** 2) / 2
    shift = (slopes[0] ** 2 + slopes[1] ** 2) / 2
    torch.testing.assert_close(parts["anchor"].fisher, torch.tensor([scale, 0.0, shift, 0.0]))


def test_the_anchor_holds_the_weights_and_without_source_there_is_none():
    def far(alpha, batches):
        run = prepared(alpha, batches)
        start = run.parts["anchor"].start.clone()
        answers(run, clouds(20))
        norm = run.parts["backbone"].body[1]
        return (torch.cat([norm.weight, norm.bias]).detach() - start).norm().item()

    source = clouds(3, seed=5)
    assert far(30.0, source) < 0.8 * far(0.0, source)
    assert far(3.0, []) == far(0.0, source)


def test_preparing_leaves_the_statistics_and_the_weights():
    run = begin(Eata(statistics="running"), Clouds(), cloud_head(), 0.3, (4,))
    before = state(run, "backbone", "head")
    Eata(statistics="running").fit_source_statistics(run.parts, clouds(3, scale=5))
    assert same(before, state(run, "backbone", "head"))
    assert run.parts["anchor"].fisher.any()
    assert all(p.grad is None for p in run.parts.parameters())


def test_bad_settings_are_refused():
    for setting, value in {"e0": 0, "d_margin": 1.5, "fisher_alpha": -1}.items():
        with pytest.raises(BadInput, match=f"eata: {setting} is {value}"):
            Eata(**{setting: value})
    with pytest.raises(BadInput, match="eata: reweigh is True; it must be False where e0 is infinite"):
        Eata(e0=math.inf)
