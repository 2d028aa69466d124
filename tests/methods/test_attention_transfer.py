"""Attention maps by hand; width and scale don't matter; without weight it is distillation."""

import pytest
import torch
from tests.methods.ways import of, same, tuned
from tests.toy import TASK, Tokens, Toy, stream

from headstart.core import BadInput, Distilled, find
from headstart.losses.distillation.attention import attention_loss

AttentionTransfer, Distillation = find("attention-transfer"), find("distillation")


def test_attention_loss_by_hand():
    """(3, 4) / 5 and (4, 3) / 5 are (1/5)^2 + (1/5)^2 apart; the second row agrees."""
    mine = torch.tensor([[3.0, 4.0], [1.0, 2.0]])[..., None].requires_grad_()
    theirs = torch.tensor([[8.0, 6.0], [10.0, 20.0]])[..., None].requires_grad_()
    loss = attention_loss(mine, theirs)
    assert loss.item() == pytest.approx(2 / 25 / 2)
    loss.backward()
    assert theirs.grad is None
    assert mine.grad.abs().sum() > 0


def test_more_places_are_averaged_to_fewer():
    mine = torch.tensor([[1.0, 3.0, 5.0, 7.0, 1.0, 1.0]])[..., None]
    assert attention_loss(mine, torch.tensor([[2.0, 6.0, 1.0]])[..., None]).item() == pytest.approx(
        0, abs=1e-12
    )


def test_without_weight_it_is_distillation():
    loose = tuned(AttentionTransfer(weight=0.0), Tokens(), batches=stream(Distilled))
    plain = tuned(Distillation(), Tokens(), batches=stream(Distilled))
    assert same(of(loose, "backbone", "head"), of(plain, "backbone", "head"))
    attentive = tuned(AttentionTransfer(), Tokens(), batches=stream(Distilled))
    assert not same(of(attentive, "backbone"), of(plain, "backbone"))


def test_blocks_without_places_are_refused():
    with pytest.raises(BadInput, match="those of the student have a single place"):
        AttentionTransfer().parts(Toy(), TASK)


@pytest.mark.parametrize(("name", "value"), [("weight", -1.0), ("blocks", 0), ("grid", 1)])
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"attention-transfer: {name} is {value!r}; it must be"):
        AttentionTransfer(**{name: value})
