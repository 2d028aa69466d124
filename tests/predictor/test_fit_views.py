"""Views of the caller's own in `hs.fit`."""

import pytest
import torch
from torch import nn
from torchvision.transforms import v2

import headstart as hs
from headstart.core import BadInput
from headstart.predictor.fit import FitWarning

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
