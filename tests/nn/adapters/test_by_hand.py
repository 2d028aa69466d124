"""What adapters compute, by hand and against the layers that they stand for."""

import math

import pytest
import torch
from tests.nn.adapters.nets import disturb, encoder, net
from tests.rounding import rounding
from torch import nn
from torch.nn import functional as F

from headstart.core import BadInput
from headstart.nn.adapters import IA3, Bottlenecks, ConvAdapters, LoRA, fold
from headstart.nn.adapters.convolution import own_tap
from headstart.nn.adapters.lora import lora_scale
from headstart.nn.adapters.sites import transformer_layers


def set_to(adapter, **values):
    with torch.no_grad():
        for name, value in values.items():
            getattr(adapter, name).copy_(torch.tensor(value))


@pytest.mark.parametrize("space", ["weight", "activation"])
def test_lora_by_hand(space):
    """W = [1 2], A = [1 -1], B = 3, scale 4 / 1: W' = [1 + 12, 2 - 12]; of x = (1, 1): 3."""
    layer = nn.Sequential(nn.Linear(2, 1, bias=False))
    set_to(layer[0], weight=[[1.0, 2.0]])
    (adapter,) = LoRA(rank=1, alpha=4.0, at="0", space=space).insert(layer).values()
    set_to(adapter, down=[[1.0, -1.0]], up=[[3.0]])
    assert layer(torch.tensor([[1.0, 1.0], [1.0, 0.0]])).tolist() == [[3.0], [13.0]]
    assert fold(layer)[0].weight.tolist() == [[13.0, -10.0]]


def test_scales_of_the_papers():
    assert lora_scale(8, 16, "standard") == 2
    assert lora_scale(16, 16, "rank-stabilised") == 4
    assert lora_scale(9, 6, "rank-stabilised") == pytest.approx(6 / math.sqrt(9))


def test_dora_by_hand():
    """W + BA = (3, 4) has norm 5; with m = 10 the weight is (6, 8). At the start m is the norm of W."""
    layer = nn.Sequential(nn.Linear(2, 1, bias=False))
    set_to(layer[0], weight=[[3.0, 0.0]])
    (adapter,) = LoRA(rank=1, alpha=1.0, at="0", magnitude=True).insert(layer).values()
    assert adapter.magnitude.tolist() == [3.0]
    set_to(adapter, down=[[0.0, 1.0]], up=[[4.0]], magnitude=[10.0])
    assert layer[0].weight.tolist() == [[6.0, 8.0]]


def test_dora_keeps_filters_of_zeros():
    """Their norm is 0; pretrained nets have some."""
    layer = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False))
    set_to(layer[0], weight=[[[[3.0]]], [[[0.0]]]])
    LoRA(rank=1, at="0", magnitude=True).insert(layer)
    assert layer[0].weight.flatten().tolist() == [3.0, 0.0]


def test_a_bottleneck_by_hand():
    """h = 2, down 3 h - 1 = 5, relu, up 0.5 * 5 + 1 = 3.5, and the skip connection: 5.5; h = -2: 0, 1, -1."""
    layer = nn.Sequential(nn.Linear(1, 1, bias=False))
    set_to(layer[0], weight=[[1.0]])
    (adapter,) = Bottlenecks(size=1, activation="relu").insert(layer).values()
    set_to(adapter, down=[[3.0]], down_bias=[-1.0], up=[[0.5]], up_bias=[1.0])
    assert layer(torch.tensor([[2.0], [-2.0]])).tolist() == [[5.5], [-1.0]]


def test_the_number_of_parameters_is_the_papers():
    """Houlsby et al.: 2 m d + d + m for each of two adapters a layer; BERT-base with m = 64: 2,379,264."""
    found = Bottlenecks(size=4).insert(encoder()).values()
    assert sum(p.numel() for one in found for p in one.parameters()) == 2 * 2 * (2 * 4 * 16 + 16 + 4)
    assert 2 * 12 * (2 * 64 * 768 + 768 + 64) == 2_379_264


@pytest.mark.parametrize("how", ["series", "parallel"])
def test_residual_adapters_equal_a_second_convolution(how):
    """y + A y after the filter, and f x + A x beside it, by convolutions of one pixel of their own."""
    for stride, padding, dilation, groups, mode in (
        (1, 1, 1, 1, "zeros"),
        (2, 2, 2, 1, "zeros"),
        (1, 0, 1, 2, "zeros"),
        (2, 1, 1, 4, "circular"),
        (1, 2, 1, 1, "reflect"),
    ):
        torch.manual_seed(0)
        conv = nn.Conv2d(8, 8, 3, stride, padding, dilation, groups, padding_mode=mode)
        module, x = nn.Sequential(conv), torch.randn(2, 8, 9, 9)
        plain = conv(x).detach()
        (adapter,) = ConvAdapters(how=how).insert(module).values()
        disturb({0: adapter}, 0.3)
        matrix = adapter.matrix.detach()
        if how == "series":
            wanted = plain + F.conv2d(plain, matrix.flatten(0, 1)[:, :, None, None], groups=groups)
        else:
            padded = F.pad(x, [padding] * 4, "constant" if mode == "zeros" else mode)
            padded = padded[:, :, padding:, padding:]  # the place of the output
            beside = F.conv2d(padded, matrix[:, :, None, None], stride=stride, groups=groups)
            wanted = plain + beside[:, :, : plain.shape[2], : plain.shape[3]]
        close = rounding(8 * 9 + 8, wanted.abs().max(), sums=2)
        torch.testing.assert_close(module(x).detach(), wanted, rtol=0, atol=close)
        torch.testing.assert_close(fold(module)(x).detach(), wanted, rtol=0, atol=close)


