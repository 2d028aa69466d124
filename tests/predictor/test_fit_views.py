"""Views of the caller's own in `hs.fit`."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.transforms import v2

import headstart as hs
from headstart.core import BadInput
from headstart.models.small_convnet import PREPROCESS
from headstart.predictor.fit import FitWarning
from headstart.session.inputs import fit_to_data
from headstart.session.pretraining import view_maker
from headstart.session.session import Session

Y = [0, 1] * 8
X = (
    torch.randn(16, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    + torch.tensor(Y)[:, None, None, None]
)


def base():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 4), nn.ReLU(), nn.Linear(4, 3))
    return hs.models.backbone(net, example=X[:2])


def fitted(method=None, **given):
    method = method or hs.methods.SimCLR(steps=2, batch=8, hidden=4, out=3)
    return hs.fit(method, base(), (X, Y), **given)


def weights(model):
    return torch.cat([each.flatten() for each in model.model.backbone.parameters()])


@pytest.mark.parametrize(
    "views", [lambda x, seed: x * (1 + seed.remainder(3))[:, None, None, None], v2.RandomCrop(6, 2)]
)
def test_are_what_the_encoder_learns_from(views):
    mine, again, own = fitted(views=views), fitted(views=views), fitted()
    assert torch.equal(weights(mine), weights(again))
    assert not torch.allclose(weights(mine), weights(own), atol=1e-5)


def test_identical_ones_are_warned_of():
    with pytest.warns(FitWarning, match="identical"):
        found = fitted(views=lambda x, seed: x)
    assert any("identical" in note for note in found.training.notes)


def test_nothing_on_is_warned_of():
    off = {"crop": 1, "rotation": 0, "translation": 0, "scaling": 0, "noise": 0, "colour": 0}
    with pytest.warns(FitWarning, match="identical"):
        fitted(hs.methods.SimCLR(steps=1, batch=8, flip=False, **off))


def test_are_refused_where_no_views_are_compared():
    with pytest.raises(BadInput, match=r"views, but logistic-probe makes no random views"):
        fitted(hs.methods.LogisticProbe(), views=lambda x, seed: x)


def test_samples_of_an_odd_shape_are_refused():
    x = torch.randn(16, 2, 3, 4, 5)
    net = hs.models.backbone(nn.Sequential(nn.Flatten(), nn.Linear(120, 3)), example=x[:2])
    with pytest.raises(BadInput, match=r"no views of samples of shape \(2, 3, 4, 5\).*views="):
        hs.fit(hs.methods.SimCLR(steps=1), net, (x, Y))


def test_an_augmentation_of_pictures_alone_can_be_chosen():
    with pytest.raises(BadInput, match=r"augment makes views of pictures alone"):
        fitted(hs.methods.LogisticProbe(), augment=hs.data.Augment(colour=0.5))
    pictures, recipe = hs.data.load("digits").subset(range(40)), hs.Recipe(steps=1, batch=4, views=None)
    ways = [hs.data.Augment(colour=0.5), hs.data.Augment(colour=0.5), None]
    both = [weights(hs.fit("fine-tune", "small-convnet", pictures, recipe, augment=way)) for way in ways]
    assert torch.equal(both[0], both[1])
    assert not torch.equal(both[0], both[2])


def test_grey_pictures_in_three_channels_are_neither_flipped_nor_cropped():
    """As digits are read: their three channels are equal."""
    grey = (40 * X + 100).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
    coloured = grey.repeat(3, axis=3)
    coloured[0, 0, 0] = [0, 120, 240]
    recipes = []
    for pictures in (grey[..., 0], coloured):
        small = hs.models.backbone("small-convnet", preprocess=replace(PREPROCESS, size=(8, 8)))
        data = hs.data.load((pictures, Y))
        session = Session(fit_to_data(small, data), data)
        recipes.append(view_maker(session, hs.methods.SimCLR(), np.arange(16), 0).recipe)
    assert [one.flip for one in recipes] == [0.0, 0.5]
    assert [one.crop for one in recipes] == [(1.0, 1.0), (0.2, 1.0)]
