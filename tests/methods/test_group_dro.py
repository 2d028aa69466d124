"""The shares of the groups by hand, balanced training at eta 0, and a worst group that gets better."""

import math
from dataclasses import replace

import pytest
import torch
from tests.methods.ways import PLAIN, Same, of, same, tuned, zero_head
from tests.toy import Toy, stream

from headstart.core import BadInput, Ctx, Do, Grouped, Task
from headstart.core.linear_head import LinearHead
from headstart.methods.mapping.robust.group_balanced import GroupBalanced
from headstart.methods.mapping.robust.group_dro import GroupDRO
from headstart.run.loop import start, train
from headstart.run.watch import drain

CTX = Ctx(0, 0.0, lambda rows: rows)
# logits of class 1 less class 0 are the first number of x: the losses of class 0 are log(1 + exp(x))
HEAD = LinearHead.of(torch.tensor([[0.0, 0.0], [1.0, 0.0]]), torch.zeros(2))


def at(loss):
    """The first number of a row of class 0 whose loss is `loss`."""
    return math.log(math.exp(loss) - 1)


def batch_of(losses, groups):
    x = torch.tensor([[at(loss), 0.0] for loss in losses])
    return Grouped(x, torch.zeros(len(losses), dtype=torch.int64), group=torch.tensor(groups))


def after(method, rows, *batches, ctx=CTX):
    parts = method.parts(Same(2), Task(2, (2,), head=HEAD, groups=rows))
    move = method.moves()[0]
    assert isinstance(move, Do)
    for batch in batches:
        with torch.no_grad():
            move.update(parts, batch, ctx)
    return parts


def test_shares_by_hand():
    """Losses 1 and 3 with mean 2 in group 0, 0.5 in group 1, nothing of group 2, no rows in group 3."""
    parts = after(GroupDRO(eta=0.5), (4, 4, 4, 0), batch_of([1, 3, 0.5], [0, 0, 1]))
    grown = torch.tensor([math.exp(1.0), math.exp(0.25), 1.0, 0.0])
    torch.testing.assert_close(parts["groups"].q, grown / grown.sum())
    again = after(GroupDRO(eta=0.5), (4, 4, 4, 0), *[batch_of([1, 3, 0.5], [0, 0, 1])] * 2)
    torch.testing.assert_close(again["groups"].q, grown**2 / (grown**2).sum())


def test_the_loss_goes_with_the_shares():
    """q = (0.75, 0.25) of 3 and 1 rows: a row weighs 0.75 * 4 / 3 = 1 and 0.25 * 4 / 1 = 1."""
    method = GroupDRO()
    parts = after(method, (3, 1))
    parts["groups"].q.copy_(torch.tensor([0.75, 0.25]))
    assert method.loss(parts, batch_of([2, 4], [0, 1]), CTX).total.item() == pytest.approx(3)
    parts["groups"].q.copy_(torch.tensor([0.0, 1.0]))
    assert method.loss(parts, batch_of([2, 4], [0, 1]), CTX).total.item() == pytest.approx(4 * 4 / 2)


def test_small_groups_may_be_fitted_more_firmly():
    """C = 2 adds 1 to the loss of 4 rows and 2 to that of one."""
    parts = after(GroupDRO(eta=1.0, adjustment=2.0), (4, 1), batch_of([1, 1], [0, 1]))
    assert (parts["groups"].q[1] / parts["groups"].q[0]).item() == pytest.approx(math.e)


def test_rows_of_all_processes_count():
    """Two processes see a row each; both make of them what one makes of two rows."""
    whole = batch_of([1, 3], [0, 0])
    both = {0: whole.x, 1: whole.group}

    def gather(rows):
        return both[1] if not rows.is_floating_point() else torch.tensor([1.0, 3.0])

    one = after(GroupDRO(eta=0.5), (4, 4), whole)
    other = after(GroupDRO(eta=0.5), (4, 4), whole.part(0, 2), ctx=replace(CTX, gather=gather))
    torch.testing.assert_close(one["groups"].q, other["groups"].q)


def test_at_eta_0_it_is_group_balanced():
    ours = tuned(GroupDRO(eta=0.0), Toy(), batches=stream(Grouped))
    balanced = tuned(GroupBalanced(), Toy(), batches=stream(Grouped))
    assert same(of(ours, "backbone", "head", "groups"), of(balanced, "backbone", "head", "groups"))
    strong = tuned(GroupDRO(eta=0.5), Toy(), batches=stream(Grouped))
    assert not same(of(strong, "head"), of(balanced, "head"))


def test_the_shares_stay_shares_however_long_it_runs():
    run = tuned(GroupDRO(eta=50.0), batches=stream(Grouped), recipe=replace(PLAIN, steps=40))
    q = run.parts["groups"].q
    assert q.sum().item() == pytest.approx(1)
    assert bool((q >= 0).all())
    assert q[5].item() == 0  # a group without rows


def test_the_worst_group_gets_better():
    """The second number tells the class of many rows; of few it says the opposite, the first tells all."""
    g = torch.Generator().manual_seed(0)
    n = 400
    y = torch.randint(2, (n,), generator=g)
    against = torch.arange(n) < 20
    sign = 2.0 * y - 1
    x = torch.stack([0.7 * sign, torch.where(against, -sign, sign) * 2], 1)
    x += 0.5 * torch.randn(n, 2, generator=g)
    group = 2 * y + against
    rows = tuple(torch.bincount(group, minlength=4).tolist())

    def batches(step):
        while True:
            draw = torch.randint(n, (32,), generator=torch.Generator().manual_seed(step))
            yield Grouped(x[draw], y[draw], group=group[draw])
            step += 1

    def worst(method):
        task = Task(2, (2,), head=zero_head(2, 2), groups=rows)
        run = start(method, Same(2), task, replace(PLAIN, steps=150, batch=32, lr=0.05))
        drain(train(run, batches))
        right = (method.predictor(run.parts).eval()(x).argmax(1) == y).float()
        return min(right[group == one].mean().item() for one in range(4))

    from headstart.methods.mapping.finetuning.fine_tune import FineTune

    plain, balanced, dro = (worst(method) for method in (FineTune(), GroupBalanced(), GroupDRO(eta=0.1)))
    assert plain < 0.4
    assert balanced > plain + 0.3
    assert dro > plain + 0.3


@pytest.mark.parametrize(("name", "value"), [("eta", -1.0), ("adjustment", -0.1), ("eta", math.inf)])
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"group-dro: {name} is {value!r}; it must be"):
        GroupDRO(**{name: value})
