"""ADDA: first the source, then the target's features against a critic, with all else as it was."""

import math

import pytest
import torch
from tests.methods.shifts import (
    RECIPE,
    Line,
    Slope,
    Small,
    accuracy,
    batches,
    carried_out,
    ctx,
    moved,
    nuisance,
    refused,
)

from headstart.core import Domains, Labelled, Parts, Task
from headstart.core.linear_head import LinearHead
from headstart.methods.inputs.domains.adda import ADDA
from headstart.methods.inputs.domains.source_only import SourceOnly
from headstart.run.loop import start, train
from headstart.run.watch import drain

HOW = {"steps": 150, "lr": 3e-3}


def test_the_first_stage_trains_on_the_source_with_the_same_settings():
    method = ADDA(smoothing=0.1, last=1, backbone_lr=0.7, hidden=7)
    first, second = method.stages("numbers")
    assert first == SourceOnly(smoothing=0.1, last=1, backbone_lr=0.7)
    assert second == method


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_it_helps_where_the_target_lies_beside_the_source(seed):
    alone = accuracy(SourceOnly(backbone_lr=1.0), moved, seed, **HOW)
    assert accuracy(ADDA(backbone_lr=1.0, adapt_lr=0.3), moved, seed, **HOW) > alone + 0.08


def test_the_second_stage_has_a_rate_of_its_own():
    """Critic 0.2, features 0.5 * 0.2 of the recipe's rate; the first stage is at 1 and 0.5 of it."""
    method = ADDA(backbone_lr=0.5, adapt_lr=0.2)
    assert [[on.lr for on in move.on] for move in method.moves()] == [[0.2], [pytest.approx(0.1)]]
    (alone,) = method.before().moves()
    assert {on.part: on.lr for on in alone.on} == {"head": 1.0, "backbone": 0.5}


def test_the_second_stage_leaves_head_and_source_as_they_were():
    first = carried_out(SourceOnly(), moved, steps=30).parts.state_dict()
    run = carried_out(ADDA(), moved, steps=30)
    found = run.parts.state_dict()
    for name, value in first.items():
        of_source = name.replace("backbone.", "source.")
        assert torch.equal(found[of_source], value), name
        if name.startswith("backbone"):
            assert not torch.equal(found[name], value), name
    assert ADDA().predictor(run.parts).backbone is run.parts["backbone"]


def hand():
    """w = 1 for source and target, a critic of slope 2, source x = 1, target x = -1 and -1."""
    head = LinearHead.of(torch.ones(1, 1), torch.zeros(1))
    parts = Parts({"backbone": Line(), "head": head, "source": Line(), "critic": Slope(2.0)})
    source = Labelled(torch.ones(1, 1), torch.zeros(1, 1))
    return parts, Domains(source, -torch.ones(2, 1))


def test_both_moves_by_hand():
    """P(source) of the target is sigmoid(-2): the features lose softplus(2), which goes by 2 sigmoid(2) as
    w x = -1 should grow, so w should fall; the critic goes by -sigmoid(-2), and no features with it."""
    parts, batch = hand()
    critic, features = ADDA(weight=0.5).moves()
    loss = critic.loss(parts, batch, ctx())
    loss.total.backward()
    assert loss.terms["domain"].item() == pytest.approx(math.log1p(math.exp(-2)))
    assert parts["critic"].slope.grad.item() == pytest.approx(-1 / (1 + math.exp(2)))
    assert parts["backbone"].layer.weight.grad is None
    assert parts["source"].layer.weight.grad is None
    loss = features.loss(parts, batch, ctx())
    loss.total.backward()
    assert loss.total.item() == pytest.approx(0.5 * math.log1p(math.exp(2)))
    assert parts["backbone"].layer.weight.grad.item() == pytest.approx(0.5 * 2 / (1 + math.exp(-2)))


def test_the_critic_alone_learns_to_tell_them_apart():
    run = start(ADDA(adapt_lr=1.0), Small(), Task(2, (2,)), RECIPE)
    run.moves = run.moves[:1]
    losses = [
        tick.terms["critic/domain"].item() for tick, _ in zip(train(run, batches()), range(40), strict=False)
    ]
    assert losses[-1] < 0.5 * losses[0]


def test_labelled_rows_of_the_target_move_its_features():
    parts, batch = hand()
    target_labelled = Labelled(torch.full((1, 1), 2.0), torch.full((1, 1), 5.0))
    loss = ADDA().moves()[1].loss(parts, Domains(batch.source, batch.target, target_labelled), ctx())
    assert loss.terms["target_labelled"].item() == 9.0
    assert loss.terms["fooled"].item() == pytest.approx(
        (2 * math.log1p(math.exp(2)) + math.log1p(math.exp(-4))) / 3
    )


def test_numbers_have_a_second_stage_too():
    run = carried_out(ADDA(), nuisance, kind="numbers", steps=10)
    assert ADDA().predictor(run.parts)(torch.zeros(3, 2)).shape == (3, 1)
    drain(train(run, batches(kind="numbers")))


def test_what_can_not_be_is_refused():
    refused(ADDA, "weight", -1.0, ">= 0")
    refused(ADDA, "hidden", 0, ">= 1")
    refused(ADDA, "adapt_lr", 0.0, "> 0")
