"""Hidden patches of pictures: left out of what a transformer reads, or replaced in the picture."""

import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import BadInput
from headstart.core.inside import outputs_inside
from headstart.nn.imputation.patches import PatchImputer, sines
from headstart.nn.imputation.pictures import patches_of, picture_of, standardised
from headstart.nn.imputation.pixels import PixelImputer

PICTURE = (1, 8, 12)  # one channel, not square


class Vit(nn.Module):
    """Patches of 4 x 4 pixels, a class token and two layers."""

    def __init__(self, positions_inside: bool = False) -> None:
        super().__init__()
        self.cut = nn.Conv2d(1, 16, 4, stride=4)
        self.first = nn.Parameter(torch.randn(1, 1, 16))
        self.places = nn.Parameter(torch.randn(1, 7, 16))
        self.inside = positions_inside
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True) for _ in range(2)
        )

    def forward(self, x):
        x = torch.cat([self.first.expand(len(x), -1, -1), self.cut(x).flatten(2).mT], 1)
        for layer in self.layers:
            x = layer(x + self.places)
        return x[:, 0]


class PlainVit(Vit):
    def forward(self, x):
        x = torch.cat([self.first.expand(len(x), -1, -1), self.cut(x).flatten(2).mT], 1) + self.places
        for layer in self.layers:
            x = layer(x)
        return x[:, 0]


def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 6, 3, stride=2, padding=1)
        )


def made(net, shape=PICTURE):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return hs.models.backbone(net, example=torch.randn(2, *shape), head=None)


@pytest.fixture(scope="module")
def vit():
    torch.manual_seed(0)
    return made(PlainVit())


def drawn(rows=3, shape=PICTURE):
    return torch.randn(rows, *shape, generator=torch.Generator().manual_seed(1)), torch.arange(rows)


def test_patches_are_cut_row_by_row_and_put_back():
    x = torch.arange(24.0).view(1, 1, 4, 6)
    patches = patches_of(x, (2, 3))
    assert patches.tolist() == [
        [[0, 1, 2, 6, 7, 8], [3, 4, 5, 9, 10, 11], [12, 13, 14, 18, 19, 20], [15, 16, 17, 21, 22, 23]]
    ]
    torch.testing.assert_close(picture_of(patches, (2, 3), torch.zeros_like(x)), x)


def test_a_patch_is_standardised_as_mae_does():
    """The formula of models_mae.py: (target - mean) / (var + 1.e-6) ** .5, with torch's variance."""
    patches = torch.tensor([[[1.0, 3.0]]])
    torch.testing.assert_close(standardised(patches)[0], torch.tensor([[[-1.0, 1.0]]]) / (2 + 1e-6) ** 0.5)


def test_positions_tell_places_of_a_grid_apart():
    found = sines((2, 3), 8)
    assert found.shape == (6, 8)
    torch.testing.assert_close(found[0], torch.tensor([0.0, 0, 1, 1] * 2))  # sines and cosines of 0
    torch.testing.assert_close(found[4][4], torch.tensor(1.0).sin())  # the column of place (1, 1)
    assert len({tuple(row) for row in found.tolist()}) == 6


def test_the_layers_read_the_visible_patches_and_the_class_token_alone(vit):
    imputer = PatchImputer(vit, PICTURE, 0.5, hidden=8)
    x, seed = drawn()
    with outputs_inside(vit, ["inner.layers.1"]) as seen:
        imputer(vit, x, seed)
    assert seen["inner.layers.1"].shape == (3, 1 + 3, 16)
    tokens = torch.cat([vit.inner.first.expand(3, -1, -1), vit.inner.cut(x).flatten(2).mT], 1)
    tokens = tokens + vit.inner.places
    kept = torch.cat([torch.ones(3, 1, dtype=torch.bool), ~imputer.hidden(seed)], 1)
    wanted = tokens[kept].view(3, 4, 16)
    for layer in vit.inner.layers:
        wanted = layer(wanted)
    torch.testing.assert_close(seen["inner.layers.1"], wanted)


