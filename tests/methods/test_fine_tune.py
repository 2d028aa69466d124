"""Fine-tuning against steps worked out by hand and against a plain loop in torch."""

from dataclasses import replace

import pytest
import torch
from tests.methods.ways import PLAIN, Same, bytes_of, equal, tuned, zero_head
from tests.run.simple import begin
from tests.toy import Toy, stream
from torch import nn
from torch.nn.functional import cross_entropy

from headstart.core import BadInput, Descend, Labelled, On
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.run.loop import train
from headstart.run.watch import drain

ONE_ROW = Labelled(torch.tensor([[1.0, 2.0]]), torch.tensor([0]))
SGD = replace(PLAIN, optimiser="sgd", lr=0.1, schedule="constant", weight_decay=0.0, batch=1)


@pytest.mark.parametrize(("smoothing", "slope"), [(0.0, 0.5), (0.2, 0.4)])
def test_two_steps_by_hand(smoothing, slope):
    """Two classes, a head of zeros: p = (0.5, 0.5), and the target is (1, 0) or, smoothed, (0.9, 0.1).

    First the head: W = 0.1 * slope * (x, -x), and nothing reaches the backbone through zeros. Then
    the logits are +-0.1 * slope * (|x|^2 + 1), and the backbone takes a tenth of the rate.
    """
    method, x = FineTune(smoothing=smoothing), ONE_ROW.x[0]

    def after(steps):
        recipe = replace(SGD, steps=steps)
        return tuned(method, Same(2), zero_head(2, 2), recipe, batches=lambda _: iter([ONE_ROW] * 2)).parts

    first, second = after(1), after(2)
    w, b = 0.1 * slope * x, 0.1 * slope
    torch.testing.assert_close(first["head"].weight.detach(), torch.stack([w, -w]))
    torch.testing.assert_close(first["head"].bias.detach(), torch.tensor([b, -b]))
    assert torch.equal(first["backbone"].scale.weight, torch.eye(2))
    z = w @ x + b
    error = torch.tensor([2 * z, 0]).softmax(0)[0] - (0.5 + slope)  # of the first logit
    to_features = 2 * error * w
    expected = torch.eye(2) - 0.1 * 0.1 * torch.outer(to_features, x)
    torch.testing.assert_close(second["backbone"].scale.weight.detach(), expected)
    torch.testing.assert_close(second["head"].weight.detach()[0], w - 0.1 * error * x)


def test_it_is_the_plain_loop_of_torch():
    """AdamW with two groups, a line for a schedule, clipped gradients: the same weights."""
    method = FineTune(backbone_lr=0.3, smoothing=0.1)
    head = nn.Linear(16, 3)
    start = zero_head(16, 3)
    head.load_state_dict(start.state_dict())
    ours = tuned(method, Toy(norm=False), start, replace(PLAIN, clip=0.5, weight_decay=0.1))
    body = Toy(norm=False)
    groups = [{"params": head.parameters()}, {"params": body.parameters()}]
    theirs = torch.optim.AdamW(groups, lr=1.0, weight_decay=0.1)
    batches = stream(Labelled)(0)
    for step in range(4):
        batch = next(batches)
        for group, factor in zip(theirs.param_groups, (1.0, 0.3), strict=True):
            group["lr"] = 0.05 * (1 - step / 4) * factor
        theirs.zero_grad()
        cross_entropy(head(body(batch.x)), batch.y, label_smoothing=0.1).backward()
        nn.utils.clip_grad_norm_([*head.parameters(), *body.parameters()], 0.5)
        theirs.step()
    for part, module in (("backbone", body), ("head", head)):
        for name, value in module.state_dict().items():
            torch.testing.assert_close(ours.parts[part].state_dict()[name], value, rtol=1e-5, atol=1e-6)


def test_all_blocks_are_the_whole_backbone():
    assert equal(tuned(FineTune(last=2), Toy()), tuned(FineTune(), Toy()))


def test_a_backbone_that_hardly_learns_leaves_the_training_of_a_head():
    still = tuned(FineTune(backbone_lr=1e-30))
    head_only = Descend(FineTune().loss, on=(On("head"),))
    head = tuned(FineTune(), recipe=replace(PLAIN, lr=1e-30)).parts["head"]  # where it begins
    alone = begin({"backbone": Toy(norm=False), "head": head}, head_only, recipe=PLAIN)
    drain(train(alone, stream(Labelled)))
    for name, value in bytes_of(still).items():
        torch.testing.assert_close(alone.parts.state_dict()[name], value, rtol=0, atol=1e-7, msg=name)
    assert torch.equal(still.parts["backbone"].body[0].weight, Toy(norm=False).body[0].weight)


def test_without_norms_there_is_nothing_to_freeze():
    assert equal(tuned(FineTune(norm="frozen")), tuned(FineTune(norm="train")))


def changed(method):
    before = Toy().state_dict()
    after = tuned(method, Toy()).parts["backbone"].state_dict()
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


LINEAR = {"body.0.weight", "body.0.bias", "body.4.weight", "body.4.bias"}
NORM = {f"body.1.{name}" for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")}


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (FineTune(), LINEAR),
        (FineTune(norm="train"), LINEAR | NORM),
        (FineTune(last=1), {"body.4.weight", "body.4.bias"}),
        (FineTune(last=1, norm="train"), {"body.4.weight", "body.4.bias"}),
        (FineTune(last=2, norm="train"), LINEAR),  # a normalisation between blocks is in none of them
    ],
    ids=lambda value: value.label if isinstance(value, FineTune) else "",
)
def test_what_its_settings_let_change(method, expected):
    assert changed(method) == expected


class Renamed(nn.BatchNorm1d):
    """A batch normalisation by another name, as other libraries have theirs."""


def test_batch_normalisations_of_other_libraries_are_frozen_too():
    body = Toy()
    body.body[1] = Renamed(16)
    before = {name: value.clone() for name, value in body.state_dict().items()}
    after = tuned(FineTune(), body).parts["backbone"].state_dict()
    assert {name for name, value in before.items() if not torch.equal(value, after[name])} == LINEAR


def test_each_setting_changes_the_result():
    runs = [tuned(m, Toy()) for m in (FineTune(), FineTune(backbone_lr=1.0), FineTune(smoothing=0.1))]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not torch.equal(runs[one].parts["head"].weight, runs[other].parts["head"].weight)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("last", 0),
        ("norm", "off"),
        ("backbone_lr", 0.0),
        ("backbone_lr", -1.0),
        ("backbone_lr", float("nan")),
        ("smoothing", 1.0),
        ("smoothing", -0.1),
    ],
)
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"fine-tune: {name} is {value!r}; it must be"):
        FineTune(**{name: value})


def test_more_blocks_than_there_are_mean_all_of_them():
    assert equal(tuned(FineTune(last=9), Toy()), tuned(FineTune(last=2), Toy()))
