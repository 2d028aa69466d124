"""An adapter that can't act is an error that names its layer; where torch skips layers, adapters act."""

import pytest
import torch
from tests.nn.adapters.nets import Functional, disturb, net
from torch import nn

from headstart.core import BadInput
from headstart.nn.adapters import Bottlenecks, ConvAdapters, LoRA, adapted_layers


def test_a_layer_that_is_never_called_is_named_with_what_acts_there():
    module, x = net("functional")
    with pytest.raises(BadInput, match=r"layer read can't act in training.*space can be 'weight'"):
        LoRA(rank=2, space="activation").insert(module, lambda: module(x))
    assert not list(adapted_layers(module))
    assert type(module.read) is nn.Linear
    assert not module.read._forward_hooks


def test_auto_takes_the_weight_where_a_layer_is_not_called():
    module, x = net("functional")
    found = LoRA(rank=2).insert(module, lambda: module(x))
    assert {path: type(one).__name__ for path, one in found.items()} == {
        "first": "LoraActivation",
        "read": "LoraWeight",
    }


def test_without_a_batch_auto_takes_the_weight_which_acts_however_a_layer_is_used():
    """The output of `nn.MultiheadAttention` is a linear layer that is never called."""
    module, x = net("attention")
    before = module(x)
    found = LoRA(rank=2, at="*out_proj").insert(module)
    disturb(found)
    assert not torch.equal(module(x), before)


class SometimesLeftOut(nn.Module):
    """A layer that half of the batches in training pass by, as with stochastic depth."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(16, 16)

    def forward(self, x):
        if self.training and torch.rand(()) < 0.5:
            return x
        return x + self.linear(x)


@pytest.mark.parametrize("seed", range(4))
def test_a_layer_that_stochastic_depth_left_out_once_is_no_error(seed):
    module, x = SometimesLeftOut(), torch.randn(4, 16)
    torch.manual_seed(seed)
    assert list(LoRA(rank=2).insert(module, lambda: module(x))) == ["linear"]


def test_a_bottleneck_goes_to_the_module_around_a_layer_that_is_not_called():
    class Around(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Functional()

        def forward(self, x):
            return self.inner(x)

    module, x = Around(), torch.randn(4, 16)
    assert list(Bottlenecks(size=2, at="inner.read").insert(module, lambda: module(x))) == ["inner"]


def test_layers_that_the_output_does_not_depend_on_are_left_out_unless_they_are_named():
    class Unused(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused = nn.Linear(16, 16), nn.Linear(16, 16)

        def forward(self, x):
            self.unused(x)
            return self.used(x)

    module, x = Unused(), torch.randn(4, 16)
    assert list(LoRA(rank=2).insert(module, lambda: module(x), name="all")) == ["used"]
    with pytest.raises(BadInput, match="layer unused gets no gradient in training"):
        LoRA(rank=2, at="unused", space="weight").insert(module, lambda: module(x))


def test_an_answer_without_gradients_that_skips_adapters_is_seen():
    class Skipping(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(16, 16)

        def forward(self, x):
            if torch.is_grad_enabled():
                return self.layer(x)
            return nn.functional.linear(x, self.layer._parameters["weight"], self.layer.bias)

    module, x = Skipping(), torch.randn(4, 16)
    with pytest.raises(BadInput, match="answers as if it had no adapters"):
        LoRA(rank=2).insert(module, lambda: module(x))


def test_torchs_fused_transformer_reads_adapted_weights():
    """A module put around linear1 is skipped there: train and evaluation differ by as much as it adds."""
    module, x = net("encoder")
    found = LoRA(rank=2, at="layers.*.linear1|layers.*.linear2", space="weight").insert(
        module, lambda: module(x)
    )
    with torch.no_grad():
        before = module(x)
    disturb(found, 0.5)
    with torch.no_grad():
        after = module(x)
    assert (after - before).abs().max() > 0.1
    torch.testing.assert_close(after, module(x).detach(), rtol=1e-4, atol=1e-5)


def test_the_probe_leaves_no_trace():
    module, x = net("convolutions")
    module[1].train()
    statistics = {name: value.clone() for name, value in module.named_buffers()}
    state = torch.get_rng_state()
    ConvAdapters().insert(module, lambda: module(x))
    assert all(torch.equal(value, statistics[name]) for name, value in module.named_buffers())
    assert module[1].training
    assert not module[0].training
    assert all(parameter.grad is None for parameter in module.parameters())
    assert torch.equal(torch.get_rng_state(), state)
