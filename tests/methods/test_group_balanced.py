"""Every group counts the same: the weights by hand, and plain fine-tuning where groups are equal."""

import pytest
import torch
from tests.methods.ways import PLAIN, Same, of, same, tuned, zero_head
from tests.toy import Toy, make, stream

from headstart.core import BadInput, Ctx, Grouped, Labelled, Task
from headstart.losses.label import label_loss
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.robust._groups import Groups
from headstart.methods.mapping.robust.group_balanced import GroupBalanced

CTX = Ctx(0, 0.0, lambda rows: rows)


def parts_of(method, rows, outputs=2):
    return method.parts(Same(3), Task(outputs, (3,), head=zero_head(3, outputs), groups=rows))


def test_weights_by_hand():
    """Six rows of one group, two of another, none of a third: 8 / (2 * 6) and 8 / (2 * 2)."""
    groups = Groups(torch.tensor([6, 2, 0]))
    assert groups.q.tolist() == [0.5, 0.5, 0.0]
    torch.testing.assert_close(groups.weights(torch.tensor([0, 1])), torch.tensor([2 / 3, 2.0]))
    everybody = torch.tensor([0] * 6 + [1] * 2)
    assert groups.weights(everybody).mean().item() == pytest.approx(1)


def test_over_all_rows_the_loss_is_the_plain_mean_of_the_groups_losses():
    g = torch.Generator().manual_seed(0)
    x, y = torch.randn(12, 3, generator=g), torch.randint(2, (12,), generator=g)
    group = torch.tensor([0] * 7 + [1] * 4 + [2])
    method = GroupBalanced(smoothing=0.1)
    parts = parts_of(method, (7, 4, 1))
    with torch.no_grad():
        parts["head"].weight.copy_(torch.randn(2, 3, generator=g))
    logits = parts["head"](parts["backbone"](x))
    each = [label_loss(logits[group == one], y[group == one], 0.1) for one in range(3)]
    loss = method.loss(parts, Grouped(x, y, group=group), CTX)
    torch.testing.assert_close(loss.total, torch.stack(each).mean())


def test_weights_of_the_rows_multiply():
    batch = Grouped(torch.eye(3)[:2], torch.tensor([0, 1]), torch.tensor([2.0, 0.0]), torch.tensor([0, 1]))
    method = GroupBalanced()
    loss = method.loss(parts_of(method, (1, 3)), batch, CTX)
    assert loss.total.item() == pytest.approx(2 * 2.0 * 0.6931472 / 2)  # log 2, weight 4 / (2 * 1) * 2


def in_equal_groups(step):
    for batch in stream(Labelled)(step):
        yield Grouped(batch.x, batch.y, group=torch.arange(len(batch)) % 2)


@pytest.mark.parametrize("settings", [{}, {"norm": "train", "last": 1, "smoothing": 0.1}])
def test_with_equal_groups_it_is_fine_tuning(settings, monkeypatch):
    monkeypatch.setattr("tests.methods.ways.TASK", Task(3, (8,), rows=8, groups=(5, 5)))
    ours = tuned(GroupBalanced(**settings), Toy(), batches=in_equal_groups)
    plain = tuned(FineTune(**settings), Toy())
    for name, value in of(plain, "backbone", "head").items():
        torch.testing.assert_close(of(ours, "backbone", "head")[name], value, rtol=1e-4, atol=1e-6)


def test_with_other_groups_it_is_not():
    ours, plain = tuned(GroupBalanced(), batches=stream(Grouped)), tuned(FineTune(), batches=stream(Grouped))
    assert not same(of(ours, "head"), of(plain, "head"))


def test_groups_are_needed():
    with pytest.raises(BadInput, match="group-balanced: the task has no groups"):
        GroupBalanced().parts(Same(3), Task(2, (3,)))
    batch = make(Labelled, 4, 0)
    method = GroupBalanced()
    parts = method.parts(Toy(), Task(3, (8,), groups=(4, 4)))
    with pytest.raises(BadInput, match="which group each row is of"):
        method.loss(parts, Grouped(batch.x, batch.y), CTX)
    assert PLAIN.batch == 8
