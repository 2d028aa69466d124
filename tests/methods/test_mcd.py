"""MCD: two heads differ on the target as much as the source lets them, the features make them agree."""

import pytest
import torch
from tests.methods.shifts import (
    RECIPE,
    Small,
    accuracy,
    batches,
    carried_out,
    ctx,
    moved,
    refused,
)
from torch import nn

import headstart as hs
from headstart.core import BadInput, Task, require_label_kind
from headstart.losses.label import label_loss
from headstart.methods.inputs.domains.mcd import MCD
from headstart.methods.inputs.domains.source_only import SourceOnly
from headstart.run.loop import start, train


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_it_helps_where_the_target_lies_beside_the_source(seed):
    how = {"steps": 120}
    alone = accuracy(SourceOnly(backbone_lr=1.0), moved, seed, **how)
    assert accuracy(MCD(backbone_lr=1.0, times=2), moved, seed, **how) > alone + 0.08


@pytest.mark.slow
def test_it_does_no_harm_where_nothing_has_shifted():
    """An Adam state for each of its six moves had .28 here, where training on the source alone has .95."""
    digits = hs.data.load("digits")
    x, y = (digits.array[:, None] / 255).astype("f4"), digits.labels.astype(str)
    torch.manual_seed(0)
    net = nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 10)),
    )
    recipe = hs.Recipe(steps=60, lr=3e-3, batch=64)
    domains = hs.data.Domains((x[:900], y[:900]), x[900:])
    model = hs.fit(MCD(norm="train", backbone_lr=1.0), net, domains, recipe)
    found = [answer.label == label for answer, label in zip(model.predict(x[900:]), y[900:], strict=True)]
    assert sum(found) / len(found) > 0.9


def gap(parts, x):
    z = parts["backbone"](x)
    one, other = parts["head"](z).softmax(1), parts["second head"](z).softmax(1)
    return (one - other).abs().mean()


def only(move, steps=20):
    """The gap of the heads on the target before and after one move is made alone, and what changed."""
    run = carried_out(MCD(), moved, steps=20)
    run.step, run.moves = 0, (MCD().moves()[move],)
    before = {name: value.clone() for name, value in run.parts.state_dict().items()}
    x = moved(500, 7, False).x
    first = gap(run.parts.eval(), x).item()
    for _ in zip(train(run, batches(moved)), range(steps), strict=False):
        pass
    after = run.parts.state_dict()
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    return first, gap(run.parts.eval(), x).item(), changed


def test_the_heads_alone_come_apart_and_the_features_alone_bring_them_together():
    first, last, changed = only(1)
    assert last > 1.5 * first
    assert changed == {"head", "second head"}
    first, last, changed = only(2)
    assert last < 0.7 * first
    assert changed == {"backbone"}


def test_the_losses_are_those_of_the_paper():
    method, batch = MCD(weight=0.7, times=3), next(batches(moved, target_labelled=4)(0))
    parts = method.parts(Small(), Task(2, (2,)))
    moves = method.moves()
    assert [move.name for move in moves] == ["all", "heads", "features", "features", "features"]
    labels = {
        name: sum(
            label_loss(parts[head](parts["backbone"](rows.x)), rows.y) for head in ("head", "second head")
        )
        for name, rows in (("label", batch.source), ("target_labelled", batch.target_labelled))
    }
    apart = 0.7 * gap(parts, batch.target)
    for move, wanted in (
        (moves[0], labels),
        (moves[1], {**labels, "discrepancy": -apart}),
        (moves[2], {"discrepancy": apart}),
    ):
        found = move.loss(parts, batch, ctx()).terms
        assert found.keys() == wanted.keys()
        for name, value in wanted.items():
            torch.testing.assert_close(found[name], value, msg=name)


def test_what_is_shipped_is_the_mean_of_two_different_heads():
    run = carried_out(MCD(), moved, steps=5)
    model, x = MCD().predictor(run.parts.eval()), torch.randn(9, 2)
    z = run.parts["backbone"](x)
    one, other = run.parts["head"](z), run.parts["second head"](z)
    torch.testing.assert_close(model(x), (one + other) / 2)
    assert not torch.allclose(one, other)
    parts = start(MCD(), Small(), Task(2, (2,)), RECIPE).parts
    assert not torch.equal(parts["head"].weight, parts["second head"].weight), "or they would never differ"


def test_what_can_not_be_is_refused():
    refused(MCD, "weight", -1.0, ">= 0")
    refused(MCD, "times", 0, ">= 1")
    with pytest.raises(BadInput, match="mcd learns classes, not tags"):
        require_label_kind(MCD(), "tags")