@pytest.mark.parametrize("normalise", [False, True])
def test_the_loss_is_maes_formula(vit, normalise):
    """(loss * mask).sum() / mask.sum() over the mean squared error of each patch."""
    imputer = PatchImputer(vit, PICTURE, 0.5, normalise, hidden=8)
    nn.init.zeros_(imputer.decoder.leave[1].weight)
    nn.init.constant_(imputer.decoder.leave[1].bias, 0.25)
    x, seed = drawn()
    patches, mask = patches_of(x, (4, 4)), imputer.hidden(seed).float()
    target = standardised(patches)[0] if normalise else patches
    loss = (0.25 - target).square().mean(2)
    wanted = (loss * mask).sum() / mask.sum()
    torch.testing.assert_close(imputer(vit, x, seed)["hidden_patches"], wanted)


def test_a_hidden_patch_tells_the_decoder_nothing(vit):
    imputer = PatchImputer(vit, PICTURE, 0.5, hidden=8).eval()
    x, seed = drawn()
    hidden = imputer.hidden(seed)
    other = picture_of(torch.where(hidden[:, :, None], 9.0, patches_of(x, (4, 4))), (4, 4), x)
    first, second = (imputer._predicted(vit, each, seed)[1] for each in (x, other))
    torch.testing.assert_close(first, second)


def test_says_where_patches_cannot_be_left_out(vit):
    torch.manual_seed(0)
    with pytest.raises(BadInput, match=r"Patches can't be left out of what Vit reads: .* form=pixels"):
        PatchImputer(made(Vit()), PICTURE, 0.5)
    with pytest.raises(BadInput, match="it has no layers of a transformer"):
        PatchImputer(made(network()), PICTURE, 0.5)
    with pytest.raises(BadInput, match="nothing of 6 patches"):
        PatchImputer(vit, PICTURE, 0.05)


def test_the_probe_restores_the_backbone(vit):
    vit.train()
    PatchImputer(vit, PICTURE, 0.5)
    assert all(module.training for module in vit.modules())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in vit.modules())


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 9, 13)])
def test_the_loss_of_pixels_is_of_the_hidden_ones_alone(shape):
    base = made(network(), shape)
    imputer = PixelImputer(base, shape, 0.6, patch=3, hidden=4)
    for parameter in imputer.decoder.parameters():
        nn.init.zeros_(parameter)
    x, seed = drawn(4, shape)
    hidden = imputer.hidden(seed)
    wanted = torch.stack([row[mask].square().mean() for row, mask in zip(x, hidden, strict=True)]).mean()
    torch.testing.assert_close(imputer(base, x, seed)["hidden_pixels"], wanted)


def test_hidden_pixels_do_not_reach_the_encoder():
    base = made(network(), (1, 8, 8)).eval()
    imputer = PixelImputer(base, (1, 8, 8), 0.6)
    x, seed = drawn(4, (1, 8, 8))
    hidden = imputer.hidden(seed)
    assert hidden.flatten(1).sum(1).tolist() == [40] * 4  # 10 of 16 patches of 2 x 2
    first, second = (imputer._predicted(base, each, hidden) for each in (x, torch.where(hidden, 5.0, x)))
    torch.testing.assert_close(first, second)
    assert imputer._predicted(base, x + ~hidden, hidden).ne(first).any()


def test_shows_pictures_filled_in(vit):
    x, seed = drawn()
    for imputer, base in (
        (PatchImputer(vit, PICTURE, 0.5), vit),
        (PixelImputer(made(network()), PICTURE, 0.5), made(network())),
    ):
        with torch.no_grad():
            found = imputer.eval().filled(base, x, seed)
        original, masked, filled = (
            torch.stack(each) for each in zip(*[one.pictures for one in found], strict=True)
        )
        torch.testing.assert_close(original, x)
        hidden = masked == 0
        assert 0.4 < hidden.float().mean() < 0.6
        torch.testing.assert_close(filled[~hidden], x[~hidden])
        assert filled[hidden].ne(x[hidden]).all()
