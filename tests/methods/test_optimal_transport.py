"""Optimal transport of frozen features: against POT, of too many rows, and its effect."""

import pytest
import torch
from tests.methods.frozen import drawn, mapped, right
from tests.methods.turned import rows
from tests.methods.ways import Same, probed

from headstart.core import BadInput, Labelled, Task
from headstart.methods.inputs.domains import optimal_transport
from headstart.methods.inputs.domains.optimal_transport import OptimalTransport, spaced
from headstart.methods.outputs.probing.linear_probe import select_penalty
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe


def even(of_, seed, source):
    """As many rows of each of three classes; the target is larger and lies beside."""
    many = rows(20 * of_, seed, True)
    kept = torch.cat([(many.y == k).nonzero()[:of_, 0] for k in range(3)]).sort().values
    x = many.x[kept]
    return Labelled(x if source else 1.5 * x + torch.tensor([3.0, -2.0]), many.y[kept])


SOURCE, TARGET, SEEN = even(30, 0, True), even(24, 1, False), even(100, 2, False)


@pytest.mark.slow
def test_the_map_is_that_of_pot(monkeypatch):
    monkeypatch.setattr(optimal_transport, "TOLERANCE", 1e-9)
    ot = pytest.importorskip("ot")
    source, target = SOURCE.x.double().numpy(), TARGET.x.double().numpy()
    cost = ot.dist(source, target)
    plan = ot.bregman.sinkhorn_log([], [], cost, 0.05 * cost.mean(), numItermax=20000, stopThr=1e-10)
    theirs = torch.tensor(plan / plan.sum(1, keepdims=True) @ target)
    ours = OptimalTransport().move(SOURCE.x, SOURCE.y, TARGET.x)
    torch.testing.assert_close(ours.double(), theirs, rtol=1e-5, atol=1e-5)


def test_with_as_many_rows_it_goes_to_the_nearest_as_epsilon_falls():
    """Each row to its own twin, 1 further; with much entropy all go to the middle."""
    x = 5 * drawn(12, 3, 0)
    y = torch.arange(12) % 2
    near = OptimalTransport(epsilon=1e-3).move(x, y, x + 1)
    torch.testing.assert_close(near, x + 1, rtol=0, atol=1e-3)
    far = OptimalTransport(epsilon=1e3).move(x, y, x + 1)
    torch.testing.assert_close(far, (x + 1).mean(0).expand(12, 3), rtol=0, atol=0.05)


def test_of_too_many_rows_some_are_planned_and_the_others_go_with_the_nearest():
    """Every second row is planned; its neighbour, 0.01 beside, is moved by as much."""
    x = 5 * drawn(10, 2, 0)
    twins = torch.stack([x, x + 0.01], 1).flatten(0, 1)
    y = torch.zeros(20, dtype=torch.int64)
    method = OptimalTransport(epsilon=1e-3, most=10)
    moved = method.move(twins, y, x + 3)
    assert spaced(20, 10).tolist() == [0, 2, 4, 6, 8, 11, 13, 15, 17, 19]
    torch.testing.assert_close(moved[:10:2] + 0.01, moved[1:10:2], rtol=0, atol=1e-5)
    torch.testing.assert_close(moved, twins + 3, rtol=0, atol=0.1)
    assert spaced(5, 10).tolist() == [0, 1, 2, 3, 4]


def test_without_weight_it_is_a_logistic_probe_on_the_source_to_the_bit():
    ours = mapped(OptimalTransport(weight=0.0), SOURCE, TARGET.x, outputs=3)
    assert torch.equal(ours.head.weight, probed(LogisticProbe(), SOURCE.x, SOURCE.y, 3, 30).head.weight)


def test_it_helps_where_the_target_lies_elsewhere():
    assert right(mapped(OptimalTransport(weight=0.0), SOURCE, TARGET.x, outputs=3), SEEN) < 0.9
    assert right(mapped(OptimalTransport(), SOURCE, TARGET.x, outputs=3), SEEN) > 0.97


def test_the_penalty_is_that_of_the_rows_where_they_were():
    """Classes that overlap look easy where a plan has brought each together; rows lie nearer there."""
    g = torch.Generator().manual_seed(0)
    x = torch.randn(90, 3, generator=g)
    source = Labelled(x, (x[:, 0] + torch.randn(90, generator=g) > 0).long())
    target, settings = 2 * torch.randn(60, 3, generator=g) + 1, {"epsilon": 0.5, "classes": 2.0}
    moved = OptimalTransport(**settings).move(x, source.y, target)
    nearer = float((moved - moved.mean(0)).square().sum() / (x - x.mean(0)).square().sum())
    wanted = select_penalty(x, source.y, 2) * nearer
    assert select_penalty(moved, source.y, 2) < wanted / 100
    ours = mapped(OptimalTransport(**settings), source, target, outputs=2)
    given = mapped(OptimalTransport(**settings, penalty=wanted), source, target, outputs=2)
    torch.testing.assert_close(ours.head.weight, given.head.weight, rtol=1e-3, atol=1e-4)


def test_a_price_on_mixed_rows_keeps_classes_apart():
    """Classes that plain transport would blur: less of each class leaks to the others."""

    def apart(method):
        moved = method.move(SOURCE.x, SOURCE.y, TARGET.x)
        centres = torch.stack([moved[SOURCE.y == k].mean(0) for k in range(3)])
        return float(torch.pdist(centres).min())

    assert apart(OptimalTransport(epsilon=0.5, classes=1.0)) > 1.1 * apart(OptimalTransport(epsilon=0.5))


def test_what_can_not_be_is_refused():
    for settings in ({"epsilon": 0}, {"classes": -1}, {"most": 1}):
        ((name, value),) = settings.items()
        with pytest.raises(BadInput, match=f"optimal-transport: {name} is {value}"):
            OptimalTransport(**settings)
    with pytest.raises(BadInput, match="keeps classes apart; numbers have none"):
        OptimalTransport(classes=1.0).parts(Same(2), Task(1, (2,), kind="numbers"))
