"""Frozen is frozen: no gradient, no statistics, no dropout, whatever was called before."""

import pytest
import torch
from tests.run.simple import PLAIN, begin, same_batch, slope_one
from tests.toy import TASK, Toy, labelled
from torch import nn

from headstart.core import Backbone, Descend, On, Parts
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.run.loop import start, train
from headstart.run.modes import set_eval, set_trainable
from headstart.run.watch import drain

BATCH = labelled(8, torch.Generator().manual_seed(1))


def linear(_name, module):
    return isinstance(module, nn.Linear)


def not_norm(_name, module):
    return not isinstance(module, nn.BatchNorm1d)


class Deep(nn.Module):
    """Two stages, each with a batch normalisation and a dropout, and one dropout between."""

    blocks = ("low", "high")

    def __init__(self, affine=True):
        super().__init__()
        self.low, self.high = (
            nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8, affine=affine), nn.Dropout(0.5))
            for _ in range(2)
        )
        self.between = nn.Dropout(0.5)

    def forward(self, x):
        return self.high(self.between(self.low(x)))


def training(module):
    return {name for name, part in module.named_modules() if part.training}


def test_only_what_learns_is_in_training_mode():
    parts = Parts({"deep": Deep(), "rest": Deep()}).train()
    set_trainable(parts, list(parts["deep"].high[0].parameters()), (On("deep", linear, slice(1, None)),))
    # a dropout goes with the module that it is in; the batch normalisation has parameters of its own
    assert training(parts) - {""} == {"deep", "deep.between", "deep.high", "deep.high.0", "deep.high.2"}
    assert {n for n, p in parts.named_parameters() if p.requires_grad} == {
        "deep.high.0.weight",
        "deep.high.0.bias",
    }


def test_all_of_it_is_again_in_training_mode_when_all_learns():
    parts = Parts({"deep": Deep()}).eval()
    set_trainable(parts, [], ())
    assert not training(parts["deep"])
    assert not any(p.requires_grad for p in parts.parameters())
    set_trainable(parts, list(parts.parameters()), (On("deep"),))
    assert training(parts["deep"]) == {name for name, _ in parts["deep"].named_modules()}
    assert all(p.requires_grad for p in parts.parameters())


def test_a_part_without_parameters_rests():
    parts = Parts({"deep": Deep(), "drop": nn.Dropout(0.5)}).train()
    set_trainable(parts, list(parts["deep"].parameters()), (On("deep"),))
    assert not parts["drop"].training


def test_rest_puts_all_but_the_named_parts_to_rest():
    parts = Parts({"a": Deep(), "b": Deep()}).train()
    set_eval(parts)
    assert not training(parts["a"]) | training(parts["b"])
    set_eval(parts, ("b",))
    assert not training(parts["a"])
    assert parts["b"].high[1].training


def step(*on, deep=None):
    """What one step of `on` changes after a careless caller's `.train()`."""

    def loss(parts, batch, ctx):
        parts["deep"](batch.x)
        return slope_one(parts, batch, ctx)

    run = begin({"deep": deep or Deep()}, Descend(loss, on=on))
    run.parts.train()
    before = {name: value.clone() for name, value in run.parts["deep"].state_dict().items()}
    drain(train(run, same_batch(BATCH)))
    after = run.parts["deep"].state_dict()
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


def test_frozen_statistics_stay_whatever_train_was_called():
    statistics = {"1.running_mean", "1.running_var", "1.num_batches_tracked"}
    learned = {"0.weight", "0.bias", "1.weight", "1.bias"}
    assert step(On("deep", blocks=slice(1, None))) == {f"high.{name}" for name in learned | statistics}
    weights = On("deep", linear)
    assert step(weights) == {f"{block}.0.{name}" for block in ("low", "high") for name in ("weight", "bias")}


STATISTICS = {"1.running_mean", "1.running_var", "1.num_batches_tracked"}


def test_statistics_without_weights_move_where_they_are_selected():
    """A batch normalisation without weights has nothing that learns; `keep` is asked about its statistics."""

    def moved(*on):
        return {name for name in step(*on, deep=Deep(affine=False)) if "running" in name or "num" in name}

    both = {f"{block}.{name}" for block in ("low", "high") for name in STATISTICS}
    high = {f"high.{name}" for name in STATISTICS}
    assert moved(On("deep")) == both
    assert moved(On("deep", not_norm)) == set()
    assert moved(On("deep", linear)) == set()
    assert moved(On("deep", blocks=slice(1, None))) == high
    assert moved(On("deep", not_norm), On("deep", blocks=slice(1, None))) == high
    assert moved(On("deep", linear), On("deep", since=0.9)) == set()  # not in four steps


