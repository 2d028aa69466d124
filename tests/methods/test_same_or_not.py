import math

import pytest
import torch
from tests.toy import TASK, Toy
from torch import nn

from headstart.core import BadInput, Ctx, Embedded, Seeded, find

SameOrNot = find("same-or-not")
CTX = Ctx(0, 0.0, lambda x: x)


class Equal(nn.Module):
    """Sure of "same" where both are equal, else of "not"."""

    def forward(self, a, b):
        same = (a == b).all(1).float() * 20
        return torch.stack([20 - same, same], 1)


def test_own_views_are_the_same_and_those_of_the_next_row_are_not():
    z = torch.arange(3.0)[:, None]
    batch = Seeded(z, torch.arange(3))
    parts = nn.ModuleDict({"proxy": Equal()})
    assert SameOrNot().loss(parts, Embedded(batch, (z, z)), CTX).total.item() < 1e-6
    wrong = SameOrNot().loss(parts, Embedded(batch, (z, z.roll(-1, 0))), CTX).total.item()
    assert wrong == pytest.approx(20, rel=0.6)


def test_answers_are_balanced():
    """A head that always says the same has the loss of chance at best."""
    method = SameOrNot()
    parts = method.parts(Toy(), TASK)
    nn.init.zeros_(parts["proxy"].body[2].weight)
    nn.init.zeros_(parts["proxy"].body[2].bias)
    z = torch.rand(5, 16)
    found = method.loss(parts, Embedded(Seeded(z, torch.arange(5)), (z, z)), CTX).total
    assert found.item() == pytest.approx(method.chance_level(5)) == pytest.approx(math.log(2))
    with torch.no_grad():
        parts["proxy"].body[2].bias[1] = 1.0
    assert method.loss(parts, Embedded(Seeded(z, torch.arange(5)), (z, z)), CTX).total.item() > math.log(2)


def test_one_row_has_nothing_to_be_told_from():
    z = torch.zeros(1, 2)
    with pytest.raises(BadInput, match="a batch has 1"):
        SameOrNot().loss(nn.ModuleDict({"proxy": Equal()}), Embedded(Seeded(z, z), (z, z)), CTX)


def test_unknown_comparisons_are_refused():
    with pytest.raises(BadInput, match="compare is 'sum'"):
        SameOrNot(compare="sum")
