"""A new first layer: grey is answered as before, columns are kept by name, the bias keeps every bit."""

import copy

import pytest
import torch
from tests.models.nets import Small, Words, flags, mixed, noise, untouched
from tests.rounding import rounding
from torch import nn

import headstart as hs
from headstart.core import BadInput, Model, Unknown
from headstart.core.linear_head import LinearHead
from headstart.models.operations.report import same

CHANNELS = (1, 2, 4, 5, 6, 13)


def grey(x, channels):
    return x.mean(1, keepdim=True).repeat_interleave(channels, 1)


def output(model, x):
    with torch.no_grad():
        return model.eval()(x)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("channels", CHANNELS)
def test_grey_is_answered_as_before_in_any_dimension(channels, dims):
    model = mixed(Small(dims=dims))
    nn.init.constant_(model.stem.bias, 7.0)
    x = noise(2, 3, *(8,) * dims)
    with untouched(model):
        made, report = hs.models.new_channels(model, channels, example=x)
    assert made.stem.weight.shape == (6, channels, *(3,) * dims)
    assert made.stem.in_channels == channels
    assert same(made.stem.bias, model.stem.bias)
    with torch.no_grad():
        off = made.stem(grey(x, channels)) - model.stem(grey(x, 3))
    terms, bias = channels * 3**dims, 7.0
    assert off.abs().max() < rounding(terms, largest=bias)
    assert flags(made) == flags(model)
    off = output(made, grey(x, channels)) - output(model, grey(x, 3))
    assert off.abs().max() < rounding(
        terms, largest=bias, sums=6
    )  # layers, through which the bias is carried
    assert [change.name for change in report.changes] == ["stem.weight"]
    assert report.kept == len(model.state_dict()) - 1


@pytest.fixture(scope="module")
def lite0():
    pytest.importorskip("timm")
    return hs.models.backbone("efficientnet_lite0")


@pytest.mark.parametrize("channels", CHANNELS)
def test_the_first_layer_of_a_pretrained_net(lite0, channels):
    made, report = hs.models.new_channels(lite0, channels)
    old, new = (copy.deepcopy(one.inner.conv_stem).double() for one in (lite0, made))  # its sums are exact
    x = noise(1, 3, 64, 64).double()
    with torch.no_grad():
        wanted, given = old(grey(x, 3)), new(grey(x, channels))
    assert (given - wanted).abs().max() < 1e-6
    assert type(made.inner.conv_stem) is type(lite0.inner.conv_stem)  # which pads as TensorFlow does
    assert made.preprocess is None
    assert made(grey(x.float(), channels)).shape == (1, 1280)
    assert len(report.changes) == 1


def test_the_weights_by_hand():
    model = nn.Sequential(nn.Conv1d(3, 1, 1), nn.Flatten(), nn.Linear(4, 2))
    model[0].weight.data = torch.tensor([[[1.0], [2.0], [6.0]]])
    made, _ = hs.models.new_channels(model, 4, example=noise(2, 3, 4))
    assert made[0].weight.flatten().tolist() == [2.25] * 4  # 9 / 4
    made, report = hs.models.new_channels(model, 4, like=(0, 1, 2, None), example=noise(2, 3, 4))
    assert made[0].weight.flatten().tolist() == [0.75, 1.5, 4.5, 2.25]  # * 3 / 4; 12 * 3 / 4 = 9 already
    assert "channels like 0, 1, 2, the mean" in str(report)
    made, _ = hs.models.new_channels(model, 2, like=(0, 0), example=noise(2, 3, 4))
    assert made[0].weight.flatten().tolist() == [4.5, 4.5]
    made, _ = hs.models.new_channels(model, 6, like=(0, 1, 2, 0, 1, 2), example=noise(2, 3, 4))
    assert made[0].weight.flatten().tolist() == [0.5, 1, 3, 0.5, 1, 3]


def test_type_and_a_bias_that_is_tied_stay():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1), nn.Flatten(), nn.Linear(16, 2)).double()
    model[1].bias = model[0].bias
    made, _ = hs.models.new_channels(model, 5, example=noise(2, 3, 4, 4).double())
    assert made[0].weight.dtype == torch.float64
    assert made[1].bias is made[0].bias


def test_a_weight_that_was_shared_is_said_to_be_no_more():
    class Auto(nn.Module):
        def __init__(self):
            super().__init__()
            self.down, self.up = nn.Conv2d(3, 4, 3), nn.ConvTranspose2d(4, 3, 3)
            self.up.weight = self.down.weight

        def forward(self, x):
            return self.up(self.down(x))

    model = Auto()
    with untouched(model):
        made, report = hs.models.new_channels(model, 5, example=noise(2, 3, 6, 6))
    assert same(made.up.weight, model.up.weight)
    assert report.notes == ("up.weight is no longer shared with down.weight",)


