"""Other resolutions: position embeddings are interpolated, class tokens keep every byte."""

import json

import pytest
import torch
from tests.models.nets import Small, Tokens, flags, mixed, noise, untouched
from torch import nn
from torch.nn.functional import interpolate

import headstart as hs
from headstart.core import BadInput, Unknown
from headstart.models.operations.report import same
from headstart.models.operations.size import stretch

X = noise(2, 3, 16, 16)


def test_places_lie_in_rows_and_are_interpolated_by_hand():
    row, column = torch.meshgrid(torch.arange(2.0), torch.arange(4.0), indexing="ij")
    position = torch.stack([row, column, torch.full((2, 4), 5.0)], 2).reshape(1, 8, 3)
    position = torch.cat([torch.full((1, 1, 3), 9.0), position], 1)
    made = stretch(position, (2, 4), (4, 4))
    assert made.shape == (1, 17, 3)
    assert (made[:, 0] == 9).all()
    maps = made[0, 1:].reshape(4, 4, 3)
    assert torch.allclose(maps[..., 2], torch.tensor(5.0))
    assert torch.allclose(maps[..., 1], torch.arange(4.0).expand(4, 4), atol=1e-6)  # columns did not change
    # rows 0 and 1 at a quarter and three quarters of a place: bicubic with a = -0.75, edges repeated
    a, t = -0.75, 0.25
    near, far = (a + 2) * t**3 - (a + 3) * t**2 + 1, a * ((1 - t) + 1) ** 3 - 5 * a * (2 - t) ** 2
    assert near == pytest.approx(0.87890625)
    assert far == pytest.approx(a * 1.75**3 - 5 * a * 1.75**2)
    up = (a + 2) * 0.75**3 - (a + 3) * 0.75**2 + 1  # the weight of the place three quarters away
    after = a * 1.75**3 - 5 * a * 1.75**2 + 8 * a * 1.75 - 4 * a
    assert maps[1, 0, 0].item() == pytest.approx(up + after, abs=1e-6)
    assert maps[2, 0, 0].item() == pytest.approx(1 - up - after, abs=1e-6)


def test_one_dimension_by_hand():
    position = torch.tensor([[[7.0], [0.0], [4.0]]])  # a class token, then two places
    assert stretch(position, (2,), (4,)).flatten().tolist() == [7, 0, 1, 3, 4]


def test_a_transformer_of_ones_own():
    model = mixed(Tokens(k=2)).eval()
    with untouched(model):
        made, report = hs.models.new_size(model, (24, 32), example=X)
    assert made.position.shape == (1, 2 + 6 * 8, 12)
    assert same(made.position[:, :2], model.position[:, :2])
    maps = model.position[:, 2:].transpose(1, 2).reshape(1, 12, 4, 4)
    wanted = interpolate(maps, size=(6, 8), mode="bicubic").flatten(2).transpose(1, 2)
    assert torch.allclose(made.position[:, 2:], wanted, atol=1e-6)
    assert flags(made) == flags(model)
    assert made(noise(2, 3, 24, 32)).shape == (2, 5)
    assert [change.name for change in report.changes] == ["position"]
    assert "interpolated from 4x4 places to 6x8" in str(report)


def test_the_same_number_of_places_in_another_shape_is_another_grid():
    model = Tokens()
    made, _ = hs.models.new_size(model, (8, 32), example=X)
    assert made.position.shape == model.position.shape
    assert not same(made.position, model.position)
    again, report = hs.models.new_size(model, (16, 16), example=X)
    assert same(again.position, model.position)
    assert report.changes == ()


def test_a_shared_embedding_stays_shared_and_a_name_may_be_given():
    model = Tokens()
    model.block.position = model.position
    made, report = hs.models.new_size(model, (32, 32), position="position", example=X)
    assert made.block.position is made.position
    assert {change.name for change in report.changes} == {"position", "block.position"}


def test_a_convolutional_net_has_nothing_to_change():
    model = Small()
    made, report = hs.models.new_size(model, (40, 24), example=X)
    assert report.changes == ()
    assert report.notes == ("no position embedding: nothing had to change",)
    assert all(same(v, made.state_dict()[k]) for k, v in model.state_dict().items())


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "deit_tiny_distilled_patch16_224"])
def test_transformers_of_timm(name):
    timm = pytest.importorskip("timm")
    model = timm.create_model(name, img_size=64, depth=1).eval()
    k = model.num_prefix_tokens
    with torch.no_grad():
        model.pos_embed[:, k:] = 0.5
    model.pos_embed.requires_grad_(False)
    with untouched(model):
        made, report = hs.models.new_size(model, (96, 64), example=noise(2, 3, 64, 64))
    assert made.pos_embed.shape == (1, k + 24, 192)
    assert same(made.pos_embed[:, :k], model.pos_embed[:, :k])
    assert torch.allclose(made.pos_embed[:, k:], torch.tensor(0.5))
    assert flags(made) == flags(model)
    assert [change.name for change in report.changes] == ["pos_embed"]


def test_torchvision_insists_on_a_size_that_it_has_noted():
    vision = pytest.importorskip("torchvision").models.VisionTransformer
    model = vision(image_size=32, patch_size=8, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=8).eval()
    with untouched(model):
        made, _ = hs.models.new_size(model, (48, 48), example=noise(2, 3, 32, 32))
    assert made.encoder.pos_embedding.shape == (1, 37, 8)
    assert made(noise(2, 3, 48, 48)).shape == (2, 1000)
    assert model.image_size == 32


def test_a_backbone_takes_pictures_of_the_new_size_and_is_rebuilt():
    pytest.importorskip("timm")
    base = hs.models.backbone("vit_tiny_patch16_224", weights="random")
    made, _ = hs.models.new_size(base, (64, 96))
    assert (made.preprocess.size, base.preprocess.size) == ((64, 96), (224, 224))
    again = hs.models.rebuild(json.loads(json.dumps(made.source)))
    again.load_state_dict(made.state_dict())
    pictures = torch.randint(0, 256, (2, 3, 64, 96), dtype=torch.uint8)
    with torch.no_grad():
        assert torch.equal(again.eval()(pictures), made.eval()(pictures))


@pytest.mark.parametrize(
    ("model", "settings", "kind", "text"),
    [
        (Tokens(), {"size": (32,)}, BadInput, "need 2 sizes"),
        (Tokens(), {"size": (32, 0)}, BadInput, "need 2 sizes"),
        (Tokens(), {"size": (32, 32), "position": "positoin"}, Unknown, "Did you mean 'position'"),
        (Tokens(), {"size": (32, 32), "position": "token"}, BadInput, "with at least the 16 tokens of 4x4"),
        (Tokens(), {"size": (2, 2)}, BadInput, "can't be run on inputs of shape"),
        (
            nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(784, 2)),
            {"size": (20, 20)},
            BadInput,
            "can't be run on inputs",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_touches_nothing(model, settings, kind, text):
    with untouched(model), pytest.raises(kind, match=text):
        hs.models.new_size(model, **settings, example=X)
