"""What is drawn for views of pictures: each a function of its row's seed, and in its range."""

import pytest
import torch
from torchvision.transforms import RandomResizedCrop

from headstart.core import BadInput, Task, find
from headstart.data import Augment
from headstart.methods.mapping.pretraining._views import picture_recipe, views_of
from headstart.nn.views.draws import draw
from headstart.nn.views.pictures import PictureViews
from headstart.nn.views.recipe import PictureRecipe

ALL = {"flip": 0.5, "flip_vertical": 0.5, "rotation": 15.0, "translation": 0.1, "scaling": 0.2, "colour": 0.5}
ALL |= {"crop": (0.2, 1), "blur": 0.5, "noise": 0.2, "cutout": 0.1, "solarise": 0.5}
RATIO = [3 / 4, 4 / 3]
MEAN, STD = torch.tensor([0.5, 0.4, 0.3]), torch.tensor([0.2, 0.3, 0.4])


def pictures(rows=6, channels=3, height=20, width=16):
    shape, generator = (rows, channels, height, width), torch.Generator().manual_seed(0)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)


def test_a_view_depends_on_its_picture_and_its_seed_alone():
    views, x, seed = (
        PictureViews(PictureRecipe(**ALL, grey=0.2), MEAN, STD, (12, 10)),
        pictures(),
        torch.arange(6),
    )
    whole = views(x, seed)
    assert whole.shape == (6, 3, 12, 10)
    mixed = torch.tensor([4, 0, 3])
    torch.testing.assert_close(views(x[mixed], seed[mixed]), whole[mixed], rtol=0, atol=1e-5)
    torch.testing.assert_close(views(x[2:3], seed[2:3])[0], whole[2], rtol=0, atol=1e-5)
    assert not torch.allclose(views(x, seed + 1), whole, atol=0.1)


def test_parts_of_a_batch_are_those_of_the_whole(monkeypatch):
    views, x, seed = PictureViews(PictureRecipe(**ALL), MEAN, STD), pictures(), torch.arange(6)
    whole = views(x, seed)
    monkeypatch.setattr("headstart.nn.views.pictures.PART", 2 * x[0].numel())
    torch.testing.assert_close(views(x, seed), whole, rtol=0, atol=1e-5)


def test_uint8_and_normalised_floats_have_the_same_views():
    views, x, seed = PictureViews(PictureRecipe(**ALL, grey=0.2), MEAN, STD), pictures(), torch.arange(6)
    normalised = (x / 255 - MEAN[:, None, None]) / STD[:, None, None]
    found = views(x, seed)
    # a turned pixel is weighted in other units
    torch.testing.assert_close(views(normalised, seed), found, rtol=0, atol=1e-4)


def test_nothing_on_leaves_pictures_as_they_are():
    views, x = PictureViews(PictureRecipe(), MEAN, STD), pictures()
    normalised = (x / 255 - MEAN[:, None, None]) / STD[:, None, None]
    torch.testing.assert_close(views(x, torch.arange(6)), normalised)
    torch.testing.assert_close(views(normalised, torch.arange(6)), normalised)
    assert "identical" in views.caution
    assert PictureViews(PictureRecipe(flip=0.5), MEAN, STD).caution == ""


def test_views_are_laid_out_as_the_pictures():
    views = PictureViews(PictureRecipe(**ALL), MEAN, STD)
    last = pictures().contiguous(memory_format=torch.channels_last)
    assert views(last, torch.arange(6)).is_contiguous(memory_format=torch.channels_last)
    assert views(pictures(), torch.arange(6)).is_contiguous()


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_pictures_of_other_channels_change_in_brightness_and_contrast(channels):
    """By hand: brightness b and contrast c make b c x + (1 - c) b m, with the picture's mean m."""
    views = PictureViews(
        PictureRecipe(colour=0.5), torch.zeros(channels), torch.ones(channels), in_range=False
    )
    x = torch.rand(6, channels, 5, 4) * 16
    draws = views.draw(torch.arange(6), (5, 4))
    bright, contrast = draws.jitter[:, :2].float().T[:, :, None, None, None]
    expected = bright * contrast * x + (1 - contrast) * bright * x.mean((1, 2, 3), keepdim=True)
    torch.testing.assert_close(views.apply_draws(x, draws), expected, rtol=1e-5, atol=1e-5)


def test_noise_is_as_large_as_a_share_of_each_pictures_spread():
    views = PictureViews(PictureRecipe(noise=0.25), torch.zeros(1), torch.ones(1), in_range=False)
    x = torch.randn(2, 1, 100, 100) * torch.tensor([1.0, 50.0])[:, None, None, None]
    added = views(x, torch.arange(2)) - x
    assert (added.flatten(1).std(1) / x.flatten(1).std(1)).tolist() == pytest.approx([0.25, 0.25], rel=0.05)


def test_a_share_of_the_area_is_erased_wholly_inside():
    views = PictureViews(PictureRecipe(cutout=0.25), torch.zeros(1), torch.ones(1), in_range=False)
    found = views(torch.ones(50, 1, 20, 20), torch.arange(50)) == 0
    assert (found.flatten(1).sum(1) == 100).all()
    assert found.any(0).float().mean() > 0.9


