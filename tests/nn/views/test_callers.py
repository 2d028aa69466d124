"""The caller's own views: what they are called with, by which seeds, and what is said of doubtful ones."""

import pytest
import torch
from torch import nn
from torchvision.transforms import v2

from headstart.core import BadInput
from headstart.nn.views.callers import CallersViews

SEEDS = torch.tensor([5, -7, 5])


def pictures():
    return torch.arange(3 * 3 * 4 * 4, dtype=torch.uint8).view(3, 3, 4, 4)[[0, 1, 0]]


class Batched(nn.Module):
    """As kornia's: floats in [0, 1], and torch's generator."""

    def forward(self, x, params=None):
        assert x.is_floating_point()
        assert x.max() <= 1
        return (x + 0.1 * torch.rand(len(x), 1, 1, 1)).clamp(0, 1)


def test_a_function_gets_samples_and_seeds():
    views = CallersViews(lambda x, seed: x + seed[:, None])
    assert views(torch.zeros(3, 2), SEEDS).tolist() == [[5, 5], [-7, -7], [5, 5]]
    assert views.caution == ""


def test_a_transform_of_torchvision_draws_for_each_row_by_its_seed():
    """Equal pictures with equal seeds are equal, wherever they are; the generator is as before."""
    views, state = CallersViews(v2.RandomResizedCrop(4, scale=(0.3, 1))), torch.random.get_rng_state()
    found = views(pictures(), SEEDS)
    assert torch.equal(found[0], found[2])
    assert found.dtype == torch.uint8
    assert torch.equal(views(pictures()[1:2], SEEDS[1:2])[0], found[1])
    other = views(pictures(), SEEDS + 1)
    assert not torch.equal(other, found)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_transforms_of_torchvision_within_a_sequence_are_called_for_each_picture():
    views = CallersViews(nn.Sequential(v2.RandomHorizontalFlip(0.5)))
    x = pictures()[:1].expand(32, -1, -1, -1)
    found = views(x, torch.arange(32))
    assert 0 < sum(torch.equal(one, x[0]) for one in found) < 32


def test_a_module_gets_the_batch_in_unit_range_and_is_normalised_after():
    mean, std = torch.full((3,), 0.5), torch.full((3,), 0.25)
    views, state = CallersViews(Batched(), mean, std), torch.random.get_rng_state()
    found = views(pictures(), SEEDS)
    assert torch.equal(views(pictures(), SEEDS), found)
    lifted = found * 0.25 + 0.5 - pictures() / 255
    assert lifted.min() > -1e-6
    assert 0.01 < lifted.max() < 0.1 + 1e-6
    assert torch.equal(torch.random.get_rng_state(), state)
    assert views.caution == ""


def test_a_module_of_samples_and_seeds_is_called_with_both():
    class Seeded(nn.Module):
        def forward(self, x, seed):
            return x + seed[:, None, None, None]

    assert torch.equal(CallersViews(Seeded())(torch.zeros(3, 1, 1, 1), SEEDS).flatten(), SEEDS.float())


def test_views_that_are_identical_are_told():
    views = CallersViews(lambda x, seed: x)
    views(torch.randn(3, 2), SEEDS)
    assert "identical" in views.caution


def test_pictures_that_are_not_normalised_are_told():
    scaled = v2.Compose([v2.RandomResizedCrop(4), v2.ToDtype(torch.float32, scale=True)])
    views, plain = CallersViews(scaled, torch.full((3,), 0.5), torch.ones(3)), CallersViews(scaled)
    views(pictures(), SEEDS), plain(pictures(), SEEDS)
    assert "normalised" in views.caution
    assert plain.caution == ""  # the encoder takes them as they are


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda x, seed: x[:1], "as many rows, here 3"),
        (lambda x, seed: [x, x], "are list"),
        (lambda x, seed: x.view(7), "failed on samples uint8"),
        (v2.Lambda(lambda x: x[:, : 1 + int(torch.randint(4, ())), :]), "differ in size"),
    ],
)
def test_refuses_what_are_no_views(made, told):
    with pytest.raises(BadInput, match=told):
        CallersViews(made)(pictures(), torch.arange(3))


@pytest.mark.parametrize("made", ["crop", v2.RandomCrop, None])
def test_refuses_what_makes_none(made):
    with pytest.raises(BadInput, match=r"makes no views"):
        CallersViews(made)
