"""A new last layer: zero, small, or the weights of a linear probe."""

import pytest
import torch
from tests.models.nets import Small, Words, flags, mixed, noise, untouched
from torch import nn

import headstart as hs
from headstart.core import BadInput, Model
from headstart.core.linear_head import LinearHead
from headstart.models.operations.report import same
from headstart.nn.centroid_head import CentroidHead

X = noise(2, 3, 8, 8)


def test_zero_keeps_the_rest_and_says_so():
    model = mixed(Small())
    with untouched(model):
        made, report = hs.models.new_last(model, 7, example=X)
    assert made.fc.weight.shape == (7, 10)
    assert not made.fc.weight.any()
    assert not made.fc.bias.any()
    assert made.fc.out_features == 7
    assert flags(made) == flags(model)
    assert [str(change) for change in report.changes] == [
        "fc.weight (4, 10) -> (7, 10): zero start",
        "fc.bias (4,) -> (7,): zero start",
    ]
    assert report.kept == len(model.state_dict()) - 2
    assert all(same(v, made.state_dict()[k]) for k, v in model.state_dict().items() if k[:2] != "fc")


def test_the_deviation_of_the_normal_start_is_said():
    model = nn.Sequential(nn.Linear(4, 40), nn.Linear(40, 3))
    for deviation in (0.02, 0.5):
        made, _ = hs.models.new_last(model, 500, start="normal", deviation=deviation, example=noise(2, 4))
        assert made[1].weight.std().item() == pytest.approx(deviation, rel=0.05)
        assert (made[1].bias == 0).all()
    with pytest.raises(BadInput, match="deviation is 0; it must be > 0"):
        hs.models.new_last(model, 5, start="normal", deviation=0, example=noise(2, 4))


def test_normal_is_small_with_a_bias_of_zero_and_a_function_of_the_seed():
    model = nn.Sequential(nn.Linear(4, 400), nn.ReLU(), nn.Linear(400, 2))
    made, _ = hs.models.new_last(model, 50, start="normal", example=noise(2, 4))
    again, _ = hs.models.new_last(model, 50, start="normal", example=noise(2, 4))
    other, _ = hs.models.new_last(model, 50, start="normal", seed=1, example=noise(2, 4))
    assert made[2].weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert made[2].weight.mean().item() == pytest.approx(0, abs=3e-4)
    assert not made[2].bias.any()
    assert same(made[2].weight, again[2].weight)
    assert not same(made[2].weight, other[2].weight)


def test_the_weights_of_a_probe_answer_as_the_probe():
    model, base = Small().eval(), None
    base = hs.models.backbone(model, example=X)
    weight, bias = noise(3, 10), noise(3, seed=1)
    for start in ((weight, bias), LinearHead.of(weight, bias)):
        made, _ = hs.models.new_last(model, 3, start=start, example=X)
        with torch.no_grad():
            assert torch.allclose(made(X), base(X) @ weight.T + bias, atol=1e-6)


@pytest.mark.parametrize("head", [LinearHead(10, 4), CentroidHead(10, 4)])
def test_the_head_on_a_backbone(head):
    model = Model(hs.models.backbone(Small(), example=X), head).eval()
    with untouched(model):
        made, _ = hs.models.new_last(model, 6, start=(noise(6, 10), noise(6)))
    assert isinstance(made.head, LinearHead)
    assert made.head.settings == {"width": 10, "classes": 6}
    assert not made.head.training
    assert made(X).shape == (2, 6)


def test_single_pixels_and_what_models_call_their_outputs():
    class Pixel(nn.Module):
        def __init__(self):
            super().__init__()
            self.num_classes = 4
            self.body, self.top = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 4, 1, bias=False)

        def forward(self, x):
            return self.top(self.body(x)).mean((2, 3)).view(-1, self.num_classes)

    model = Pixel()
    with untouched(model):
        made, _ = hs.models.new_last(model, 3, start=(noise(3, 6), noise(3)), example=X)
    assert (made.num_classes, made.top.out_channels, made.top.bias.shape) == (3, 3, (3,))
    assert made(X).shape == (2, 3)
    assert hs.models.new_last(model, 3, example=X)[0].top.bias is None


def test_a_tied_output_is_untied_and_said():
    model = Words()
    x = torch.tensor([[1, 2, 3]])
    with untouched(model):
        made, report = hs.models.new_last(model, 9, last="out", example=x)
    assert same(made.embed.weight, model.embed.weight)
    assert made(x).shape == (1, 3, 9)
    assert report.notes == ("embed.weight is no longer shared with out.weight",)


def test_timm_heads():
    timm = pytest.importorskip("timm")
    model = timm.create_model("resnet18").eval()
    made, report = hs.models.new_last(model, 5, example=noise(2, 3, 64, 64))
    assert made.num_classes == made.get_classifier().out_features == 5
    assert [change.name for change in report.changes] == ["fc.weight", "fc.bias"]


class Stubborn(Small):
    """Insists on its four classes."""

    def forward(self, x):
        return super().forward(x).view(len(x), 4)


class Gated(nn.Module):
    """Its first layer may have any number of outputs, and isn't the last."""

    def __init__(self):
        super().__init__()
        self.gate, self.fc = nn.Conv2d(3, 4, 1), nn.Linear(64, 4)

    def forward(self, x):
        return self.fc(x[:, 0].flatten(1)) * self.gate(x).mean((1, 2, 3)).unsqueeze(1)


@pytest.mark.parametrize(
    ("model", "settings", "text"),
    [
        (Small(), {"classes": 0}, "classes is 0"),
        (Small(), {"classes": 3, "start": "one"}, "start is 'one'"),
        (Small(), {"classes": 3, "start": (noise(4, 10), noise(4))}, r"\(4, 10\) and \(4,\); for 3"),
        (Small(), {"classes": 3, "start": (noise(3, 10), noise(4))}, r"must be \(3, 10\) and \(3,\)"),
        (Small(), {"classes": 3, "start": CentroidHead(10, 3)}, "none and"),
        (Small(), {"classes": 3, "last": "stage2.3"}, "can't be run"),
        (Gated(), {"classes": 3, "last": "gate"}, "isn't its last layer"),
        (Small(), {"classes": 3, "last": "bn"}, "neither linear nor"),
        (Small(), {"classes": 3, "last": "nowhere"}, "no layer 'nowhere'"),
        (Stubborn(), {"classes": 3}, "can't be run"),
        (hs.models.backbone(Small(), example=X), {"classes": 3}, "what it gives are features"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_touches_nothing(model, settings, text):
    with untouched(model), pytest.raises(BadInput, match=text):
        hs.models.new_last(model, **settings, example=X)
