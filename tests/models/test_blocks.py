"""What a block is: a norm is part of one, a plain stack is its layers, repeated blocks stay whole."""

import pytest
import torch
from tests.models.nets import noise
from torch import nn

import headstart as hs
from headstart.core import BadInput, Parts, Task, make
from headstart.core.moves import members_of
from headstart.models.anatomy import anatomy
from headstart.models.backbone import backbone
from headstart.session.requirements import require_learnable

timm = pytest.importorskip("timm")
vision = pytest.importorskip("torchvision.models")
transformers = pytest.importorskip("transformers")

PICTURES, IDS = noise(2, 3, 32, 32), torch.arange(14).reshape(2, 7)
TINY = {"vocab_size": 60, "hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2}


def gpt2():
    sizes = {"vocab_size": 60, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32}
    config = transformers.GPT2Config(**sizes, bos_token_id=1, eos_token_id=1)
    return transformers.GPT2Model(config), IDS, ("wte", "wpe", "h.0", "h.1"), "ln_f"


def t5():
    sizes = {"vocab_size": 60, "d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}
    blocks = ("encoder.embed_tokens", "encoder.block.0", "encoder.block.1")
    return (
        transformers.T5EncoderModel(transformers.T5Config(**sizes)),
        IDS,
        blocks,
        "encoder.final_layer_norm",
    )


def llama():
    config = transformers.LlamaConfig(**TINY, num_hidden_layers=2, num_key_value_heads=2)
    return transformers.LlamaModel(config), IDS, ("embed_tokens", "layers.0", "layers.1"), "norm"


def timm_vit():
    model = timm.create_model("vit_tiny_patch16_224", img_size=32, depth=2)
    return model, PICTURES, ("patch_embed", "blocks.0", "blocks.1"), "norm"


def torchvision_vit():
    model = vision.VisionTransformer(32, 16, 2, 2, 16, 32)
    layers = (f"encoder.layers.encoder_layer_{i}" for i in (0, 1))
    return model, PICTURES, ("conv_proj", *layers), "encoder.ln"


def lite0():
    blocks = ("conv_stem", *(f"blocks.{i}" for i in range(7)), "conv_head")
    return timm.create_model("tf_efficientnet_lite0"), PICTURES, blocks, "bn2"


@pytest.mark.parametrize("make_model", [gpt2, t5, llama, timm_vit, torchvision_vit, lite0])
def test_a_norm_at_the_end_is_of_the_last_block(make_model):
    model, example, blocks, norm = make_model()
    found = anatomy(model.eval(), example)
    assert found.blocks == blocks
    assert found.members[blocks[-1]] == (blocks[-1], norm)
    assert found.taps[blocks[-1]].module == norm
    base = backbone(model, example=example)
    learning = list(hs.models.select(base, "last(1)"))
    (move,) = make("fine-tune:last=1,norm=train").moves()
    (on,) = [on for on in move.on if on.part == "backbone"]
    chosen = set(map(id, on(Parts({"backbone": base}))))
    assert [name for name, p in base.named_parameters() if id(p) in chosen] == learning
    assert any(base.get_parameter(name).ndim > 1 for name in learning)
    assert f"inner.{norm}.weight" in learning
    require_learnable(map(make, ("fine-tune:last=1", "surgical:block=-1", "lp-ft:last=1")), base, "classes")


def test_norms_before_the_first_block_belong_to_it():
    model = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 5), nn.ReLU(), nn.LayerNorm(5), nn.Linear(5, 2))
    found = anatomy(model.eval(), noise(3, 4))
    assert found.blocks == ("1",)
    assert found.members == {"1": ("0", "1", "3")}
    assert found.taps["1"].module == "3"


def test_a_net_of_norms_alone_is_one_block():
    found = anatomy(nn.Sequential(nn.BatchNorm1d(4), nn.PReLU(), nn.Linear(4, 2)).eval(), noise(3, 4))
    assert (found.blocks, found.members) == (("0",), {"0": ("0", "1")})


def test_a_factor_for_each_channel_is_no_layer_of_its_own():
    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = nn.Parameter(torch.ones(1, 6, 1, 1))

        def forward(self, x):
            return x * self.factor

    model = nn.Sequential(
        nn.Conv2d(3, 6, 1), Scale(), nn.Conv2d(6, 6, 3, groups=6), nn.Flatten(), nn.Linear(24, 2)
    )
    found = anatomy(model.eval(), noise(2, 3, 4, 4))
    assert (found.blocks, found.members) == (("0", "2"), {"0": ("0", "1")})


