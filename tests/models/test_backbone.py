"""Names and own modules become backbones; nobody's model is changed."""

import json

import pytest
import torch
from torch import nn

from headstart.core import BadInput, HeadstartError, Preprocess, Unknown
from headstart.models import backbone, rebuild, sources

timm = pytest.importorskip("timm")
pytest.importorskip("torchvision")


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def mlp():
    return nn.Sequential(
        nn.Linear(5, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3)
    )


class Own(nn.Module):
    """A small classifier that ends as beginners end it."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3)
        self.body = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 6, 3), nn.ReLU())
        self.classify = nn.Linear(6, 5)
        self.bias = nn.Parameter(torch.full((5,), 0.5))

    def forward(self, x):
        x = self.body(self.stem(x)).mean((2, 3))
        return torch.softmax(self.classify(x), 1).reshape(len(x), 5)


def test_bare_names_prefer_the_built_in_then_timm_then_torchvision():
    assert sources.resolve("efficientnet_lite0") == ("builtin", "efficientnet_lite0")
    assert sources.resolve("resnet18") == ("timm", "resnet18")
    assert sources.resolve("timm:efficientnet_lite0") == ("timm", "efficientnet_lite0")
    assert sources.resolve("squeezenet1_1") == ("torchvision", "squeezenet1_1")
    assert sources.resolve("torchvision:resnet18") == ("torchvision", "resnet18")


@pytest.mark.parametrize("name", ["resnet81", "timm:resnet81", "torchvision:resnet81"])
def test_an_unknown_name_brings_the_nearest(name):
    with pytest.raises(Unknown, match=r"resnet81'. Did you mean .*resnet18|resnet101|resnet8"):
        backbone(name)


def test_random_resnet_gives_the_input_of_its_head():
    made = backbone("timm:resnet18", weights="random")
    whole = timm.create_model("resnet18").eval()
    whole.load_state_dict({**whole.state_dict(), **made.inner.state_dict()})
    x = noise(2, 3, 64, 64)
    with torch.no_grad():
        want = whole.forward_head(whole.forward_features(x), pre_logits=True)
        assert torch.allclose(made(x), want, atol=1e-5)
    assert made.source == {"kind": "timm", "name": "resnet18", "preprocess": made.preprocess.settings()}
    assert made.preprocess.size == (224, 224)
    assert made.preprocess.filter == "bilinear" or made.preprocess.filter == "bicubic"


def test_every_block_is_a_submodule_whose_parameters_start_with_its_name():
    made = backbone("torchvision:resnet18", weights="random")
    assert made.blocks[0] == "inner.conv1"
    modules = [module for block in made.blocks for module in made.members.get(block, (block,))]
    held = [n for n, _ in made.named_parameters() if n.startswith(tuple(name + "." for name in modules))]
    assert held == [n for n, _ in made.named_parameters()]
    assert [made.get_submodule(b) for b in made.blocks][-1] is made.inner.layer4


def test_torchvision_preprocessing():
    made = backbone("torchvision:mobilenet_v2", weights="random")  # its weights: resize 232, crop 224
    assert made.preprocess == Preprocess(
        (224, 224), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "crop", 224 / 232, "bilinear"
    )


def test_features_of_blocks_are_means_of_their_outputs():
    made = backbone("torchvision:resnet18", weights="random")
    x = noise(2, 3, 64, 64)
    with torch.no_grad():
        found = made.features(x)
        inner = made.inner
        stem = inner.bn1(inner.conv1(x))
        one = inner.layer1(inner.maxpool(stem.relu()))
        assert list(found) == list(made.blocks)
        assert torch.allclose(found["inner.layer1"], one.mean((2, 3)), atol=1e-6)
        assert torch.allclose(found["inner.conv1"], stem.mean((2, 3)), atol=1e-6)  # after its norm
        assert torch.allclose(found["inner.layer4"], made(x), atol=1e-6)
        assert [v.shape[1] for v in found.values()] == [64, 64, 128, 256, 512]
        some = made.features(x, ["inner.layer4", "layer2"])
    assert list(some) == ["inner.layer4", "layer2"]
    assert not any(m._forward_hooks for m in made.modules())
    with pytest.raises(Unknown, match=r"layer9.*layer"):
        made.features(x, ["inner.layer9"])


def test_tokens_and_channels_last_maps_are_averaged():
    x = noise(2, 3, 64, 64)
    vit = timm.create_model("vit_tiny_patch16_224", img_size=64, depth=2)
    made = backbone(vit.eval(), example=x)
    got: list[torch.Tensor] = []
    vit.blocks[0].register_forward_hook(lambda m, a, out: got.append(out))
    with torch.no_grad():
        vit(x)
        assert torch.allclose(made.features(x)["inner.blocks.0"], got[0].mean(1), atol=1e-6)
        assert made(x).shape == (2, 192)

    swin = timm.create_model(
        "swin_tiny_patch4_window7_224", img_size=64, depths=(1, 1, 1, 1), num_classes=0, global_pool=""
    )
    swin = swin.eval()
    with torch.no_grad():  # no head, no pooling: (n, 2, 2, 768)
        assert torch.allclose(backbone(swin, example=x)(x), swin(x).mean((1, 2)), atol=1e-6)


def test_a_module_of_patches_reads_pictures_of_the_size_it_was_built_for():
    """timm's own settings keep the 224 pixels of the weights that it publishes."""
    small = timm.create_model("vit_tiny_patch16_224", img_size=(32, 48), patch_size=8, depth=1)
    made = backbone(small)
    assert made.preprocess.size == (32, 48)
    assert made.example.shape == (2, 3, 32, 48)
    any_size = timm.create_model("vit_tiny_patch16_224", img_size=64, depth=1, dynamic_img_size=True)
    assert backbone(any_size).preprocess.size == (224, 224)


