"""The fast copy gives the same features, and says how it was made."""

import sys

import pytest
import torch
from torch import nn

from headstart.core import Backbone
from headstart.models import backbone, fast
from headstart.models.folding import folded, pairs
from headstart.models.fused import FusedConv, fusable
from headstart.models.race import TOLERANCE
from headstart.nn import processor
from headstart.nn.processor import bf16_is_fast

timm = pytest.importorskip("timm")
models = pytest.importorskip("torchvision.models")


def lived(model):
    """BatchNorms with statistics as after training: fresh ones hide a wrong fold."""
    generator = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor, low, high in (
                (module.running_mean, -0.3, 0.3),
                (module.running_var, 0.5, 2.0),
                (module.weight.data, 0.5, 1.5),
                (module.bias.data, -0.3, 0.3),
            ):
                tensor.uniform_(low, high, generator=generator)
    return model.eval()


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def relative(a, b):
    return float((a - b).abs().max() / b.abs().max())


MADE = {
    "timm:tf_efficientnet_lite0": 49,
    "timm:resnet18": 20,
    "torchvision:resnet18": 20,
    "torchvision:mobilenet_v2": 52,
}


@pytest.mark.parametrize("name", MADE)
def test_equal_features_in_float32_and_near_ones_in_bf16(name):
    kind, _, bare = name.partition(":")
    whole = timm.create_model(bare) if kind == "timm" else models.get_model(bare)
    made = backbone(lived(whole), example=noise(2, 3, 64, 64))
    x = noise(4, 3, 64, 64)
    with torch.no_grad():
        want = made(x)
    assert len(pairs(made.inner, made.example)) == MADE[name]
    quick = fast(made)
    assert quick.made == ("fused" if fusable(nn.Conv2d(1, 1, 1), nn.ReLU()) else "folded")
    assert not any(isinstance(m, nn.BatchNorm2d) for m in quick.modules())
    assert relative(quick(x), want) < TOLERANCE
    half = fast(made, bf16=True)
    assert half(x).dtype == torch.float32
    assert half.bf16 == bf16_is_fast()
    assert (TOLERANCE < relative(half(x), want) < 0.1) == half.bf16
    with torch.no_grad():
        assert torch.equal(made(x), want)  # the backbone itself is as it was


@pytest.mark.parametrize(("runs", "unit"), [(False, True), (True, False), (False, False)])
def test_without_a_unit_for_bf16_it_stays_float32(monkeypatch, runs, unit):
    """Without AVX-512 the fused convolutions raise; without a unit they run, emulated and slower."""
    monkeypatch.setattr(processor, "runs_bf16", lambda: runs)
    monkeypatch.setattr(processor, "has_bf16_unit", lambda: unit)
    made = backbone(lived(models.get_model("resnet18")), example=noise(2, 3, 64, 64))
    plain, half = fast(made), fast(made, bf16=True)
    x = noise(2, 3, 64, 64)
    assert not half.bf16
    assert {tensor.dtype for tensor in half.buffers()} == {torch.float32}
    assert torch.equal(half(x), plain(x))


def test_a_fold_by_hand():
    conv, norm = nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1, eps=0.0)
    conv.weight.data.fill_(3.0)
    conv.bias.data.fill_(1.0)
    norm.running_mean.fill_(5.0)
    norm.running_var.fill_(4.0)
    norm.weight.data.fill_(10.0)
    norm.bias.data.fill_(0.5)
    weight, bias = folded(conv, norm)  # (3 x + 1 - 5) / 2 * 10 + 0.5
    assert (weight.item(), bias.item()) == (15.0, -19.5)


class Twice(nn.Module):
    """Uses what a convolution gives once in its BatchNorm and once more beside it."""

    def __init__(self, beside):
        super().__init__()
        self.conv, self.norm, self.beside = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), beside

    def forward(self, x):
        y = self.conv(x)
        z = self.norm(y).relu()
        return z + y if self.beside else z


def test_a_convolution_that_others_read_too_is_not_folded():
    x = noise(2, 3, 8, 8)
    assert len(pairs(lived(Twice(False)), x)) == 1
    assert pairs(lived(Twice(True)), x) == ()
    made = fast(backbone(Twice(True), example=x))
    assert made.made == "plain"