def test_surgical_takes_the_norm_along_and_reinit_begins_it_anew():
    model, example, _, norm = timm_vit()
    base = backbone(model, example=example)
    with torch.no_grad():
        base.inner.norm.weight.fill_(3.0)
        before = base.inner.blocks[0].mlp.fc1.weight.clone()
    parts = make("reinit").parts(base, Task(outputs=2, shape=(3, 32, 32)))
    assert parts["backbone"].inner.norm.weight.unique().tolist() == [1.0]
    assert torch.equal(parts["backbone"].inner.blocks[0].mlp.fc1.weight, before)
    assert members_of(base, slice(-1, None)) == ["inner.blocks.1", f"inner.{norm}"]
    assert members_of(base, None) == [""]


CONVOLUTIONS = {
    "torchvision:vgg19": (16, 2),
    "torchvision:vgg11_bn": (8, 2),
    "torchvision:alexnet": (5, 2),
    "timm:vgg11": (8, 2),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_plain_stack_is_its_layers(name):
    kind, _, bare = name.partition(":")
    with torch.device("meta"):
        sizes = timm.create_model(bare) if kind == "timm" else vision.get_model(bare)
    shapes = dict(sizes.named_modules())
    model = timm.create_model(bare) if kind == "timm" else vision.get_model(bare)
    found = anatomy(model.eval(), noise(2, 3, 64, 64))
    inner = [block for block in found.blocks if block.startswith("features.")]
    assert (len(inner), len(found.blocks) - len(inner)) == CONVOLUTIONS[name]
    assert all(isinstance(shapes[block], nn.Conv2d) for block in inner)
    norms = [n for n, m in shapes.items() if isinstance(m, nn.BatchNorm2d)]
    assert norms == [several[1] for several in found.members.values()]
    assert all(isinstance(shapes[found.taps[b].module], (nn.ReLU, nn.MaxPool2d)) for b in inner)


class Stacked(nn.Module):
    """A stack of convolutions under a wide linear layer, which holds most of the weights."""

    def __init__(self, second=False):
        super().__init__()
        self.conv = nn.Sequential(
            *(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)),
        )
        self.again = (
            nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 1)) if second else nn.Identity()
        )
        self.wide = nn.Linear(4, 300)
        self.fc = nn.Linear(300, 2)

    def forward(self, x):
        return self.fc(self.wide(self.again(self.conv(x)).flatten(1)).relu())


def test_a_stack_of_ones_own_is_opened_whatever_its_share():
    found = anatomy(Stacked().eval(), noise(2, 3, 8, 8))
    assert found.blocks == ("conv.0", "conv.4", "wide")
    assert found.members == {"conv.0": ("conv.0", "conv.1")}
    assert found.taps["conv.0"].module == "conv.3"  # after its pooling
    assert found.taps["conv.4"].module == "conv.5"  # but not after the mean over all places


def test_stages_that_are_repeated_stay_whole():
    found = anatomy(Stacked(second=True).eval(), noise(2, 3, 8, 8))
    assert found.blocks == ("conv", "again", "wide")


@pytest.mark.parametrize(
    "name", ["torchvision:mobilenet_v2", "torchvision:squeezenet1_1", "timm:mobilenetv3_small_050"]
)
def test_residual_and_inverted_blocks_stay_whole(name):
    base = backbone(name, weights="random", example=noise(2, 3, 64, 64))
    single = [b for b in base.blocks if isinstance(base.get_submodule(b), nn.Conv2d)]
    assert not [block for block in single if block.count(".") > 2]
    assert len(base.blocks) - len(single) >= 6


def test_what_can_learn_nothing_is_refused_by_name():
    base = backbone(Stacked(), example=noise(2, 3, 8, 8))
    with pytest.raises(
        BadInput, match="surgical: nothing can learn in blocks 3:4 of 'backbone', which has 3"
    ):
        require_learnable([make("fine-tune"), make("surgical:block=3")], base, "classes")
    with pytest.raises(BadInput, match="reinit: blocks is 4, and the backbone has 3"):
        require_learnable([make("reinit:blocks=4")], base, "classes")
    assert all(p.grad is None for p in base.parameters())
