"""Only the middle is kept; a translation is put in front."""

import json

import pytest
import torch
from tests.models.nets import Small, flags, mixed, noise, untouched
from torch import nn

import headstart as hs
from headstart.core import BadInput, Model, Preprocess, Unknown
from headstart.core.linear_head import LinearHead
from headstart.models.operations.report import same

X = noise(2, 3, 8, 8)


def trained():
    """Statistics and weights unlike those of any fresh net."""
    model = Small()
    with torch.no_grad():
        for i, value in enumerate(model.state_dict().values()):
            value.copy_(value + i + 1) if value.is_floating_point() else value.fill_(9)
    return model


def test_what_is_kept_keeps_every_byte_and_nothing_else_does():
    model = mixed(trained())
    with untouched(model):
        made, report = hs.models.keep_only(model, "stage1, block(2)", example=X)
    kept = {k for k, v in model.state_dict().items() if same(v, made.state_dict()[k])}
    assert kept == {k for k in model.state_dict() if k.startswith("stage")}  # statistics too
    assert made.bn.running_mean.tolist() == [0] * 6
    assert flags(made) == flags(model)
    assert {c.name for c in report.changes} == set(model.state_dict()) - kept
    again, _ = hs.models.keep_only(model, "stage1, block(2)", example=X)
    assert all(same(v, again.state_dict()[k]) for k, v in made.state_dict().items())
    other, _ = hs.models.keep_only(model, "stage1, block(2)", seed=1, example=X)
    assert not same(other.stem.weight, made.stem.weight)


def test_statistics_go_with_the_parameters_of_their_layer():
    model = trained()
    made, _ = hs.models.keep_only(model, "stage1, ~stage1.1.bias", example=X)
    assert same(made.stage1[0].weight, model.stage1[0].weight)
    assert same(made.stage1[1].weight, model.stage1[1].weight)
    assert not made.stage1[1].running_mean.any()


def test_only_the_middle_of_a_backbone():
    base = hs.models.backbone(trained(), example=X)
    with untouched(base):
        made, _ = hs.models.keep_only(base, "block(1)")
    assert type(made) is type(base)
    assert same(made.inner.stage1[0].weight, base.inner.stage1[0].weight)
    assert not same(made.inner.stem.weight, base.inner.stem.weight)
    with untouched(base), pytest.raises(Unknown, match="stage1"):
        hs.models.keep_only(base, "stgae1")


def test_the_middle_as_a_module_of_its_own():
    layers = nn.Sequential(
        nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 7), nn.ReLU(), nn.Linear(7, 2)
    ).eval()
    x = noise(3, 4)
    with untouched(layers):
        made, report = hs.models.middle(layers, 1, 3, example=x)
    assert [type(one) for one in made] == [nn.Linear, nn.Tanh, nn.Linear]  # the activation comes along
    with torch.no_grad():
        z = layers[:2](x)
        assert torch.equal(made(z), layers[2:5](z))
    assert not made.training
    assert (report.changes, report.kept, report.notes) == ((), 4, ("4 other tensors left out",))
    whole = nn.Sequential(nn.Linear(9, 5), made, nn.Linear(7, 3))
    assert whole(noise(2, 9)).shape == (2, 3)


def test_the_middle_of_a_net_with_stages():
    model = nn.Sequential()
    for name, part in trained().named_children():
        if name.startswith("stage"):
            model.add_module(name, part)
    base = hs.models.backbone("timm:resnet18", weights="random", example=noise(2, 3, 32, 32))
    made, _ = hs.models.middle(base, 2, 4)
    assert made(noise(1, 64, 8, 8)).shape == (1, 256, 2, 2)
    assert same(made[0][0].conv1.weight, base.inner.layer2[0].conv1.weight)


@pytest.mark.parametrize(
    ("start", "stop", "text"),
    [
        (1, 3, "stage1, stage2 are no chain"),
        (2, 2, "there are 3"),
        (0, 4, "there are 3"),
        (-1, 2, "there are 3"),
    ],
)
def test_blocks_that_are_no_chain(start, stop, text):
    model = Small()  # runs a ReLU of its forward between the stages
    with untouched(model), pytest.raises(BadInput, match=text):
        hs.models.middle(model, start, stop, example=X)


def test_luminance_by_hand():
    x = torch.tensor([[[[10.0]], [[100.0]], [[50.0]]]])
    assert hs.models.Luminance()(x).flatten().item() == pytest.approx(2.99 + 58.7 + 5.7)
    assert hs.models.Luminance(3)(x).shape == (1, 3, 1, 1)
    assert torch.allclose(hs.models.Luminance(2)(torch.full((2, 3, 4), 0.7)), torch.full((2, 2, 4), 0.7))
    assert hs.models.Luminance().state_dict() == {}
    with pytest.raises(BadInput, match="copies is 0"):
        hs.models.Luminance(0)


