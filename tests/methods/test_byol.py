"""Predictions of the slow copy's other view, by hand."""

import pytest
import torch
from tests.methods.contrast import CTX, A, B, embedded, plain_parts, steps_of
from tests.toy import TASK, Toy, make

from headstart.core import BadInput, Seeded, find
from headstart.nn.moving_average import follow, rising_momentum

BYOL = find("byol")


def test_the_other_view_is_predicted_by_hand():
    """The slow copy sees each view turned round: what is alike is each view and the other one's."""
    parts = plain_parts("projection", "prediction", "slow_projection")
    found = BYOL().loss(parts, embedded(A, B, -A, -B), CTX).total.item()
    cosine = -(1 + 0 + 0.96) / 3
    assert found == pytest.approx(2 * (2 - 2 * cosine), abs=1e-6)
    alike = BYOL().loss(parts, embedded(A, B, B, A), CTX).total.item()
    assert alike == pytest.approx(0, abs=1e-6)


def test_momentum_rises_by_half_a_cosine():
    assert rising_momentum(0.9, 0.0) == pytest.approx(0.9)
    assert rising_momentum(0.9, 0.5) == pytest.approx(0.95)
    assert rising_momentum(0.9, 1.0) == pytest.approx(1.0)


def test_a_quarter_of_the_way():
    slow, fast = torch.nn.BatchNorm1d(1), torch.nn.BatchNorm1d(1)
    torch.nn.init.constant_(fast.weight, 5.0)
    fast.running_mean.fill_(3.0)
    follow(slow, fast, 0.75)
    assert slow.weight.item() == pytest.approx(1 + 0.25 * 4)
    assert slow.running_mean.item() == 3.0  # statistics are those of the network it follows


def test_the_slow_copy_learns_nothing_by_itself():
    run, before = steps_of(BYOL(momentum=1.0))
    now = run.parts.state_dict()
    assert torch.equal(now["slow_backbone.body.0.weight"], before["backbone.body.0.weight"])
    assert not torch.equal(now["backbone.body.0.weight"], before["backbone.body.0.weight"])


def test_refuses_one_row():
    with pytest.raises(BadInput, match=r"compares the rows of a batch, and a batch has 1. Take two"):
        steps_of(BYOL(), rows=1)


def test_the_slow_copy_normalises_by_the_batch_as_the_encoder_does():
    toy = Toy()
    toy.body[3].p = 0.0
    parts = BYOL().parts(toy, TASK).eval()
    parts["backbone"].train()
    first, second, slow_first, slow_second = BYOL().embed(parts, make(Seeded, 8, 0), CTX)
    torch.testing.assert_close(slow_first, first)
    torch.testing.assert_close(slow_second, second)