def test_several_heads_are_taken_off_at_once():
    deit = timm.create_model("deit_tiny_distilled_patch16_224", img_size=64, depth=1)
    assert backbone(deit, example=noise(2, 3, 64, 64)).width == 192


def test_own_module_that_goes_on_after_its_head():
    own = Own().eval()
    x = noise(3, 1, 9, 9)
    made = backbone(own, example=x)
    with torch.no_grad():
        assert torch.allclose(made(x), own.body(own.stem(x)).mean((2, 3)))
    assert made.blocks == ("inner.stem", "inner.body.2")
    assert made.name == "Own"


def test_own_sequential_needs_no_example():
    own = mlp().eval()
    made = backbone(own)
    x = noise(4, 5)
    assert torch.equal(made(x), own[:5](x))
    assert made.blocks == ("inner.0", "inner.3")
    assert made.width == 6


def test_the_callers_module_keeps_every_byte():
    own = mlp().train()
    own[2].eval()
    own[0].weight.requires_grad_(False)
    handle = own[0].register_forward_hook(lambda m, a, out: out)
    before = {k: v.clone() for k, v in own.state_dict().items()}
    made = backbone(own)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(1)
    made.train()(noise(4, 5))
    made.untrained(1)
    assert [m.training for m in own.modules()] == [True, True, True, False, True, True, True]
    assert list(own.state_dict()) == list(before)
    assert all(torch.equal(v, before[k]) for k, v in own.state_dict().items())
    assert list(own[0]._forward_hooks) == [handle.id]
    assert [len(m._forward_hooks) for m in own.modules()] == [0, 1, 0, 0, 0, 0, 0]
    assert isinstance(own[5], nn.Linear)
    assert not own[0].weight.requires_grad
    assert own[3].weight.requires_grad


def test_the_copy_is_in_the_mode_of_the_original():
    assert backbone(mlp().train()).training
    assert not backbone(mlp().eval()).training


@pytest.mark.parametrize(
    ("module", "example", "text"),
    [
        (nn.Sequential(nn.Embedding(9, 4)), None, "can't be guessed"),
        (Own(), noise(2, 3, 9, 9), r"can't be run on an example of shape \(2, 3, 9, 9\)"),
        (mlp(), noise(5), r"batch \(n, ...\)"),
    ],
)
def test_mistakes_with_the_example(module, example, text):
    with pytest.raises(BadInput, match=text):
        backbone(module, example=example)


def test_a_module_that_cannot_be_copied_says_so():
    own = mlp()
    own.kept = own[0](noise(1, 5))  # not a leaf: deepcopy refuses it
    with pytest.raises(BadInput, match="can't be copied"):
        backbone(own)


