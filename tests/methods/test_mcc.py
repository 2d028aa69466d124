"""Minimum class confusion: its gradient by hand, its parent, and what it does to a turned target."""

import pytest
import torch
from tests.methods.turned import accuracy, batches, carried_out
from tests.methods.ways import Same, bytes_of, same

from headstart.core import BadInput, Ctx, Domains, Labelled, Task, require_label_kind
from headstart.core.linear_head import LinearHead
from headstart.methods.inputs.domains.mcc import MCC
from headstart.methods.inputs.domains.source_only import SourceOnly


def alone(rows):
    return rows


def test_the_loss_by_hand():
    """Features are the input; one target row with shares 3/4 and 1/4: confusion (1/4 + 3/4) / 2, times 3."""
    head = LinearHead.of(torch.eye(2), torch.zeros(2))
    method = MCC(weight=3.0, steepness=0.0, temperature=2.0)
    parts = method.parts(Same(2), Task(2, (2,), head=head))
    target = 2.0 * torch.tensor([[0.75, 0.25]]).log()  # the temperature halves it
    batch = Domains(Labelled(50 * torch.eye(2), torch.tensor([0, 1])), target)
    found = method.loss(parts, batch, Ctx(0, 0.0, alone))
    assert found.terms["confusion"].item() == pytest.approx(3 * 0.5)
    assert found.terms["label"].item() == pytest.approx(0)  # the source is surely of its classes


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_it_helps_where_the_target_is_turned(seed):
    before = accuracy(SourceOnly(backbone_lr=1.0), seed)
    assert before < 0.85
    assert accuracy(MCC(backbone_lr=1.0), seed) > 0.95


def test_what_the_target_holds_makes_a_difference_and_its_labels_are_not_there():
    assert set(vars(next(batches(Domains)(0)))) == {"source", "target", "target_labelled"}
    plain, other = carried_out(MCC(), steps=8), carried_out(MCC(), steps=8, how={"shift": 1.0})
    assert not same(bytes_of(plain), bytes_of(other))


def test_what_can_not_be_is_refused():
    with pytest.raises(BadInput, match="mcc: temperature is 0; it must be > 0"):
        MCC(temperature=0)
    with pytest.raises(BadInput, match="mcc"):
        require_label_kind(MCC(), "numbers")
