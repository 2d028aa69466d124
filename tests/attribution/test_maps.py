"""Maps of pictures by models whose places are known."""

import numpy as np
import pytest
import torch

from headstart.attribution.maps import integrated_gradients, mean_colour, occlusion
from headstart.core import BadInput


def corner(x):
    """A model that looks at the upper right corner alone."""
    return x[:, 0, :4, -4:].double().mean((1, 2)).numpy()


def test_the_map_of_a_model_that_looks_at_one_corner_peaks_there():
    picture = torch.zeros(3, 28, 28, dtype=torch.uint8)
    picture[:, :4, -4:] = 200
    found = occlusion(corner, picture)
    assert found.size == (4, 4)  # a seventh of 28
    assert found.tops == found.lefts == [*range(0, 24, 2), 24]
    fill = round(200 * 16 / 28**2)
    assert found.contributions[0, -1] == 200 - fill  # all that is looked at is covered
    assert found.contributions[0, -2] == pytest.approx((200 - fill) / 2)  # half of it is
    assert np.count_nonzero(found.contributions) == 4
    assert found.value == 200
    assert picture[0, 0, -1] == 200


def test_patches_reach_the_edges_of_a_picture_of_any_sides():
    found = occlusion(corner, torch.zeros(3, 10, 7, dtype=torch.uint8), patch=4, stride=4)
    assert (found.tops, found.lefts) == ([0, 4, 6], [0, 3])
    assert found.contributions.shape == (3, 2)
    assert occlusion(corner, torch.zeros(3, 5, 5), patch=9).contributions.shape == (1, 1)


def test_integrated_gradients_by_hand():
    """Of w x the contribution of a pixel is w (x - baseline), of x^2 from 0 it is x^2."""
    weights = torch.tensor([[1.0, -2.0], [0.0, 3.0]])
    picture = torch.tensor([[[4.0, 1.0], [5.0, 2.0]]])
    linear = integrated_gradients(lambda x: (x[:, 0] * weights).sum((1, 2)), picture, torch.ones(1, 1, 1))
    assert linear.contributions.tolist() == [[3, 0], [0, 3]]
    assert (linear.value, linear.base) == (8, 2)
    square = integrated_gradients(lambda x: x.square().sum((1, 2, 3)), picture, torch.zeros(1, 1, 1))
    assert square.contributions == pytest.approx(picture[0].square().numpy())


def test_integrated_gradients_add_up():
    picture = torch.rand(3, 60, 30, generator=torch.Generator().manual_seed(0))
    found = integrated_gradients(lambda x: x.mean((1, 2, 3)).sigmoid(), picture, mean_colour(picture) / 2)
    assert found.contributions.sum() == pytest.approx(found.value - found.base, rel=1e-3)
    assert found.contributions.shape == (20, 15)  # cells of 3 by 2 pixels
    assert found.size == (3, 2)


def test_a_model_without_gradients_is_refused():
    with pytest.raises(BadInput, match=r"no gradient.*occlusion"):
        integrated_gradients(lambda x: (x > 0).double().mean((1, 2, 3)), torch.ones(1, 4, 4), torch.zeros(1))


def test_the_mean_colour_is_one_of_the_picture_itself():
    picture = torch.tensor([[[0, 255], [0, 1]]], dtype=torch.uint8)
    assert mean_colour(picture).tolist() == [[[64]]]
    assert mean_colour(picture).dtype == torch.uint8