def test_untrained_is_a_function_of_the_seed():
    made = backbone("timm:resnet18", weights="random")
    before = torch.get_rng_state()
    a, b, c = (made.untrained(seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    same = [torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True)]
    other = [torch.equal(p, q) for p, q in zip(a.parameters(), c.parameters(), strict=True) if p.ndim > 1]
    assert all(same)
    assert not any(other)
    assert (a.blocks, a.width, a.training) == (made.blocks, made.width, made.training)


def test_untrained_forgets_all_that_an_own_module_learned():
    own = Own()
    with torch.no_grad():
        for tensor in (*own.parameters(), own.body[0].running_mean, own.body[0].running_var):
            tensor.fill_(7)
    own.token = nn.Parameter(torch.full((1, 400), 7.0))
    fresh = backbone(own, example=noise(2, 1, 9, 9)).untrained(0).inner
    assert not any((p == 7).any() for p in fresh.parameters())
    assert fresh.body[0].running_mean.abs().max() == 0
    assert torch.equal(fresh.body[0].running_var, torch.ones(4))
    assert fresh.token.std().item() == pytest.approx(0.02, rel=0.15)
    assert torch.equal(fresh.bias, torch.zeros(5))
    again = backbone(own, example=noise(2, 1, 9, 9)).untrained(0).inner
    assert all(torch.equal(p, q) for p, q in zip(fresh.parameters(), again.parameters(), strict=True))


@pytest.mark.parametrize("name", ["timm:resnet18", "torchvision:resnet18"])
def test_rebuilt_from_json_and_weights(name):
    made = backbone(name, weights="random", preprocess=Preprocess((64, 64), (0.1, 0.2, 0.3)))
    again = rebuild(json.loads(json.dumps(made.source)))
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.01)
    again.load_state_dict(made.state_dict())
    x = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        assert torch.equal(made(x), again(x))
    assert again.preprocess == made.preprocess


def test_own_modules_are_reopened_with_the_callers_code():
    made = backbone(Own().eval(), example=noise(2, 1, 9, 9))
    source = json.loads(json.dumps(made.source))
    assert source["name"].endswith("Own")
    with pytest.raises(BadInput, match=r"your own module .*Own"):
        rebuild(source)
    again = rebuild(source, Own().eval())
    again.load_state_dict(made.state_dict())
    assert torch.equal(again(noise(3, 1, 9, 9)), made(noise(3, 1, 9, 9)))


def test_another_preprocessing_moves_the_numbers_too():
    made = backbone(mlp())
    made.preprocess = Preprocess(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    white = torch.full((1, 3, 1, 1), 255, dtype=torch.uint8)
    assert made.normalised(white).flatten().tolist() == [2, 2, 2]
    assert made.source["preprocess"]["std"] == (0.25, 0.25, 0.25)
    assert "mean" not in made.state_dict()


def test_a_backbone_of_a_backbone_is_a_copy_that_is_not_cut_again():
    made = backbone(nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 6), nn.Linear(6, 2)))
    again = backbone(made)
    assert again.width == 6
    assert torch.equal(again(noise(2, 4)), made(noise(2, 4)))
    assert again.inner is not made.inner
    assert not torch.equal(backbone(made, weights="random").inner[0].weight, made.inner[0].weight)


@pytest.mark.parametrize("name", ["timm:resnet18", "torchvision:resnet18"])
def test_no_network_is_said_with_the_ways_out(name, monkeypatch, tmp_path):
    def nobody(*_args, **_kwargs):
        raise OSError("Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", nobody)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(timm, "create_model", lambda *a, **k: pytest.fail("it would retry for a minute"))
    with pytest.raises(
        HeadstartError, match=r"out of reach .*Name or service.*weights='resnet18.safetensors'.*'random'"
    ):
        backbone(name)


@pytest.mark.parametrize(("file", "way"), [("study.json", "go on with"), ("notes.md", "Give one that")])
def test_a_folder_without_a_model_is_named(tmp_path, file, way):
    (tmp_path / file).write_text("{}")
    with pytest.raises(BadInput, match=f"holds no model and no encoder.*{way}"):
        backbone(str(tmp_path))
