"""By default adapters go where the output depends on the layer: not into a pooler that nobody reads."""

import pytest
import torch
from torch import nn

from headstart.core import BadInput
from headstart.nn.adapters import IA3, Bottlenecks, LoRA


class Pooled(nn.Module):
    """A net with a layer whose output is thrown away, as the poolers of text encoders are."""

    def __init__(self, used: nn.Module):
        super().__init__()
        self.used, self.pooler = used, nn.Linear(8, 8)

    def forward(self, x):
        self.pooler(x)
        return self.used(x)


@pytest.mark.parametrize("kind", [LoRA(rank=2), Bottlenecks(size=2), IA3()], ids=lambda kind: kind.title)
def test_layers_that_nobody_reads_get_no_adapter(kind):
    torch.manual_seed(0)
    module, x = Pooled(nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))).eval(), torch.randn(4, 8)
    assert list(kind.insert(module, lambda: module(x))) == ["used.0", "used.2"]


@pytest.mark.parametrize("kind", [Bottlenecks(size=2), IA3()], ids=lambda kind: kind.title)
def test_where_nothing_is_left_the_kind_suits_no_layer(kind):
    module, x = Pooled(nn.Tanh()).eval(), torch.randn(4, 8, requires_grad=True)
    with pytest.raises(BadInput, match="suit no layer"):
        kind.insert(module, lambda: module(x))


def test_one_that_was_named_is_refused_instead():
    module, x = Pooled(nn.Linear(8, 8)).eval(), torch.randn(4, 8)
    with pytest.raises(
        BadInput, match="layer pooler gets no gradient in training: the output does not depend"
    ):
        Bottlenecks(size=2, at="pooler").insert(module, lambda: module(x))