class Standardised(nn.Conv2d):
    """Weight standardisation, as in BiT: its weights are not what it convolves with."""

    def forward(self, x):
        w = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        w = w / w.std((1, 2, 3), keepdim=True)
        return nn.functional.conv2d(x, w, self.bias)


class Fixed(Small):
    """Reads the three colours itself, as Inception does."""

    def forward(self, x):
        return super().forward(torch.stack([x[:, 0], x[:, 1], x[:, 2]], 1))


@pytest.mark.parametrize(
    ("model", "channels", "settings", "text"),
    [
        (Small(), 0, {}, "channels is 0"),
        (Small(), 4, {"like": (0, 1, 2)}, "like has 3 entries"),
        (Small(), 1, {"like": (3,)}, "the old ones are 0 to 2"),
        (nn.Sequential(nn.Conv2d(3, 6, 3, groups=3), nn.Flatten(), nn.LazyLinear(2)), 4, {}, "3 groups"),
        (
            nn.Sequential(Standardised(3, 6, 3), nn.Flatten(), nn.LazyLinear(2)),
            4,
            {},
            "more with its weights",
        ),
        (Fixed(), 5, {}, "can't be run"),
        (nn.Sequential(nn.Flatten(), nn.Linear(192, 2)), 5, {}, "no convolution but a Linear.*new_columns"),
        (
            nn.Sequential(
                nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 6, 3)), nn.Flatten(), nn.LazyLinear(2)
            ),
            4,
            {},
            "no plain parameter 'weight'",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_touches_nothing(model, channels, settings, text):
    x = noise(2, 3, 8, 8)
    output(model, x)
    with untouched(model), pytest.raises(BadInput, match=text):
        hs.models.new_channels(model, channels, example=x, **settings)


def test_a_model_with_a_head_and_a_backbone_that_goes_through_json():
    import json

    base = hs.models.backbone(Small(), example=noise(2, 3, 8, 8))
    made, _ = hs.models.new_channels(Model(base, LinearHead(10, 3)), 5)
    assert made(noise(2, 5, 8, 8)).shape == (2, 3)
    again = hs.models.rebuild(json.loads(json.dumps(made.backbone.source)), Small())
    again.load_state_dict(made.backbone.state_dict())
    x = noise(2, 5, 8, 8)
    assert torch.equal(output(again, x), output(made.backbone, x))
    assert again.source == made.backbone.source
    assert "operations" not in base.source


def table():
    return nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


def test_columns_are_kept_by_name():
    model = mixed(table())
    model[0].running_mean.copy_(torch.tensor([1.0, 2.0, 3.0]))
    x = noise(5, 3)
    with untouched(model):
        made, report = hs.models.new_columns(model, ["age", "size", "rate"], ["rate", "new", "age"])
    old, new = model[1].weight, made[1].weight
    assert torch.equal(new[:, 0], old[:, 2])
    assert torch.equal(new[:, 2], old[:, 0])
    assert (new[:, 1] == 0).all()
    assert same(made[1].bias, model[1].bias)
    assert made[0].running_mean.tolist() == [3, 0, 1]
    assert made[0].running_var.tolist() == [1, 1, 1]
    assert (made[1].in_features, made[0].num_features) == (3, 3)
    assert flags(made) == flags(model)
    # a column that is left out counts as its mean, a new one as nothing at all
    x[:, 1] = 2.0
    theirs = torch.stack([x[:, 2], noise(5, seed=4), x[:, 0]], 1)
    assert torch.allclose(output(made, theirs), output(model, x), atol=1e-6)
    assert report.notes == ("kept by name: 2; new: new; left out: size",)


def test_a_backbone_takes_other_columns_and_is_rebuilt():
    base = hs.models.backbone(table(), example=noise(2, 3))
    made, _ = hs.models.new_columns(base, ["a", "b", "c"], ["c", "d", "e", "a", "f"])
    again = hs.models.rebuild(made.source, table())
    again.load_state_dict(made.state_dict())
    assert torch.equal(output(again, noise(2, 5)), output(made, noise(2, 5)))


@pytest.mark.parametrize(
    ("model", "old", "new", "kind", "text"),
    [
        (table(), "ab", "ab", BadInput, "2 old columns are named, but 0 takes 3"),
        (table(), "aab", "ab", BadInput, "'a' is named twice"),
        (table(), "abc", "bb", BadInput, "'b' is named twice"),
        (table(), "abc", "xyz", Unknown, "'x'"),
        (table(), "abc", "", BadInput, "No column"),
        (Words(), "abc", "ab", BadInput, "not linear but a Embedding"),
    ],
)
def test_columns_that_are_refused(model, old, new, kind, text):
    x = torch.ones(2, 3, dtype=torch.long) if isinstance(model, Words) else noise(2, 3)
    with untouched(model), pytest.raises(kind, match=text):
        hs.models.new_columns(model, list(old), list(new), example=x)