def test_a_shared_convolution_and_a_standardised_one_are_not_folded():
    conv = nn.Conv2d(3, 3, 3, padding=1)
    shared = nn.Sequential(conv, nn.BatchNorm2d(3), conv, nn.BatchNorm2d(3))
    assert pairs(lived(shared), noise(2, 3, 8, 8)) == ()
    standard = timm.layers.StdConv2d(3, 3, 3)
    assert pairs(lived(nn.Sequential(standard, nn.BatchNorm2d(3))), noise(2, 3, 8, 8)) == ()


def test_an_activation_that_runs_once_is_fused_and_a_shared_one_is_kept():
    relu = nn.ReLU(inplace=True)
    layers = [
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU6(inplace=True),
        nn.Conv2d(4, 4, 3),
        nn.BatchNorm2d(4),
        relu,
        relu,
    ]
    model = lived(nn.Sequential(*layers))
    x = noise(2, 3, 9, 9)
    assert [pair.act for pair in pairs(model, x)] == ["2", None]
    made = backbone(model, example=x)
    with torch.no_grad():
        assert relative(fast(made)(x), made(x)) < TOLERANCE


@pytest.mark.parametrize("act", [nn.Identity(), nn.ReLU(), nn.ReLU6(), nn.SiLU(), nn.Hardswish()])
@pytest.mark.parametrize(("size", "stride"), [(9, 2), (8, 2), (8, 1)])
def test_the_fused_layer_is_the_plain_one(act, size, stride):
    if not fusable(nn.Conv2d(1, 1, 1), nn.ReLU()):
        pytest.skip("this build of torch has no fused convolution")
    x = noise(2, 4, size, size).contiguous(memory_format=torch.channels_last) * 8
    for conv in (
        nn.Conv2d(4, 6, 3, stride, padding=1, bias=False),
        nn.Conv2d(4, 4, 3, stride, groups=4, dilation=2),
        timm.layers.Conv2dSame(4, 6, 3, stride),
        timm.layers.Conv2dSame(4, 4, 5, stride, groups=4),
    ):
        with torch.no_grad():
            assert relative(FusedConv(conv, act)(x), act(conv(x))) < TOLERANCE


def test_a_wrong_operator_is_noticed_and_not_used(monkeypatch):
    made = backbone(lived(models.get_model("resnet18")), example=noise(2, 3, 64, 64))
    monkeypatch.setattr(
        FusedConv,
        "forward",
        lambda self, x: nn.functional.conv2d(x, self.weight, None, self.stride, self.padding),
    )
    quick = fast(made)
    assert quick.made == "folded"
    monkeypatch.setattr(
        sys.modules["headstart.models.fast"],
        "folded",
        lambda conv, norm: (conv.weight, torch.zeros(conv.out_channels)),
    )
    assert fast(made).made == "plain"
    x = noise(2, 3, 64, 64)
    with torch.no_grad():
        assert relative(quick(x), made(x)) < 1e-5
        assert relative(fast(made)(x), made(x)) < 1e-5


def test_models_without_pairs_are_copied():
    vit = timm.create_model("vit_tiny_patch16_224", img_size=64, depth=2)
    made = backbone(vit.eval(), example=noise(2, 3, 64, 64))
    quick = fast(made)
    x = noise(2, 3, 64, 64)
    with torch.no_grad():
        assert quick.made == "plain"
        assert relative(quick(x), made(x)) < TOLERANCE
        half = fast(made, bf16=True)
        assert (TOLERANCE < relative(half(x), made(x)) < 0.1) == half.bf16 == bf16_is_fast()


def test_it_stays_in_evaluation_mode_and_keeps_no_gradients():
    made = backbone(models.get_model("resnet18").train(), example=noise(2, 3, 64, 64))
    quick = fast(made).train()
    assert not any(m.training for m in quick.modules())
    assert not quick(noise(2, 3, 64, 64)).requires_grad
    assert made.training
    assert all(p.requires_grad for p in made.parameters())


def test_any_backbone_will_do():
    class Mean(Backbone):
        width = 3

        def forward(self, x):
            return x.mean((2, 3))

    x = noise(2, 3, 4, 4)
    assert torch.allclose(fast(Mean())(x), x.mean((2, 3)))


def test_rows_taken_in_turn_keep_their_order(monkeypatch):
    made = backbone(models.get_model("squeezenet1_1").eval(), example=noise(2, 3, 64, 64))
    x = noise(5, 3, 64, 64)
    monkeypatch.setattr(sys.modules["headstart.models.fast"], "PIXELS", 1)
    with torch.no_grad():
        assert relative(fast(made)(x), made(x)) < TOLERANCE
    assert fast(made)(x[:0]).shape == (0, 512)
