"""Outputs place by place: which axes are places, and what is averaged where there are many."""

import pytest
import torch

from headstart.models.layout import Layout
from headstart.models.places import places


def test_maps_of_either_layout_become_a_grid():
    x = torch.arange(2 * 3 * 14 * 14.0).reshape(2, 3, 14, 14)
    found = places(x, Layout(0, 1))
    assert found.value.shape == (2, 49, 3)
    assert torch.equal(found.value[1, 0], x[1, :, :2, :2].mean((1, 2)))  # the upper left 2 x 2
    assert torch.equal(found.value[0, 8], x[0, :, 2:4, 2:4].mean((1, 2)))
    last = places(x.permute(0, 2, 3, 1), Layout(0, 3))
    assert torch.equal(last.value, found.value)
    assert found.there.all()
    assert places(x, Layout(0, 1), most=5).value.shape == (2, 4, 3)
    assert places(x[..., :3, :5], Layout(0, 1)).value.shape == (2, 15, 3)


def test_sequences_are_averaged_in_order():
    x = torch.arange(10.0).reshape(1, 10, 1)
    assert places(x, Layout(0, 2), most=5).value.flatten().tolist() == [0.5, 2.5, 4.5, 6.5, 8.5]
    assert torch.equal(places(x, Layout(0, 2)).value, x)
    assert torch.equal(places(x.mT, Layout(0, 1)).value, x)  # (n, c, length)
    turned = places(x.transpose(0, 1), Layout(1, 2), most=5)  # (tokens, n, c)
    assert turned.value.flatten().tolist() == [0.5, 2.5, 4.5, 6.5, 8.5]


def test_padding_is_no_place():
    x = torch.tensor([[[1.0], [2.0], [3.0], [4.0]], [[5.0], [6.0], [99.0], [99.0]]])
    there = torch.tensor([[True] * 4, [True, True, False, False]])
    found = places(x, Layout(0, 2), there, most=2)
    assert found.value[..., 0].tolist() == [[1.5, 3.5], [5.0, 6.0]]
    wide = places(x, Layout(0, 2), there, most=6)
    assert wide.there.sum(1).tolist() == [4, 2]
    assert wide.value[1, :2, 0].tolist() == [5.0, 6.0]
    assert not wide.value[1, 2:].any()


@pytest.mark.parametrize("shape", [(3, 5), (3,)])
def test_what_has_no_places_has_one(shape):
    found = places(torch.ones(shape), Layout(0, 1))
    assert found.value.shape[:2] == (3, 1)
    assert found.there.shape == (3, 1)
