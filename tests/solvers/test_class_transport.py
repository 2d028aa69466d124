"""Transport with a price on target rows that several classes share: against POT, and what it lowers."""

import math

import pytest
import torch

from headstart.core import BadData, BadInput
from headstart.solvers.class_transport import class_transport
from headstart.solvers.transport import sinkhorn, squared_distances

G = torch.Generator().manual_seed(0)
LABELS = torch.arange(20) % 2
SOURCE = torch.randn(20, 2, generator=G, dtype=torch.float64) + LABELS[:, None]
TARGET = torch.randn(15, 2, generator=G, dtype=torch.float64) + 0.5
COST = squared_distances(SOURCE, TARGET)


def test_it_is_pots_where_the_floor_is_in_its_units():
    """POT's price is on masses, ours on shares of a row's mass: m masses, hence the factors."""
    ot = pytest.importorskip("ot")
    even = ot.unif(20), ot.unif(15)
    theirs = ot.da.sinkhorn_lpl1_mm(
        even[0],
        LABELS.numpy(),
        even[1],
        COST.numpy(),
        1.0,
        eta=0.3,
        numItermax=10,
        numInnerItermax=5000,
        stopInnerThr=1e-12,
    )
    ours = class_transport(COST, LABELS, 1.0, 0.3 * math.sqrt(15), floor=15e-3, tolerance=1e-12)
    torch.testing.assert_close(ours.plan, torch.tensor(theirs), rtol=1e-6, atol=1e-9)
    assert ours.cost == pytest.approx(float((ours.plan * COST).sum()))


def test_without_strength_or_with_one_class_it_is_the_plain_plan():
    plain = sinkhorn(COST, 1.0).plan
    assert torch.equal(class_transport(COST, LABELS, 1.0, 0.0).plan, plain)
    one = class_transport(COST, torch.zeros(20, dtype=torch.int64), 1.0, 5.0).plan
    torch.testing.assert_close(one, plain, rtol=1e-6, atol=1e-9)


def test_strength_lowers_how_much_classes_share_rows():
    def shared(strength):
        plan = class_transport(COST, LABELS, 1.0, strength).plan
        return float(torch.minimum(plan[LABELS == 0].sum(0), plan[LABELS == 1].sum(0)).sum())

    assert shared(0.0) > 1.1 * shared(1.0) > 1.1 * shared(4.0)


def test_what_can_not_be_is_refused():
    with pytest.raises(BadData, match=r"Labels must be ints \(20,\)"):
        class_transport(COST, LABELS[:3], 1.0, 1.0)
    with pytest.raises(BadInput, match="strength is -1"):
        class_transport(COST, LABELS, 1.0, -1)
