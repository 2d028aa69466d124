import math

import pytest
import torch
from tests.toy import TASK, Pictured, task_for
from torch import nn

from headstart.core import BadData, BadInput, Ctx, Seeded, Task, find

Rotation = find("rotation")
CTX = Ctx(0, 0.0, lambda x: x)
SEEDS = torch.arange(200)


def corner(value: float = 1.0):
    """A picture of 3 x 3 with one bright corner, the upper right."""
    x = torch.zeros(1, 1, 3, 3)
    x[0, 0, 0, 2] = value
    return x


def test_a_corner_goes_round_anticlockwise():
    """Upper right, upper left, lower left, lower right: after 0, 1, 2 and 3 quarters."""
    x, quarters = Rotation(flip=False).rotated(corner(), SEEDS[:1])
    assert quarters.tolist() == [0, 1, 2, 3]
    places = [tuple(one.nonzero()[0].tolist()) for one in x[:, 0]]
    assert places == [(0, 2), (0, 0), (2, 0), (2, 2)]


def test_labels_of_several_pictures_are_in_the_order_of_their_rotations():
    two = torch.rand(2, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    x, quarters = Rotation(flip=False).rotated(two, SEEDS[:2])
    for number, (one, quarter) in enumerate(zip(x, quarters.tolist(), strict=True)):
        assert torch.equal(one, torch.rot90(two[number % 2], quarter, (1, 2)))


def test_one_rotation_is_among_the_four_and_all_are_drawn():
    method = Rotation(rotations="one", flip=False)
    x, quarters = method.rotated(corner().expand(200, -1, -1, -1), SEEDS)
    for one, number in zip(x, quarters, strict=True):
        assert torch.equal(one, torch.rot90(corner()[0], int(number), (1, 2)))
    assert torch.bincount(quarters, minlength=4).min() > 30


def test_flips_come_before_the_rotation_and_depend_on_the_seed():
    x, _ = Rotation().rotated(corner().expand(200, -1, -1, -1), SEEDS)
    upright = x[:200, 0, 0]
    assert 60 < int(upright[:, 0].sum()) < 140  # flipped to the left
    again, _ = Rotation().rotated(corner().expand(3, -1, -1, -1), SEEDS[7:10])
    assert torch.equal(again[:3], x[7:10])


def test_a_head_that_says_nothing_has_the_loss_of_chance():
    method, net = Rotation(), Pictured()
    parts = method.parts(net, task_for(Rotation))
    nn.init.zeros_(parts["proxy"].weight)
    nn.init.zeros_(parts["proxy"].bias)
    batch = Seeded(torch.rand(4, 3, 8, 8), SEEDS[:4])
    assert method.loss(parts, batch, CTX).total.item() == pytest.approx(math.log(4))
    assert method.chance_level(4) == math.log(4)


def test_bytes_are_the_levels_that_they_stand_for():
    """And are normalised by the backbone's own mean and deviation."""
    net = Pictured()
    net.mean, net.std = torch.full((3, 1, 1), 0.5), torch.full((3, 1, 1), 0.25)
    pixels = Rotation().parts(net, task_for(Rotation))["pixels"]
    x = torch.full((1, 3, 8, 8), 255, dtype=torch.uint8)
    assert pixels(x).unique().tolist() == [2.0]
    assert pixels.levels(pixels(x)).unique().tolist() == [1.0]


@pytest.mark.parametrize(
    "name", ["rotation", "relative-rotation", "relative-position", "jigsaw", "colourisation"]
)
def test_what_is_no_square_picture_is_refused(name):
    method = find(name)()
    with pytest.raises(BadInput, match=rf"{name} learns from pictures .* shape \(8,\)"):
        method.parts(Pictured(), TASK)
    with pytest.raises(BadData, match=f"{name} needs square pictures, and these have 8 x 9"):
        method.parts(Pictured(), Task(outputs=3, shape=(3, 8, 9)))


def test_unknown_rotations_are_refused():
    with pytest.raises(BadInput, match="rotations is 'two'"):
        Rotation(rotations="two")
