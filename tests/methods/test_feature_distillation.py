"""Hints by hand; blocks by their depth; maps learn along and are not shipped; without them, distillation."""

from dataclasses import replace

import pytest
import torch
from tests.methods.ways import PLAIN, Same, of, same, tuned
from tests.toy import TASK, Toy, make, stream
from torch import nn

from headstart.core import Backbone, BadInput, Ctx, Distilled, Task, TeacherView, find
from headstart.losses.distillation.hints import hint_loss

FeatureDistillation, Distillation = find("feature-distillation"), find("distillation")
CTX = Ctx(0, 0.0, lambda rows: rows)


def test_hint_loss_by_hand():
    """(3, 4) from (0, 4) is 9 of 16; rows of zeros are divided by 1; four places are averaged to one."""
    now, goal = torch.tensor([[[3.0, 4.0]], [[0.0, 2.0]]]), torch.tensor([[[0.0, 4.0]], [[0.0, 0.0]]])
    assert hint_loss(now, goal).item() == pytest.approx((9 / 16 + 4 / 2) / 2)
    spread = now.repeat(1, 4, 1) * torch.tensor([0.0, 0.0, 2.0, 2.0])[None, :, None]
    assert hint_loss(spread, goal).item() == pytest.approx(hint_loss(now, goal).item())


def test_no_gradient_goes_to_the_teacher():
    now, goal = torch.ones(2, 1, 2, requires_grad=True), torch.zeros(2, 1, 2, requires_grad=True)
    hint_loss(now, goal).backward()
    assert goal.grad is None
    assert now.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("count", "chosen"), [(1, "d"), (2, "bd"), (3, "bcd"), (4, "abcd"), (9, "abcd"), (0, "")]
)
def test_blocks_are_chosen_at_equal_distances_and_the_last_is_one(count, chosen):
    """Of 4 blocks in thirds: 4/3, 8/3 and 4, rounded up."""
    assert TeacherView(count).chosen("abcd") == tuple(chosen)


def test_what_is_added_by_hand():
    """The map is 2 for the only block, the teacher's output 4 x: (2 x - 4 x)^2 / (4 x)^2 = 1 / 4."""
    method = FeatureDistillation(weight=3.0)
    parts = method.parts(Same(1), Task(2, (1,), teacher=((1, 1),)))
    with torch.no_grad():
        parts["blocks"].maps[0].weight.fill_(2.0)
        parts["blocks"].maps[0].bias.fill_(0.0)
    x = torch.tensor([[1.0], [-3.0]])
    batch = Distilled(x, torch.tensor([0, 1]), None, torch.zeros(2, 2), 4 * x)
    loss, plain = method.loss(parts, batch, CTX), Distillation().loss(parts, batch, CTX)
    assert loss.terms["blocks"].item() == pytest.approx(3 / 4)
    torch.testing.assert_close(loss.total, plain.total + loss.terms["blocks"])


class Maps(Backbone):
    """A convolution of maps, averaged."""

    width, blocks = 3, ("layer",)

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(1, 3, 1)

    def forward(self, x):
        return self.layer(x).mean((2, 3))


def test_maps_are_averaged_to_a_grid_in_both_directions():
    """Of a map whose value is its row, 8 x 8 on a grid of 2 x 2: means of rows 0-3 and 4-7."""
    body = Maps()
    with torch.no_grad():
        body.layer.weight.fill_(1.0)
        body.layer.bias.zero_()
    x = torch.arange(8.0)[None, None, :, None].expand(2, 1, 8, 8)
    features, (seen,) = body.with_blocks(x, TeacherView(1, 4))
    assert seen[0, :, 0].tolist() == [1.5, 1.5, 5.5, 5.5]
    torch.testing.assert_close(features, body(x))
    _, (squares,) = body.with_blocks(x, TeacherView(1, 64, squares=True))
    assert squares.shape == (2, 64, 1)
    assert squares[0, ::8, 0].tolist() == [float(row**2) for row in range(8)]


@pytest.mark.parametrize("settings", [{}, {"norm": "train", "smoothing": 0.1}])
def test_without_weight_it_is_distillation(settings):
    loose = tuned(FeatureDistillation(weight=0.0, **settings), Toy(), batches=stream(Distilled))
    plain = tuned(Distillation(**settings), Toy(), batches=stream(Distilled))
    assert same(of(loose, "backbone", "head"), of(plain, "backbone", "head"))
    hinted = tuned(FeatureDistillation(**settings), Toy(), batches=stream(Distilled))
    assert not same(of(hinted, "backbone"), of(plain, "backbone"))


def test_maps_learn_and_are_not_shipped():
    method = FeatureDistillation()
    run = tuned(method, Toy(), recipe=replace(PLAIN, steps=2), batches=stream(Distilled))
    fresh = method.parts(Toy(), TASK)
    shapes = [tuple(each.weight.shape) for each in run.parts["blocks"].maps]
    assert shapes == [(1, 16), (1, 16)]
    assert not torch.equal(run.parts["blocks"].maps[0].weight, fresh["blocks"].maps[0].weight)
    assert not any("maps" in name for name in method.predictor(run.parts).state_dict())
    assert not any(module._forward_hooks for module in run.parts.modules())


def test_what_is_missing_is_named():
    with pytest.raises(BadInput, match="feature-distillation: there is no teacher that shows its inside"):
        FeatureDistillation().parts(Toy(), replace(TASK, teacher=()))
    method = FeatureDistillation()
    batch = replace(make(Distilled, 4, 0), features=None)
    with pytest.raises(BadInput, match="nothing from inside a teacher"):
        method.loss(method.parts(Toy(), TASK), batch, CTX)


@pytest.mark.parametrize(("name", "value"), [("weight", -1.0), ("blocks", 0), ("grid", 8)])
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"feature-distillation: {name} is {value!r}; it must be"):
        FeatureDistillation(**{name: value})
