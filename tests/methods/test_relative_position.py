import math

import pytest
import torch
from tests.toy import Pictured

from headstart.core import BadData, BadInput, Task, find
from headstart.methods.mapping.pretraining._proxy import some_grey
from headstart.nn.pixels import Pixels

RelativePosition = find("relative-position")
SEEDS = torch.arange(400)
NINTHS = torch.arange(9.0).view(3, 3).repeat_interleave(6, 0).repeat_interleave(6, 1).expand(400, 1, 18, 18)


def test_each_answer_is_the_ninth_that_it_names():
    """Each ninth of the picture has a number of its own, and 4 is the one in the middle."""
    first, second, y = RelativePosition().pairs(NINTHS, SEEDS)
    first, second = first.round(), second.round()  # of interpolation
    assert first.unique().tolist() == [4]
    assert (second.flatten(1).max(1).values == second.flatten(1).min(1).values).all()
    sides = torch.tensor([0, 1, 2, 3, 5, 6, 7, 8])
    assert torch.equal(second[:, 0, 0, 0].long(), sides[y])
    assert torch.bincount(y, minlength=8).min() > 25


def test_patches_move_in_their_ninth_and_leave_a_gap():
    """Of columns 6 to 11 a patch of 4 starts at the 6th, 7th or 8th."""
    columns = torch.arange(18.0).expand(400, 1, 18, 18)
    first, _, _ = RelativePosition(gap=0.3).pairs(columns, SEEDS)
    starts = [int(one.min().round()) for one in first]
    assert sorted(set(starts)) == [6, 7, 8]
    assert {int(one.max().round()) - least for one, least in zip(first, starts, strict=True)} == {3}


def test_without_a_gap_nothing_moves():
    first, _, _ = RelativePosition(gap=0.0).pairs(torch.arange(18.0).expand(9, 1, 18, 18), SEEDS[:9])
    assert (first == first[:1]).all()


def test_grey_pictures_have_three_equal_channels_and_their_share_is_as_set():
    parts = {"pixels": Pixels(torch.zeros(3), torch.ones(3))}
    x = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(400, 3, 2, 2)
    found = some_grey(parts, x, SEEDS, 0.25)
    changed = found[:, 1, 0, 0] > 0
    assert found[changed].unique().tolist() == pytest.approx([0.299])
    assert 70 < int(changed.sum()) < 130
    assert torch.equal(some_grey(parts, x, SEEDS, 0.0), x)


def test_small_pictures_and_bad_settings_are_refused():
    with pytest.raises(BadData, match=r"3 x 3 tiles .* 5 x 5 pixels"):
        RelativePosition().parts(Pictured(), Task(outputs=2, shape=(3, 5, 5)))
    with pytest.raises(BadInput, match="gap is 1"):
        RelativePosition(gap=1.0)
    assert RelativePosition().chance_level(3) == math.log(8)
