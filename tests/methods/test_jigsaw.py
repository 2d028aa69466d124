import math

import pytest
import torch
from tests.toy import Pictured

from headstart.core import BadData, BadInput, Task, find
from headstart.nn.permutations import far_apart
from headstart.nn.views.tiles import standardised

Jigsaw = find("jigsaw")
SEEDS = torch.arange(300)


def distance(one, other):
    return sum(a != b for a, b in zip(one, other, strict=True))


def pairs_of(chosen):
    return [distance(one, other) for n, one in enumerate(chosen) for other in chosen[:n]]


def test_permutations_are_as_far_apart_as_they_can_be():
    """Four of four things can differ everywhere, as a Latin square does; a fifth must agree somewhere."""
    assert set(pairs_of(far_apart(4, 4))) == {4}
    assert min(pairs_of(far_apart(4, 5))) == 3
    assert set(pairs_of(far_apart(9, 9))) == {9}
    assert min(pairs_of(far_apart(6, 20))) == 4


def test_all_of_them_are_a_set_and_begin_with_the_order_as_it_is():
    every = far_apart(4, 24)
    assert every[0] == (0, 1, 2, 3)
    assert len(set(every)) == 24
    assert far_apart(4, 5) == every[:5]


def test_places_hold_the_tiles_that_the_permutation_says(monkeypatch):
    """Each quarter has a number of its own; standardised all would be 0."""
    quarters = torch.arange(4.0).view(2, 2).repeat_interleave(5, 0).repeat_interleave(5, 1)
    monkeypatch.setattr("headstart.methods.mapping.pretraining.jigsaw.standardised", lambda x: x)
    tiles, y = Jigsaw().puzzle(quarters.expand(300, 1, 10, 10), SEEDS)
    assert tiles.shape == (300, 4, 1, 10, 10)
    tiles = tiles.round()  # of interpolation
    orders = torch.tensor(far_apart(4, 24))
    assert torch.equal(tiles[:, :, 0, 3, 3].long(), orders[y])
    assert torch.equal(tiles.amax((2, 3, 4)), tiles.amin((2, 3, 4)))
    assert len(y.unique()) == 24


def test_tiles_of_a_grid_of_three():
    ninths = torch.arange(9.0).view(3, 3).repeat_interleave(4, 0).repeat_interleave(4, 1)
    noise = 0.01 * torch.rand(12, 12, generator=torch.Generator().manual_seed(0))
    tiles, y = Jigsaw(grid=3, permutations=10, gap=0.0).puzzle(
        (ninths + noise).expand(5, 1, 12, 12), SEEDS[:5]
    )
    assert tiles.shape == (5, 9, 1, 12, 12)
    assert int(y.max()) < 10


def test_tiles_are_standardised_each_by_itself():
    x = torch.tensor([[1.0, 3.0], [1.0, 3.0]]).view(1, 1, 2, 2)
    both = torch.cat([x, 5 * x + 7])
    torch.testing.assert_close(standardised(both)[0], (x - 2)[0], rtol=0, atol=1e-4)
    torch.testing.assert_close(standardised(both)[1], standardised(both)[0], rtol=0, atol=1e-4)
    assert standardised(torch.ones(1, 1, 2, 2)).abs().max() == 0


def test_chance_and_bad_settings():
    assert Jigsaw().chance_level(8) == math.log(24)
    assert Jigsaw(grid=3).chance_level(8) == math.log(64)
    with pytest.raises(BadInput, match=r"permutations is 25; it must be in \[2, 24\]"):
        Jigsaw(permutations=25)
    with pytest.raises(BadInput, match="grid is 4"):
        Jigsaw(grid=4)
    with pytest.raises(BadData, match=r"2 x 2 tiles .* 3 x 3 pixels"):
        Jigsaw().parts(Pictured(), Task(outputs=2, shape=(3, 3, 3)))
