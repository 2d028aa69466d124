import math

import pytest
import torch
from tests.toy import Pictured, task_for
from torch import nn

from headstart.core import BadData, BadInput, Ctx, Seeded, Task, find
from headstart.nn.lab_colours import lab, nearest_bin, shown_bins
from headstart.nn.last_map import as_map
from headstart.nn.pixels import grey

Colourisation = find("colourisation")
FIRST, SEEDS = Ctx(0, 0.0, lambda x: x), torch.arange(4)
RED = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(4, 3, 8, 8)


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 1, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
        ((0.5, 0.5, 0.5), (53.39, 0, 0)),
    ],
)
def test_colours_of_known_coordinates(colour, expected):
    """Those of sRGB's primaries, as every table of CIE L*a*b* for D65 has them."""
    found = lab(torch.tensor(colour, dtype=torch.float32).view(1, 3, 1, 1)).flatten()
    assert found.tolist() == pytest.approx(expected, abs=0.02)


def test_bins_hold_every_colour_and_the_nearest_is_taken():
    bins = shown_bins(20.0)
    assert (bins % 20 == 0).all()
    ab = torch.tensor([80.09, 67.20]).view(1, 2, 1, 1)
    assert bins[nearest_bin(ab, bins)[0, 0, 0]].tolist() == [80, 60]
    assert [0.0, 0.0] in bins.tolist()
    assert 200 < len(shown_bins(10.0)) < 313 + 1  # the paper has 313 in gamut, at another threshold


def test_the_encoder_sees_no_colour():
    """What it is given for red and for green of the same brightness is the same."""
    method, net = Colourisation(), Pictured(norm=False)
    parts = method.parts(net, task_for(Colourisation))
    seen = []
    parts["backbone"].register_forward_hook(lambda _m, args, _o: seen.append(args[0]))
    method.loss(parts, Seeded(RED, SEEDS), FIRST)
    assert (seen[0] == seen[0][:, :1]).all()
    assert seen[0].flatten()[0].item() == pytest.approx(0.299)


def test_targets_are_those_of_the_coloured_picture():
    """A decoder that is sure of the bin of red has no loss there, and much where the picture is green."""
    method = Colourisation(bin=20.0)
    parts = method.parts(Pictured(), task_for(Colourisation))
    nn.init.zeros_(parts["proxy"].out.weight)
    bins = shown_bins(20.0)
    with torch.no_grad():
        parts["proxy"].out.bias.copy_(30.0 * ((bins[:, 0] == 80) & (bins[:, 1] == 60)))
    assert method.loss(parts, Seeded(RED, SEEDS), FIRST).total.item() < 1e-6
    assert method.loss(parts, Seeded(RED.flip(1), SEEDS), FIRST).total.item() == pytest.approx(30, abs=1e-3)
    nn.init.zeros_(parts["proxy"].out.bias)
    found = method.loss(parts, Seeded(RED, SEEDS), FIRST).total.item()
    assert found == pytest.approx(method.chance_level(4)) == pytest.approx(math.log(len(bins)))


def test_values_by_hand():
    """Zeros for red: smooth L1 of 80.09 / 50 and 67.20 / 50, each less a half."""
    method = Colourisation(target="values")
    parts = method.parts(Pictured(), task_for(Colourisation))
    nn.init.zeros_(parts["proxy"].out.weight)
    nn.init.zeros_(parts["proxy"].out.bias)
    expected = (80.09 / 50 - 0.5 + 67.20 / 50 - 0.5) / 2
    assert method.loss(parts, Seeded(RED, SEEDS), FIRST).total.item() == pytest.approx(expected, abs=1e-3)
    assert method.chance_level(4) is None


def test_nothing_to_colour():
    method = Colourisation()
    parts = method.parts(Pictured(), task_for(Colourisation))
    with pytest.raises(BadData, match="all grey: there is nothing to colour"):
        method.loss(parts, Seeded(grey(torch.rand(4, 3, 8, 8)).expand(4, 3, 8, 8), SEEDS), FIRST)
    with pytest.raises(BadData, match=r"levels in \[0, 1\], and these pictures go from -3"):
        method.loss(parts, Seeded(RED - 3, SEEDS), FIRST)
    with pytest.raises(BadData, match="these pictures have 1 channels"):
        method.parts(Pictured(), Task(outputs=2, shape=(1, 8, 8)))


class Flat(Pictured):
    """No block has places."""

    blocks = ("last",)


def test_without_places_it_is_refused():
    with pytest.raises(BadInput, match="no block of Flat has any"):
        Colourisation().parts(Flat(), task_for(Colourisation))


def test_maps_of_other_layouts():
    """Features last, and the tokens of a transformer with a class token in front."""
    x = torch.rand(2, 5, 3, 3)
    assert torch.equal(as_map(x), x)
    assert torch.equal(as_map(x.movedim(1, 3)), x)
    tokens = torch.cat([torch.zeros(2, 1, 5), x.flatten(2).mT], 1)
    assert torch.equal(as_map(tokens), x)
    assert as_map(torch.rand(2, 5, 1, 1)) is None
    assert as_map(torch.rand(2, 5)) is None