def test_where_no_tap_reads_the_place_of_the_output_a_parallel_adapter_is_refused():
    for conv, said in (
        (nn.Conv2d(4, 4, 3, padding=1, dilation=2), "padding 1 and dilation 2"),
        (nn.Conv2d(4, 4, 1, padding=1), "kernel of 1 with padding 1"),
    ):
        with pytest.raises(BadInput, match=said):
            ConvAdapters(how="parallel", at="0").insert(nn.Sequential(conv))
    assert own_tap(nn.Conv2d(4, 4, 4, padding="same")) == (1, 1)  # torch pads one less before than behind
    assert own_tap(nn.Conv1d(4, 4, 5, padding="valid")) == (0,)

    class Padding(nn.Conv2d):
        def forward(self, x):
            return super().forward(F.pad(x, (0, 1, 0, 1)))

    with pytest.raises(BadInput, match="Padding pads its inputs itself"):
        own_tap(Padding(4, 4, 3))


def test_ia3_scales_keys_values_and_inner_activations():
    """One layer of 4 numbers and 8 inside: 2 * 4 scales of keys and values, 8 of the inner activations."""
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True).eval()
    found = IA3().insert(layer)
    assert {path: len(one.scale) for path, one in found.items()} == {"self_attn": 8, "linear2": 8}
    plain = layer.self_attn._parameters["in_proj_weight"].clone(), layer.linear2._parameters["weight"].clone()
    set_to(found["self_attn"], scale=[2.0] * 4 + [3.0] * 4)
    set_to(found["linear2"], scale=[float(one) for one in range(8)])
    weight = layer.self_attn.in_proj_weight
    assert torch.equal(weight, plain[0] * torch.tensor([1.0] * 4 + [2.0] * 4 + [3.0] * 4)[:, None])
    assert torch.equal(layer.linear2.weight, plain[1] * torch.arange(8.0))


class Named(nn.Module):
    """An attention whose queries, keys and values are layers of their own, in another order."""

    def __init__(self, names):
        super().__init__()
        for name in names:
            self.add_module(name, nn.Linear(8, 8))
        self.out = nn.Linear(8, 8)
        self.up, self.down = nn.Linear(8, 24), nn.Linear(12, 8)  # gated: twice as wide as what comes back

    def forward(self, x):
        k, v, q = (layer(x) for layer in list(self.children())[:3])
        gate, inner = self.up(self.out((q * k).softmax(-1) * v)).chunk(2, -1)
        return self.down(gate * inner)


def test_transformer_layers_are_found_by_shapes_and_keys_by_names():
    module, x = Named(("k_proj", "v_proj", "q_proj")), torch.randn(3, 8)
    (layer,) = transformer_layers(module)
    assert (layer.attention, layer.feed_forward, layer.width) == ("out", "down", 8)
    assert list(IA3().insert(module, lambda: module(x))) == ["k_proj", "v_proj", "down"]
    with pytest.raises(BadInput, match="can't be told by their names: one, two, three"):
        IA3().insert(Named(("one", "two", "three")))


def test_patterns_choose_layers_and_a_wrong_one_names_what_there_is():
    module, x = net("encoder")
    found = LoRA(rank=2, at="layers.1.linear*").insert(module, lambda: module(x), name="mine")
    assert list(found) == ["layers.1.linear1", "layers.1.linear2"]
    with pytest.raises(BadInput, match=r"at is 'layer\.\*', which matches no layer.*layers\.0\.self_attn"):
        LoRA(rank=2, at="layer.*").insert(module)


def test_only_weights_that_the_product_is_smaller_than_are_adapted_if_there_are_any():
    """Rank 8 for 16 inputs and 16 outputs is as many numbers as the weight itself."""
    assert list(LoRA(rank=8).insert(nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 4)))) == ["0", "1"]
    module = nn.Sequential(nn.Linear(16, 16), nn.Linear(64, 64))
    assert list(LoRA(rank=8).insert(module)) == ["1"]


def test_a_layer_has_several_adapters_and_a_name_only_once():
    module, x = net("linear")
    before = module(x).detach()
    one = LoRA(rank=2, at="0", space="weight").insert(module, lambda: module(x))
    other = Bottlenecks(size=2, at="0").insert(module, lambda: module(x))
    assert list(module[0].adapters) == ["1", "2"]
    disturb(one | {"bottleneck": other["0"]})
    assert not torch.equal(module(x), before)
    with pytest.raises(BadInput, match="There is an adapter '1' at this Linear"):
        LoRA(rank=2, at="0").insert(module, lambda: module(x), name="1")
