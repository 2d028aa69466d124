"""Entropy falls by the scales and shifts of norms of every kind, and by nothing else."""

import math

import pytest
import torch
from tests.methods.flows import (
    Clouds,
    Normed,
    answers,
    begin,
    cloud_head,
    clouds,
    equal_paths,
    head_of,
    paths,
    state,
    two_way,
)
from tests.methods.ways import Same
from torch import nn

from headstart.core import BadInput
from headstart.methods.inputs.streams.norm import Norm
from headstart.methods.inputs.streams.tent import Tent


def test_one_step_by_hand():
    """(1, 3) is normed to (-1, 1), so the logits are -1 and 1: with p = sigmoid(-2) and d = -2 of
    difference, H = ln(1 + e^d) - p d, dH/dd = -d p (1 - p), and d = 2 gamma f0 + 2 beta, f0 = -1."""
    run = begin(Tent(), Normed(nn.LayerNorm(2, eps=0.0)), two_way(), lr=0.5)
    (found,) = answers(run, [[[1.0, 3.0]]])
    torch.testing.assert_close(found, torch.tensor([[-1.0, 1.0]]))  # of before the step
    p = 1 / (1 + math.exp(2))
    slope = 2 * p * (1 - p)
    norm = run.parts["backbone"].norm
    torch.testing.assert_close(norm.weight.detach(), torch.tensor([1 + 0.5 * slope * 2, 1.0]))
    torch.testing.assert_close(norm.bias.detach(), torch.tensor([-0.5 * slope * 2, 0.0]))


KINDS = {
    "BatchNorm1d": (nn.BatchNorm1d(4), (4,)),
    "BatchNorm2d": (nn.BatchNorm2d(4), (4, 3, 3)),
    "BatchNorm3d": (nn.BatchNorm3d(4), (4, 2, 2, 2)),
    "LayerNorm": (nn.LayerNorm([4]), (4,)),
    "GroupNorm": (nn.GroupNorm(2, 4), (4, 3, 3)),
    "InstanceNorm2d": (nn.InstanceNorm2d(4, affine=True), (4, 3, 3)),
    "RMSNorm": (nn.RMSNorm(4), (4,)),
}


class Deep(Normed):
    """Samples of any shape; a layer and dropout around the norm."""

    def __init__(self, norm):
        super().__init__(norm, 4)
        self.out = nn.Linear(4, 4, bias=False)
        nn.init.eye_(self.out.weight)
        self.drop = nn.Dropout(0.9)

    def forward(self, x):
        x = self.norm(x)
        return self.drop(self.out(x.flatten(2).amax(2) if x.ndim > 2 else x))


def head():
    return head_of([1.0, 0.0, 0.5, 0.0], [-1.0, 0.3, 0.0, 0.0], [0.0, -1.0, 0.0, 1.0])


@pytest.mark.parametrize("kind", KINDS)
def test_norms_of_every_kind_learn_and_entropy_falls(kind):
    norm, shape = KINDS[kind]
    run = begin(Tent(), Deep(norm), head(), lr=0.05, shape=shape)
    before = state(run)
    x = torch.randn(6, *shape, generator=torch.Generator().manual_seed(1))
    found = [o.softmax(1) for o in answers(run, [x] * 30)]
    unsure = [-(p * p.log()).sum(1).mean() for p in found]
    assert unsure[-1] < 0.95 * unsure[0]
    after = state(run)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {f"backbone.norm.{name}" for name, _ in norm.named_parameters()}


@pytest.mark.parametrize("name", ["LayerNorm2d", "GroupNormAct", "BatchNormAct2d", "RmsNorm"])
def test_norms_of_timm_learn(name):
    kind = getattr(pytest.importorskip("timm.layers"), name)
    norm = kind(4, 2) if name == "GroupNormAct" else kind(4)
    shape = (4,) if name == "RmsNorm" else (4, 3, 3)
    run = begin(Tent(), Deep(norm), head(), lr=0.05, shape=shape)
    x = torch.randn(6, *shape, generator=torch.Generator().manual_seed(1))
    answers(run, [x])
    assert not torch.equal(run.parts["backbone"].norm.weight, torch.ones(4))


def test_without_a_step_it_is_norm():
    (tent, norm), _ = paths(Tent(), Norm(), clouds(4), lr=1e-20)
    assert all(torch.equal(a, b) for a, b in zip(tent, norm, strict=True))
    assert not equal_paths(Tent(), Norm(), clouds(4), lr=0.1)


def test_dropout_is_off_so_the_seed_changes_nothing():
    runs = [begin(Tent(), Clouds(), cloud_head(), 0.1, (4,), seed=seed) for seed in (1, 2)]
    one, other = (answers(run, clouds(3)) for run in runs)
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_rate_stays_and_is_the_setting():
    assert Tent(lr=0.02).recipe_overrides()["lr"] == 0.02
    assert Tent().recipe_overrides() == {
        "lr": 1e-3,
        "optimiser": "adamw",
        "schedule": "constant",
        "warmup": 0.0,
        "weight_decay": 0.0,
        "clip": None,
    }


@pytest.mark.parametrize("statistics", ["mixed", "running"])
def test_a_stream_of_single_rows_learns(statistics):
    run = begin(Tent(statistics=statistics), Clouds(), cloud_head(), 0.1, (4,))
    before = state(run)
    assert all(bool(found.isfinite().all()) for found in answers(run, clouds(4, rows=1)))
    assert not torch.equal(before["backbone.body.1.weight"], state(run)["backbone.body.1.weight"])


def test_without_a_norm_it_says_what_works():
    with pytest.raises(BadInput, match=r"tent: the backbone has no normalisation .* lame works without"):
        begin(Tent(), Same(2), two_way())


def test_norms_without_scale_and_shift_are_refused():
    with pytest.raises(BadInput, match=r"tent: no normalisation .* has a scale or a shift.* Take norm"):
        begin(Tent(), Normed(nn.BatchNorm1d(2, affine=False)), two_way())


def test_bad_settings_are_refused():
    with pytest.raises(BadInput, match="tent: lr is 0; it must be a number > 0"):
        Tent(lr=0)
    with pytest.raises(BadInput, match="tent: gradient is 'slow'"):
        Tent(gradient="slow")


@pytest.mark.parametrize("amx", [True, False])
def test_fast_gradients_leave_the_answers_as_they_are(monkeypatch, amx):
    monkeypatch.setattr("headstart.methods.inputs.streams._norm_entropy.has_amx", lambda: amx)

    def found(gradient):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            body = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3))
        run = begin(Tent(gradient=gradient), Deep(nn.Sequential(*body, nn.BatchNorm2d(4))), head(), 0.1)
        x = torch.randn(8, 1, 8, 8, generator=torch.Generator().manual_seed(1))
        return answers(run, [x, x])

    (one, two), (same, near) = found("exact"), found("fast")
    assert torch.equal(one, same)
    torch.testing.assert_close(two, near, rtol=0.02, atol=0.02)
    assert torch.equal(two, near) != amx
