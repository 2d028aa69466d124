"""What one forward shows of models of every kind."""

import pytest
import torch
from torch import nn

from headstart.models.anatomy import anatomy
from headstart.models.layout import Layout, layout, pool
from headstart.models.tracing import first_tensor, trace

timm = pytest.importorskip("timm")
models = pytest.importorskip("torchvision.models")

PICTURES = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def numbered(name, n):
    return [f"{name}.{i}" for i in range(n)]


CASES = {
    "timm:resnet18": ("fc", 512, ["conv1", *(f"layer{i}" for i in (1, 2, 3, 4))]),
    "torchvision:resnet18": ("fc", 512, ["conv1", *(f"layer{i}" for i in (1, 2, 3, 4))]),
    "timm:tf_efficientnet_lite0": (
        "classifier",
        1280,
        ["conv_stem", *numbered("blocks", 7), "conv_head"],
    ),
    "timm:convnext_atto": ("head.fc", 320, ["stem", *numbered("stages", 4)]),
    "timm:mobilenetv3_small_050": (
        "classifier",
        1024,
        ["conv_stem", *numbered("blocks", 6), "conv_head"],
    ),
    "torchvision:mobilenet_v2": ("classifier.1", 1280, numbered("features", 19)),
    "torchvision:squeezenet1_1": (
        "classifier.1",
        512,
        [f"features.{i}" for i in (0, 3, 4, 6, 7, 9, 10, 11, 12)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_head_width_and_blocks(name):
    kind, _, bare = name.partition(":")
    model = timm.create_model(bare) if kind == "timm" else models.get_model(bare)
    head, width, blocks = CASES[name]
    found = anatomy(model, PICTURES)
    assert (found.head, found.width, list(found.blocks)) == (head, width, blocks)
    assert found.unused == found.shared == found.outside == ()
    assert model.training


def test_vit_and_its_tokens():
    model = timm.create_model("vit_tiny_patch16_224", img_size=64)
    found = anatomy(model, PICTURES)
    assert list(found.blocks) == ["patch_embed", *numbered("blocks", 12)]
    assert (found.head, found.width) == ("head", 192)
    assert found.outside == ("cls_token", "pos_embed")
    assert found.taps["blocks.3"].layout == Layout(0, 2)


def test_swin_gives_channels_last_maps():
    model = timm.create_model("swin_tiny_patch4_window7_224", img_size=64, depths=(1, 1, 1, 1))
    found = anatomy(model, PICTURES)
    assert list(found.blocks) == ["patch_embed", *numbered("layers", 4)]
    assert found.taps["layers.1"].layout == Layout(0, 3)


def test_vgg_keeps_all_but_the_last_of_its_linears():
    class Small(nn.Module):  # VGG's shape, without its 100 million numbers
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(
                nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.AdaptiveAvgPool2d(2)
            )
            self.classifier = nn.Sequential(
                nn.Linear(16, 30), nn.ReLU(), nn.Dropout(), nn.Linear(30, 20), nn.ReLU(), nn.Linear(20, 9)
            )

        def forward(self, x):
            return self.classifier(self.features(x).flatten(1))

    found = anatomy(Small(), PICTURES)
    assert (found.head, found.width) == ("classifier.5", 20)
    assert found.blocks == ("features.0", "features.2", "classifier.0", "classifier.3")


class Odd(nn.Module):
    """Runs against the order of definition, ties two layers and leaves one alone."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(8, 3)
        self.late = nn.Linear(8, 8)
        self.idle = nn.Linear(8, 8)
        self.early = nn.Linear(5, 8)
        self.by_hand = nn.Linear(8, 8)
        self.tied = nn.Linear(8, 8)
        self.tied.weight = self.late.weight
        self.scale = nn.Parameter(torch.ones(8))

    def forward(self, x):
        x = self.tied(self.late(self.early(x).relu() * self.scale))
        return self.head(nn.functional.linear(x, self.by_hand.weight, self.by_hand.bias))


def test_order_unused_shared_and_outside():
    found = anatomy(Odd(), torch.randn(4, 5))
    assert found.order == ("early", "late", "tied", "head")
    assert found.blocks == ("early", "late", "tied")
    assert found.unused == ("idle.weight", "idle.bias")
    assert found.shared == (("late.weight", "tied.weight"),)
    assert found.outside == ("scale", "by_hand.weight", "by_hand.bias")


def test_attention_parts_count_as_used():
    model = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    assert anatomy(model, torch.randn(2, 3, 8)).unused == ()


@pytest.mark.parametrize(
    ("last", "head"),
    [
        ([nn.Linear(6, 4)], "2"),
        ([nn.Linear(6, 4), nn.Softmax(1)], "2"),
        ([nn.Linear(6, 4), nn.LogSoftmax(1)], "2"),
        ([nn.Linear(6, 4), nn.ReLU()], None),
        ([nn.Linear(6, 4), nn.Tanh()], None),
    ],
)
def test_what_counts_as_a_head(last, head):
    found = anatomy(nn.Sequential(nn.Linear(5, 6), nn.ReLU(), *last), torch.randn(64, 5))
    assert (found.head, found.width) == (head, 6 if head else 4)


def test_a_list_of_layers_that_is_never_called_is_read_at_its_last():
    class Twin(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
            self.b = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])

        def forward(self, x):
            for layer in (*self.a, *self.b):
                x = layer(x).relu()
            return x.tanh()  # not a plain reading of the last layer, whatever its numbers

    found = anatomy(Twin(), torch.randn(2, 4))
    assert found.blocks == ("a", "b")
    assert [tap.module for tap in found.taps.values()] == ["a.1", "b.1"]


def test_nothing_is_left_behind_even_by_a_failing_forward():
    class Fails(nn.Sequential):
        def forward(self, x):
            super().forward(x)
            torch.rand(())  # what it would draw is given back
            raise RuntimeError("on purpose")

    model = Fails(nn.Linear(2, 2), nn.Dropout(), nn.BatchNorm1d(2))
    model[1].eval()
    before, state = torch.get_rng_state(), {k: v.clone() for k, v in model.state_dict().items()}
    with pytest.raises(RuntimeError, match="on purpose"):
        trace(model, torch.randn(3, 2, generator=torch.Generator()))
    assert [m.training for m in model.modules()] == [True, True, False, True]
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(v, state[k]) for k, v in model.state_dict().items())
    assert model[0].weight.grad is None


@pytest.mark.parametrize(
    ("shape", "rows", "maker", "inner", "want"),
    [
        ((2, 7, 5, 5), 2, nn.Conv2d(3, 7, 1), 4, (0, 1)),
        ((2, 5, 5, 7), 2, nn.Linear(3, 7), 4, (0, 3)),
        ((2, 5, 7), 2, nn.LayerNorm(7), 3, (0, 2)),
        ((2, 7, 5), 2, nn.Conv1d(3, 7, 1), 3, (0, 1)),
        ((5, 2, 7), 2, nn.Linear(3, 7), 3, (1, 2)),
        ((2, 7, 7, 7), 2, nn.Conv2d(3, 7, 1), 4, (0, 1)),  # a tie: maps of a convolution
        ((2, 7, 7, 7), 2, nn.Linear(3, 7), 4, (0, 3)),
        ((2, 7, 7), 2, nn.Conv2d(3, 7, 1), 4, (0, 2)),  # a tie: patches as tokens
        ((2, 5, 14), 2, nn.LSTM(3, 7, bidirectional=True), 3, (0, 2)),
        ((2, 9, 5, 5), 2, nn.Conv2d(3, 7, 1), 4, (0, 1)),  # no axis fits: maps
        ((2, 5, 9), 2, None, 0, (0, 2)),  # no axis fits: tokens
    ],
)
def test_axes(shape, rows, maker, inner, want):
    assert layout(shape, rows, maker, inner) == want


def test_pooling_is_a_mean_over_all_other_axes():
    x = torch.arange(24.0).reshape(2, 3, 4)
    assert pool(x, Layout(0, 2)).tolist() == [[4, 5, 6, 7], [16, 17, 18, 19]]
    assert pool(x, Layout(0, 1)).tolist() == [[1.5, 5.5, 9.5], [13.5, 17.5, 21.5]]
    assert pool(x, Layout(1, 2)).tolist() == [[6, 7, 8, 9], [10, 11, 12, 13], [14, 15, 16, 17]]
    assert pool(torch.ones(3), Layout(0, 1)).shape == (3, 1)


def test_the_tensor_that_matters():
    a, b = torch.zeros(1), torch.ones(1)

    class Output(dict):
        __getattr__ = dict.get

    assert first_tensor((None, (a, b))) is a
    assert first_tensor(Output(last_hidden_state=a, pooler_output=b)) is b
    assert first_tensor(Output(last_hidden_state=a, pooler_output=None)) is a
    assert first_tensor({"loss": a, "logits": b}) is b
    with pytest.raises(TypeError, match="no tensor"):
        first_tensor("nothing")
