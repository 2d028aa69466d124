"""Entropy minimisation: its loss by hand, its parents, and what the balance is for."""

import math

import pytest
import torch
from tests.methods.turned import accuracy
from tests.methods.ways import Same

from headstart.core import BadInput, Ctx, Domains, Labelled, Task
from headstart.core.linear_head import LinearHead
from headstart.methods.inputs.domains.entropy_minimisation import EntropyMinimisation
from headstart.methods.inputs.domains.source_only import SourceOnly

H = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))  # nats


@pytest.mark.parametrize(
    ("balance", "expected"), [(0.0, H), (1.0, H - math.log(2)), (0.5, H - math.log(2) / 2)]
)
def test_the_loss_by_hand(balance, expected):
    """Two target rows with opposite shares; the mean answer is even. At progress 0.1 the ramp is tanh 1/2."""
    method = EntropyMinimisation(weight=2.0, balance=balance)
    parts = method.parts(Same(2), Task(2, (2,), head=LinearHead.of(torch.eye(2), torch.zeros(2))))
    target = torch.tensor([[0.75, 0.25], [0.25, 0.75]]).log()
    batch = Domains(Labelled(torch.zeros(3, 2), torch.tensor([0, 1, 1])), target)
    found = method.loss(parts, batch, Ctx(1, 0.1, lambda rows: rows))
    assert found.terms["entropy"].item() == pytest.approx(2 * math.tanh(0.5) * expected, rel=1e-5)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_it_helps_where_the_target_is_turned(seed):
    before = accuracy(SourceOnly(backbone_lr=1.0), seed)
    assert before < 0.85
    assert accuracy(EntropyMinimisation(backbone_lr=1.0, balance=1.0), seed) > 0.95


def test_alone_it_may_give_up_a_class_and_the_balance_keeps_it():
    """Seed 2 with all of the weight: one of three even classes is lost, which the mean answer would show."""
    lost, kept = (
        accuracy(EntropyMinimisation(backbone_lr=1.0, weight=1.0, balance=balance), 2)
        for balance in (0.0, 1.0)
    )
    assert lost < 0.75
    assert kept > 0.95


def test_what_can_not_be_is_refused():
    with pytest.raises(BadInput, match="entropy-minimisation: balance is -1; it must be >= 0"):
        EntropyMinimisation(balance=-1)