def normalised(levels, mean, std):
    return (levels - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)


@pytest.mark.parametrize(
    ("mean", "std"),
    [
        ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ((0.48, 0.46, 0.41), (0.27, 0.26, 0.28)),
        ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    ],
)
def test_luminance_is_mixed_before_the_normalisation(mean, std):
    base = hs.models.backbone(Small(), example=X, preprocess=Preprocess((8, 8), mean, std)).eval()
    made = hs.models.translated(base, hs.models.Luminance(3))[0].eval()
    grey = torch.randint(0, 256, (3, 1, 8, 8), dtype=torch.uint8).repeat(1, 3, 1, 1)
    colours = torch.randint(0, 256, (3, 3, 8, 8), dtype=torch.uint8)
    levels = torch.einsum("nchw,c->nhw", colours / 255, torch.tensor([0.299, 0.587, 0.114]))
    right = normalised(levels.unsqueeze(1).repeat(1, 3, 1, 1), mean, std)
    with torch.no_grad():
        assert torch.allclose(made(grey), base(grey), atol=1e-5)  # grey stays as it is
        assert torch.allclose(made.inner[0](made.normalised(colours)), right, atol=1e-5)
        again = hs.models.rebuild(json.loads(json.dumps(made.source)), Small()).eval()
        again.load_state_dict(made.state_dict())
        assert torch.equal(again(colours), made(colours))


def test_luminance_saved_without_moments_stays_what_it_was():
    base = hs.models.backbone(Small(), example=X, preprocess=Preprocess((8, 8))).eval()
    made = hs.models.translated(base, hs.models.Luminance(3))[0]
    source = json.loads(json.dumps(made.source))
    source["operations"][0]["settings"] = {"copies": 3}
    old = hs.models.rebuild(source, Small()).eval()
    mixed = torch.einsum("nchw,c->nhw", X, torch.tensor([0.299, 0.587, 0.114]))
    assert torch.allclose(old.inner[0](X), mixed.unsqueeze(1).repeat(1, 3, 1, 1), atol=1e-6)
    with pytest.raises(BadInput, match="both mean and std"):
        hs.models.Luminance(3, mean=(0.5, 0.5, 0.5))


def test_in_front_of_a_module():
    model = mixed(Small(channels=1))
    with untouched(model):
        made, report = hs.models.translated(model, hs.models.Luminance(), example=noise(2, 3, 8, 8))
    assert report.changes == ()
    assert made.training == model.training
    with torch.no_grad():
        grey = noise(2, 1, 8, 8)
        assert torch.allclose(made.eval()(grey.expand(-1, 3, -1, -1)), copy_eval(model)(grey), atol=1e-5)


def copy_eval(model):
    import copy

    return copy.deepcopy(model).eval()


def test_in_front_of_a_backbone_and_of_a_model():
    base = hs.models.backbone(Small(channels=1), example=noise(2, 1, 8, 8)).eval()
    colour = Preprocess(size=(8, 8))
    with untouched(base):
        made, report = hs.models.translated(base, hs.models.Luminance(), preprocess=colour)
    assert report.changes == ()
    assert made.blocks == tuple(block.replace("inner.", "inner.1.") for block in base.blocks)
    grey = torch.randint(0, 256, (2, 1, 8, 8), dtype=torch.uint8).repeat(1, 3, 1, 1)
    with torch.no_grad():
        normal = made.normalised(grey).mean(1, keepdim=True)
        assert torch.allclose(made(grey), base(normal), atol=1e-5)
        assert list(made.features(X)) == list(made.blocks)
        assert made(torch.zeros(2, 3, 8, 8, dtype=torch.uint8)).shape == (2, 10)
    assert hs.models.select(made, "stem")[0] == "inner.1.stem.weight"
    again = hs.models.rebuild(made.source, Small(channels=1)).eval()
    again.load_state_dict(made.state_dict())
    assert torch.equal(again(X), made(X))
    assert (again.preprocess, again.source) == (colour, made.source)
    whole, _ = hs.models.translated(Model(base, LinearHead(10, 3)), hs.models.Luminance())
    assert whole(X).shape == (2, 3)


def test_a_front_of_ones_own():
    base = hs.models.backbone(Small(), example=X)
    front = nn.Conv2d(7, 3, 1)
    made, report = hs.models.translated(base, front, example=noise(2, 7, 8, 8))
    assert same(made.inner[0].weight, front.weight)
    assert made.inner[0] is not front
    assert [change.name for change in report.changes] == ["inner.0.weight", "inner.0.bias"]
    with pytest.raises(BadInput, match="own module Conv2d in front"):
        hs.models.rebuild(made.source, Small())
    with untouched(base), pytest.raises(BadInput, match="Give example="):
        hs.models.translated(base, front)
    with untouched(base), pytest.raises(BadInput, match="can't be run"):
        hs.models.translated(base, hs.models.Luminance(2))