@pytest.mark.parametrize(("norm", "moves"), [("frozen", False), ("train", True)])
def test_frozen_norms_keep_their_statistics_without_weights_too(norm, moves):
    class Plain(Backbone):
        blocks, width = ("body",), 8

        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8, affine=False))

        def forward(self, x):
            return self.body(x)

    run = start(FineTune(norm=norm), Plain(), TASK, PLAIN)
    drain(train(run, same_batch(BATCH)))
    statistics = run.parts["backbone"].body[1]
    assert (statistics.num_batches_tracked.item() > 0) == moves
    assert statistics.running_mean.any() == moves


def test_statistics_before_the_blocks_that_learn_stay():
    """The outermost module learns, since a block in it does; what lies in no block goes with it."""

    class Flat(nn.Sequential):
        blocks = ("0", "2")

        def __init__(self):
            super().__init__(nn.Linear(8, 8), nn.BatchNorm1d(8, affine=False), nn.Linear(8, 8))

    assert step(On("deep", blocks=slice(1, None)), deep=Flat()) == {"2.weight", "2.bias"}


def test_dropout_is_off_in_what_is_frozen_and_on_in_what_learns():
    seen = {}

    def loss(parts, batch, ctx):
        low = parts["deep"].low(torch.ones(4, 8))
        seen["low"] = int((low == 0).sum())
        seen["high"] = int((parts["deep"].high(torch.ones(4, 8)) == 0).sum())
        return slope_one(parts, batch, ctx)

    run = begin({"deep": Deep()}, Descend(loss, on=(On("deep", blocks=slice(1, None)),)))
    run.parts.train()
    next(train(run, same_batch(BATCH)))
    assert seen["low"] == 0
    assert seen["high"] > 0


KINDS = {
    "batch 1d": (nn.BatchNorm1d(4), (6, 4)),
    "batch 2d": (nn.BatchNorm2d(4), (6, 4, 3, 3)),
    "batch 3d": (nn.BatchNorm3d(4), (6, 4, 2, 2, 2)),
    "synchronised": (nn.SyncBatchNorm(4), (6, 4, 3)),
    "instance 1d": (nn.InstanceNorm1d(4, affine=True, track_running_stats=True), (6, 4, 5)),
    "instance 2d without weights": (nn.InstanceNorm2d(4, track_running_stats=True), (6, 4, 3, 3)),
    "dropout": (nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)), (6, 4)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_frozen_layer_of_any_kind_is_a_function_that_stays(kind):
    layer, shape = KINDS[kind]
    deep = nn.ModuleDict({"frozen": layer, "learns": nn.Linear(4, 1)})
    deep.blocks = ("frozen", "learns")
    given = []

    def loss(parts, batch, ctx):
        x = torch.randn(shape, generator=torch.Generator().manual_seed(ctx.step)) * 3 + 1
        given.append((x, parts["deep"]["frozen"](x)))
        return slope_one(parts, batch, ctx)

    run = begin({"deep": deep}, Descend(loss, on=(On("deep", blocks=slice(1, None)),)))
    run.parts.train()
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    drain(train(run, same_batch(BATCH)))
    layer = run.parts["deep"]["frozen"].eval()
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())
    assert len(given) == 4
    assert all(torch.equal(layer(x), answer) for x, answer in given)


def test_frozen_statistics_rest_although_their_weights_learn():
    parts = Parts({"deep": Deep(), "other": Deep()}).eval()
    set_trainable(parts, list(parts.parameters()), (On("deep", statistics="frozen"), On("other")))
    resting = {name for name, m in parts.named_modules() if not m.training}
    assert resting - {""} == {"deep.low.1", "deep.high.1"}
    assert all(p.requires_grad for p in parts.parameters())


@pytest.mark.parametrize("chosen", [None, 0, 1])
def test_of_blocks_that_are_chosen_from_only_the_chosen_one_is_in_training_mode(chosen):
    """Before the choice all have gradients, to choose by, but nothing follows the data."""
    parts = Parts({"deep": Deep()}).train()
    on = On("deep", not_norm, slice(None), chosen=lambda parts: chosen)
    set_trainable(parts, on(parts), (on,))
    if chosen is None:
        assert not training(parts["deep"])
        assert {n for n, p in parts.named_parameters() if not p.requires_grad} == {
            f"deep.{block}.1.{name}" for block in ("low", "high") for name in ("weight", "bias")
        }
        return
    block = ("low", "high")[chosen]
    assert training(parts["deep"]) == {block, f"{block}.0", f"{block}.2"}
    learning = {f"deep.{block}.0.weight", f"deep.{block}.0.bias"}
    assert {n for n, p in parts.named_parameters() if p.requires_grad} == learning


def test_the_toy_has_what_these_tests_need():
    kinds = {type(module) for module in Toy().modules()}
    assert {nn.BatchNorm1d, nn.Dropout} <= kinds
