"""Other weights for one forward: everywhere they are shared, and gone afterwards."""

import pytest
import torch
from torch import nn
from torch.func import vmap

from headstart.nn.other_weights import call_with_weights


class Tied(nn.Module):
    """Two layers of one weight."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(self.first(x))


def twice():
    """One layer in two places."""
    layer = nn.Linear(2, 2, bias=False)
    return nn.Sequential(layer, layer)


@pytest.mark.parametrize("make", [Tied, twice])
@pytest.mark.parametrize("together", [False, True])
def test_shared_weights_are_replaced_everywhere_and_come_back(make, together):
    module = make()
    kept, before = dict(module.named_parameters()), [p.clone() for p in module.parameters()]
    weights = {name: 2 * torch.eye(2)[None] for name in kept}
    x = torch.tensor([[[1.0, 3.0]]])

    def call(mine, rows):
        return call_with_weights(module, mine, rows)

    if together:
        found = vmap(call)(weights, x)
    else:
        found = call({name: one[0] for name, one in weights.items()}, x[0])[None]
    assert found.tolist() == [[[4.0, 12.0]]]
    assert all(kept[name] is one for name, one in module.named_parameters())
    assert all(map(torch.equal, before, module.parameters()))


def test_any_name_of_a_shared_weight_will_do():
    module = Tied()
    found = call_with_weights(module, {"second.weight": torch.eye(2)}, torch.tensor([[1.0, 3.0]]))
    assert found.tolist() == [[1.0, 3.0]]


def test_buffers_are_replaced():
    norm = nn.BatchNorm1d(2, affine=False).eval()
    found = call_with_weights(norm, {"running_mean": torch.tensor([1.0, 3.0])}, torch.tensor([[1.0, 3.0]]))
    assert found.tolist() == [[0.0, 0.0]]
    assert norm.running_mean.tolist() == [0.0, 0.0]