def test_draws_are_even_and_in_their_ranges():
    drawn = draw(PictureRecipe(**ALL, grey=0.2), torch.arange(4000), (100, 100))
    top, left, height, width = drawn.box.T
    area = height * width / 1e4
    assert (area.min().item(), area.max().item()) == pytest.approx((0.2, 1), abs=0.02)
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(0)
        theirs = [
            RandomResizedCrop.get_params(torch.zeros(3, 100, 100), [0.2, 1], RATIO) for _ in range(1000)
        ]
    expected = (
        sum(high * wide for _, _, high, wide in theirs) / 1000 / 1e4
    )  # large ones that do not fit are drawn again
    assert area.mean().item() == pytest.approx(expected, abs=0.02)
    assert ((top + height <= 100) & (left + width <= 100)).all()
    assert drawn.flipped.double().mean(0).tolist() == pytest.approx([0.5, 0.5], abs=0.03)
    assert drawn.angle.abs().max() <= 15
    assert drawn.angle.mean().abs() < 0.5
    jittered = (drawn.jitter != 1).any(1)
    assert jittered.double().mean().item() == pytest.approx(0.8, abs=0.03)
    assert drawn.jitter[jittered].aminmax().min.item() == pytest.approx(0.6, abs=0.01)
    assert drawn.jitter[jittered].aminmax().max.item() == pytest.approx(1.4, abs=0.01)
    assert drawn.hue.abs().max().item() == pytest.approx(0.1, abs=0.001)
    assert drawn.grey.double().mean().item() == pytest.approx(0.2, abs=0.03)
    blurred = drawn.sigma > 0
    assert blurred.double().mean().item() == pytest.approx(0.5, abs=0.03)
    assert drawn.sigma[blurred].aminmax().min.item() == pytest.approx(0.1, abs=0.01)
    numbers = [
        area,
        drawn.flipped[:, 1],
        drawn.angle,
        drawn.scale,
        drawn.hue,
        drawn.erased[:, 0],
        drawn.sigma,
    ]
    apart = torch.stack([one.double() for one in numbers]).corrcoef() - torch.eye(7)
    assert apart.abs().max() < 0.06


def test_fine_tuning_draws_the_same_crops_and_flips():
    seed = torch.arange(200)
    drawn = draw(PictureRecipe(crop=(0.3, 1), flip=0.5), seed, (40, 30))
    boxes, mirrored = Augment(scale=(0.3, 1)).draw(seed.numpy(), (40, 30))
    assert (drawn.box.numpy() == boxes).all()
    assert (drawn.flipped[:, 0].numpy() == mirrored).all()


SimCLR = find("simclr")


def test_defaults_follow_the_pictures():
    digits, photos = (
        picture_recipe(SimCLR(), Task(2, (1, 8, 8))),
        picture_recipe(SimCLR(), Task(2, (3, 96, 96))),
    )
    assert digits == PictureRecipe(rotation=15, translation=0.1, scaling=0.2, colour=0.5, noise=0.5)
    assert photos == PictureRecipe(crop=(0.2, 1), flip=0.5, colour=0.5, grey=0.2, blur=0.5)
    assert picture_recipe(SimCLR(), Task(2, (3, 32, 32))).blur == 0
    assert picture_recipe(SimCLR(), Task(2, (2, 64, 64))) == PictureRecipe(
        crop=(0.2, 1), colour=0.5, blur=0.5
    )
    given = picture_recipe(SimCLR(crop=0.5, flip=True, rotation=0.0, noise=0.0), Task(2, (1, 8, 8)))
    assert (given.crop, given.flip, given.rotation, given.noise) == ((0.5, 1), 0.5, 0, 0)


class Plain:
    """A backbone that does not normalise."""


def test_views_larger_than_the_pictures_are_refused():
    small = views_of(SimCLR(), Plain(), Task(2, (1, 8, 8)), crop=(0.05, 0.4), size=(6, 6))
    assert small(torch.rand(2, 1, 8, 8), torch.arange(2)).shape == (2, 1, 6, 6)
    with pytest.raises(BadInput, match="views of 12 x 12 pixels are larger than the pictures, of 8 x 8"):
        views_of(SimCLR(), Plain(), Task(2, (1, 8, 8)), size=(12, 12))


def test_solarisation_needs_a_range():
    with pytest.raises(BadInput, match="range of these arrays is not known"):
        views_of(SimCLR(solarise=0.2), Plain(), Task(2, (1, 8, 8)))


@pytest.mark.parametrize("shape", [(8,), (2, 3), (1, 2, 3, 4)])
def test_samples_without_views_are_refused_with_a_way_out(shape):
    with pytest.raises(BadInput, match=r"no views of samples of shape .* Give your own: views= of hs\.fit"):
        views_of(SimCLR(), Plain(), Task(2, shape))


@pytest.mark.parametrize(
    "wrong",
    [
        {"crop": 0},
        {"crop": 1.5},
        {"rotation": 200},
        {"translation": 1},
        {"scaling": -0.1},
        {"colour": 2},
        {"grey": 1.5},
        {"blur": -1},
        {"noise": -1},
        {"cutout": 1},
        {"solarise": 2},
        {"corruption": 1.1},
    ],
)
def test_wrong_settings_are_named(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        SimCLR(**wrong)
