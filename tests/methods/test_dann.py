"""DANN: the critic learns to tell the domains apart, the features learn the contrary."""

import math

import pytest
import torch
from tests.methods.shifts import (
    Line,
    Slope,
    Small,
    accuracy,
    batches,
    ctx,
    error,
    moved,
    refused,
)
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from headstart.core import Domains, Labelled, Parts, Task
from headstart.core.linear_head import LinearHead
from headstart.methods.inputs.domains.dann import DANN
from headstart.methods.inputs.domains.source_only import SourceOnly


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_it_helps_where_the_target_lies_beside_the_source(seed):
    how = {"steps": 150, "lr": 3e-3}
    alone = accuracy(SourceOnly(backbone_lr=1.0), moved, seed, **how)
    assert accuracy(DANN(backbone_lr=1.0), moved, seed, **how) > alone + 0.08


def test_it_helps_with_numbers():
    how = {"steps": 150, "seed": 0}
    assert error(DANN(backbone_lr=1.0), **how) < 0.6 * error(SourceOnly(backbone_lr=1.0), **how)


def gradients(weight, progress, steepness=10.0):
    """Of w and the critic's slope 2: source x = 1, target x = -1 and -1; the label loss has no slope at w."""
    method = DANN(weight=weight, steepness=steepness)
    head = LinearHead.of(torch.zeros(2, 1), torch.zeros(2))
    parts = Parts({"backbone": Line(), "head": head, "critic": Slope(2.0)})
    source = Labelled(torch.ones(1, 1), torch.zeros(1, dtype=torch.int64))
    batch = Domains(source, -torch.ones(2, 1))
    loss = method.moves()[0].loss(parts, batch, ctx(progress))
    loss.total.backward()
    return loss, parts["backbone"].layer.weight.grad.item(), parts["critic"].slope.grad.item()


def test_one_step_by_hand():
    """Logits 2 and -2: the critic loses softplus(-2), its slope goes by -sigmoid(-2), the features' by twice
    that the other way round, times the weight and the ramp tanh(5 p)."""
    off = 1 / (1 + math.exp(2))
    for weight, progress, strength in ((1.0, 0.1, math.tanh(0.5)), (0.3, 1.0, 0.3 * math.tanh(5))):
        loss, features, critic = gradients(weight, progress)
        assert loss.terms["domain"].item() == pytest.approx(math.log1p(math.exp(-2)))
        assert critic == pytest.approx(-off), "the critic lowers its loss, whatever the weight"
        assert features == pytest.approx(2 * off * strength), "the features raise it"
    assert gradients(1.0, 0.0)[1] == 0
    assert gradients(0.7, 0.0, steepness=0.0)[1] == pytest.approx(0.7 * 2 * off)


def test_all_gradients_are_those_of_the_formula():
    """The features' gradient is that of label loss - strength * the critic's, the critic's its own."""
    method, batch = DANN(weight=0.5), next(batches(size=13)(0))
    parts = method.parts(Small(), Task(2, (2,)))
    total = method.moves()[0].loss(parts, batch, ctx(0.2)).total
    learning = list(parts.parameters())
    found = torch.autograd.grad(total, learning)
    z_source, z_target = parts["backbone"](batch.source.x), parts["backbone"](batch.target)
    ones, zeros = torch.ones(13), torch.zeros(len(batch.target))
    critic = parts["critic"]
    domain = (
        binary_cross_entropy_with_logits(critic(z_source), ones)
        + binary_cross_entropy_with_logits(critic(z_target), zeros)
    ) / 2
    label = cross_entropy(parts["head"](z_source), batch.source.y)
    of_label = torch.autograd.grad(label, learning, allow_unused=True, retain_graph=True)
    of_domain = torch.autograd.grad(domain, learning, allow_unused=True)
    for (name, _), ours, one, other in zip(parts.named_parameters(), found, of_label, of_domain, strict=True):
        sign = 1 if name.startswith("critic") else -0.5 * math.tanh(1)
        wanted = sum(w * g for w, g in ((1, one), (sign, other)) if g is not None)
        torch.testing.assert_close(ours, wanted, rtol=1e-4, atol=1e-6, msg=name)


def test_one_forward_takes_both_domains():
    method, calls = DANN(), []
    parts = method.parts(Small(), Task(2, (2,)))
    parts["backbone"].register_forward_hook(lambda _m, args, _out: calls.append(len(args[0])))
    batch = next(batches(size=7, target_labelled=2)(0))
    method.moves()[0].loss(parts, batch, ctx(0.5))
    assert calls == [7 + len(batch.target) + 2]


def test_labelled_rows_of_the_target_count_as_target():
    """For the critic too: with all of the target labelled, it sees them twice."""
    method = DANN()
    parts = method.parts(Small(), Task(2, (2,)))
    batch = next(batches(size=7)(0))
    own = Labelled(batch.target, torch.zeros(len(batch.target), dtype=torch.int64))
    once = method.loss(parts, batch, ctx(0.5)).terms
    twice = method.loss(parts, Domains(batch.source, batch.target, own), ctx(0.5)).terms
    torch.testing.assert_close(once["domain"], twice["domain"])
    assert twice.keys() - once.keys() == {"target_labelled"}


def test_what_can_not_be_is_refused():
    refused(DANN, "weight", -1.0, ">= 0")
    refused(DANN, "weight", math.inf, ">= 0")
    refused(DANN, "steepness", -1.0, ">= 0")
    refused(DANN, "hidden", 0, ">= 1")
