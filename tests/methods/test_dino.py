"""What is said of views, the centre, and what a collapse of either kind costs."""

import math

import pytest
import torch
from tests.methods.contrast import CTX, embedded, steps_of
from tests.toy import TASK, Toy, make
from torch import nn

from headstart.core import Backbone, BadInput, Parts, Seeded, Task, find
from headstart.methods.mapping.pretraining.dino import usual_crops
from headstart.nn.running_mean import RunningMean

DINO = find("dino")


def test_pairs_of_different_views_by_hand():
    """The copy is sure of the first prototype; the encoder gives it 3/4, 1/2 and 1/4."""
    method, sure = DINO(out=2, temperature=1.0, teacher_temperature=0.01, local=1), torch.tensor([[5.0, 0.0]])
    said = [torch.tensor([[math.log(odds), 0.0]]) for odds in (3.0, 1.0, 1 / 3)]
    parts = Parts({"centre": RunningMean(2)})
    found = method.loss(parts, embedded(sure, sure, *said), CTX).total.item()
    pairs = [0.5, 0.25, 0.75, 0.25]  # of large view 1 with 2 and 3, of 2 with 1 and 3
    assert found == pytest.approx(-sum(map(math.log, pairs)) / 4, abs=1e-5)


def test_the_centre_is_that_of_the_steps_before_and_moves_a_tenth():
    method, parts = DINO(out=2, centre=0.9), Parts({"centre": RunningMean(2)})
    for answer in (1.0, 3.0):
        z = torch.full((2, 2), answer)
        method.loss(parts, embedded(z, z, z, z), CTX)
        parts["centre"].commit(1 - method.centre)
    assert parts["centre"].mean.tolist() == pytest.approx([0.9 * 1 + 0.1 * 3] * 2)


def test_an_encoder_that_says_the_same_of_all_prototypes_has_the_loss_of_chance():
    parts, z = Parts({"centre": RunningMean(8)}), torch.ones(3, 8)
    found = DINO(out=8).loss(parts, embedded(z, z, z, z), CTX).total.item()
    assert found == pytest.approx(DINO(out=8).chance_level(3))


def test_the_slow_copy_sees_the_large_views_alone():
    method = DINO(out=8, local=3)
    parts = method.parts(Toy(norm=False), TASK)
    batch = make(Seeded, 5, 0)
    found = method.embed(parts, batch, CTX)
    assert [tuple(z.shape) for z in found] == [(5, 8)] * 7
    for taught, said in zip(found[:2], found[2:4], strict=True):  # the copy begins as the encoder
        torch.testing.assert_close(taught, said)
    assert len({z.sum().item() for z in found[2:]}) == 5  # all views differ


def test_the_slow_copy_learns_nothing_by_itself():
    run, before = steps_of(DINO(momentum=1.0, out=16))
    now = run.parts.state_dict()
    assert torch.equal(now["slow_backbone.body.0.weight"], before["backbone.body.0.weight"])
    assert not torch.equal(now["backbone.body.0.weight"], before["backbone.body.0.weight"])


class Pooled(Backbone):
    """The mean of each channel of pictures of any size, or of one alone."""

    width = 3

    def __init__(self, side=None):
        super().__init__()
        self.side, self.scale = side, nn.Parameter(torch.ones(3))

    def forward(self, x):
        assert self.side in (None, x.shape[-1])
        self.seen = [*getattr(self, "seen", []), tuple(x.shape)]
        return x.mean((2, 3)) * self.scale


@pytest.mark.parametrize(
    ("backbone", "side", "shapes"),
    [
        (Pooled(), 84, [(4, 3, 84, 84), (6, 3, 36, 36)]),  # 36 of 84, as 96 of 224
        (Pooled(side=84), 84, [(10, 3, 84, 84)]),
        (Pooled(), 28, [(10, 3, 28, 28)]),  # of 12 pixels little is left to see
    ],
)
def test_small_crops_are_small_where_the_backbone_takes_them(backbone, side, shapes):
    method, x = DINO(out=8, local=3), torch.rand(2, 3, side, side)
    parts = method.parts(backbone, Task(10, (3, side, side), 2))
    backbone.seen = []
    found = method.embed(parts, Seeded(x, torch.arange(2)), CTX)
    assert parts["backbone"].seen == shapes
    assert [tuple(z.shape) for z in found] == [(2, 8)] * 7
    assert backbone.training


@pytest.mark.parametrize(("shape", "crops"), [((1, 8, 8), 0), ((3, 74, 90), 2), ((3, 72, 90), 0), ((6,), 2)])
def test_small_pictures_have_no_small_crops(shape, crops):
    assert usual_crops(Task(10, shape, 2)) == crops
    if shape == (1, 8, 8):
        backbone = Pooled()
        found = DINO(out=8).parts(backbone, Task(10, shape, 2))
        assert len(found["small_views"]) == 0
        assert len(DINO(out=8, local=1).parts(backbone, Task(10, shape, 2))["small_views"]) == 1


def test_refuses_one_prototype():
    with pytest.raises(BadInput, match="out is 1"):
        DINO(out=1)
