"""Views with given draws are those that torchvision's functions make of each picture by itself."""

import pytest
import torch
from torch.nn.functional import pad
from torchvision.transforms.v2 import functional

from headstart.nn.views.colour import hue_matrices
from headstart.nn.views.geometry import kernel_taps
from headstart.nn.views.pictures import PictureViews
from headstart.nn.views.recipe import PictureRecipe

MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
SEEDS = torch.arange(8)


def pictures(low=0, high=256, size=(30, 24)):
    generator = torch.Generator().manual_seed(0)
    return torch.randint(low, high, (8, 3, *size), dtype=torch.uint8, generator=generator)


def normalised(x):
    return (x - MEAN[:, None, None]) / STD[:, None, None]


def expected(draws, row, picture, size):
    """What torchvision makes of one picture in [0, 1]."""
    box, (across, down) = draws.box[row].tolist(), draws.flipped[row].tolist()
    y = functional.resized_crop(picture, *box, list(size), antialias=True)
    y = functional.horizontal_flip(y) if across else y
    y = functional.vertical_flip(y) if down else y
    if draws.sigma[row] > 0:
        taps, sigma = kernel_taps(min(size)), draws.sigma[row].item()
        y = functional.gaussian_blur(y, [taps, taps], [sigma, sigma])
    bright, contrast, saturation = draws.jitter[row].tolist()
    y = functional.adjust_contrast(functional.adjust_brightness(y, bright), contrast)
    y = functional.adjust_saturation(y, saturation)
    return functional.rgb_to_grayscale(y, 3) if draws.grey[row] else y


@pytest.mark.parametrize("size", [(30, 24), (12, 10), (50, 41)])
def test_crops_flips_blurs_and_colours(size):
    """Hues are apart; greys of greys differ by 1e-4, as torchvision's weights add up to 0.9999."""
    recipe = PictureRecipe(crop=(0.2, 1), flip=0.5, flip_vertical=0.5, blur=0.5, colour=0.3, grey=0.3)
    views, x = PictureViews(recipe, MEAN, STD, size), pictures(60, 180)  # nothing to be clamped
    draws = views.draw(SEEDS, (30, 24))
    draws.hue.zero_()
    found = views.apply_draws(x, draws)
    for row in SEEDS.tolist():
        close = normalised(expected(draws, row, x[row].double() / 255, size)).float()
        torch.testing.assert_close(found[row], close, rtol=0, atol=1e-3 if draws.grey[row] else 1e-5)
    drawn = (draws.flipped[:, 0], draws.flipped[:, 1], draws.grey, draws.sigma > 0)
    assert all(0 < some.sum() < 8 for some in drawn)


def test_colours_are_clamped_once():
    views = PictureViews(PictureRecipe(colour=1.25), MEAN, STD)
    draws = views.draw(SEEDS, (30, 24))
    draws.hue.zero_(), draws.jitter[:, 1:].fill_(1)
    x = pictures()
    found = views.apply_draws(x, draws)
    for row in SEEDS.tolist():
        close = functional.adjust_brightness(x[row].float() / 255, draws.jitter[row, 0].item())
        torch.testing.assert_close(found[row], normalised(close), rtol=0, atol=1e-5)
    assert (draws.jitter[:, 0] > 1.3).any()


def test_the_hue_is_torchvisions_at_thirds_of_the_circle():
    x = torch.rand(3, 6, 5)
    for third in (1 / 3, -1 / 3):
        found = torch.einsum("ij,jhw->ihw", hue_matrices(torch.tensor([third]))[0], x)
        torch.testing.assert_close(found, functional.adjust_hue(x, third), rtol=0, atol=1e-5)


def test_turns_shifts_and_scales():
    """Torchvision's are black outside; pictures that go on at their edges are given to it."""
    recipe = PictureRecipe(rotation=40, translation=0.2, scaling=0.3)
    views, x = PictureViews(recipe, MEAN, STD), torch.rand(8, 3, 30, 24)
    draws, wide = views.draw(SEEDS, (30, 24)), pad(x, (60,) * 4, mode="replicate")
    found = views.apply_draws(x, draws)
    for row in SEEDS.tolist():
        shift = [draws.shift[row, 0].item() * 24, draws.shift[row, 1].item() * 30]
        angle, scale = draws.angle[row].item(), draws.scale[row].item()
        bilinear = functional.InterpolationMode.BILINEAR
        close = functional.affine(wide[row], angle, shift, scale, [0, 0], interpolation=bilinear)
        torch.testing.assert_close(found[row], close[:, 60:-60, 60:-60], rtol=0, atol=1e-4)


def test_solarises():
    views = PictureViews(PictureRecipe(solarise=0.5), MEAN, STD)
    x = pictures()
    draws = views.draw(SEEDS, (30, 24))
    found = views.apply_draws(x, draws)
    for row in SEEDS.tolist():
        plain = x[row].float() / 255
        close = functional.solarize(plain, 0.5) if draws.solarised[row] else plain
        torch.testing.assert_close(found[row], normalised(close), rtol=0, atol=1e-5)
    assert 0 < draws.solarised.sum() < 8
