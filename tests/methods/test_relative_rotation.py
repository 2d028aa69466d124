import math

import pytest
import torch
from tests.toy import Pictured, pictures_of, stream_for, task_for

from headstart.core import BadInput, find
from headstart.nn.pair_head import PairHead, compared
from headstart.nn.views.turned import as_angle, patches
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe

RelativeRotation = find("relative-rotation")
SEEDS = torch.arange(300)
RECIPE = Recipe(steps=120, lr=1e-2, schedule="constant", batch=32)


def squares(n: int, size: int = 8):
    return torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0)).expand(n, -1, -1, -1)


def test_the_label_is_how_much_further_the_second_patch_is_rotated():
    """Of whole pictures: the second is the first, rotated anticlockwise by y quarters."""
    first, second, y = RelativeRotation(crop=1.0).pairs(squares(300), SEEDS)
    for one, other, quarters in zip(first, second, y.tolist(), strict=True):
        torch.testing.assert_close(torch.rot90(one, quarters, (1, 2)), other)
    assert torch.bincount(y, minlength=4).min() > 50


def test_the_first_patch_alone_does_not_tell_the_label():
    first, _, y = RelativeRotation(crop=1.0).pairs(squares(300), SEEDS)
    found = [
        next(k for k in range(4) if torch.allclose(one, torch.rot90(squares(1)[0], k, (1, 2))))
        for one in first
    ]
    table = torch.zeros(4, 4)
    for k, answer in zip(found, y.tolist(), strict=True):
        table[k, answer] += 1
    assert table.min() > 6  # of 300 / 16


def test_a_patch_by_hand():
    """The lower left quarter of 4 x 4 pixels, in the size of the picture, rotated by a quarter."""
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 3, 0] = 1.0
    quarter = patches(x, torch.tensor([[-0.5, 0.5]]), torch.tensor([0.5]), torch.tensor([0.0]))
    assert quarter[0, 0, 3, 0] == pytest.approx(1.0)
    assert quarter[0, 0, 3, 1] == pytest.approx(0.75)
    assert quarter[0, 0, 2, 1] == pytest.approx(0.75**2)
    turned = patches(x, torch.tensor([[-0.5, 0.5]]), torch.tensor([0.5]), torch.tensor([math.pi / 2]))
    torch.testing.assert_close(turned, torch.rot90(quarter, 1, (2, 3)))


def test_patches_stay_inside_the_picture():
    """A frame of ones around zeros shows only if a crop touches it; outside there is nothing."""
    draws = RelativeRotation(crop=0.3)
    ramp = torch.linspace(-1, 1, 32).expand(1, 1, 32, 32).expand(300, -1, -1, -1)
    first = draws.patch(ramp, SEEDS, torch.zeros(300))
    steps = first[:, 0, 16, 1:] - first[:, 0, 16, :-1]
    assert (steps[:, 1:-1] > 0).all()  # a border that is repeated would be flat
    assert first.std((1, 2, 3)).unique().numel() > 200  # sizes and places differ


def test_fine_angles_are_discs_that_turn_by_the_angle():
    method = RelativeRotation(angles=8, crop=1.0)
    smooth = torch.linspace(-1, 1, 65).expand(1, 1, 65, 65)
    first, second, y = method.pairs(smooth.expand(100, -1, -1, -1), SEEDS[:100])
    assert (first[:, 0, 0, 0] == 0).all()  # no corner
    place = torch.linspace(-1, 1, 65)

    def angle(x):  # of the ramp's slope, anticlockwise from the right
        return torch.atan2(-(x[:, 0] * place[:, None]).sum((1, 2)), (x[:, 0] * place).sum((1, 2)))

    between = (angle(second) - angle(first)) / (2 * math.pi / 8)
    off = (between - y + 4) % 8 - 4
    assert off.abs().max() < 0.02
    offset = (angle(first) / (2 * math.pi / 8)) % 1
    between_steps = ((offset > 0.25) & (offset < 0.75)).float().mean()
    assert between_steps > 0.3  # both are turned by a common angle, which interpolation can't tell


def test_comparisons_by_hand():
    a, b = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 5.0]])
    assert compared(a, b, "concat").tolist() == [[1, 2, 3, 5]]
    assert compared(a, b, "difference").tolist() == [[2, 3]]
    assert compared(a, b, "product").tolist() == [[3, 10]]
    assert compared(a, b, "all").tolist() == [[1, 2, 3, 5, 2, 3, 3, 10]]
    assert PairHead(2, 5, 4, "all")(a, b).shape == (1, 4)


def test_it_learns_the_angle_of_pictures_that_say_it():
    """Far below chance, on rows that it has not seen."""
    method = RelativeRotation()
    run = start(method, Pictured(), task_for(RelativeRotation), RECIPE)
    ticks = train(run, stream_for(RelativeRotation, n=32))
    losses = [sum(tick.terms.values()).item() for tick in ticks]
    assert losses[0] > 0.8 * math.log(4)
    assert sum(losses[-10:]) / 10 < 0.4 * method.chance_level(32)


def test_steps_are_angles():
    assert as_angle(torch.tensor([1, 3]), 4).tolist() == pytest.approx([math.pi / 2, 1.5 * math.pi])


@pytest.mark.parametrize(
    ("setting", "value"), [("angles", 1), ("crop", 0.0), ("compare", "sum"), ("hidden", 0)]
)
def test_what_makes_no_sense_is_refused(setting, value):
    with pytest.raises(BadInput, match=f"{setting} is"):
        RelativeRotation(**{setting: value})


def test_toys_have_a_direction():
    x = pictures_of(torch.zeros(1, 8))
    assert (x[..., 1:] > x[..., :-1]).all()
