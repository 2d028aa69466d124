"""CDAN: as DANN, with a critic that reads features times answers."""

import math

import pytest
import torch
from tests.methods.shifts import (
    Small,
    accuracy,
    batches,
    ctx,
    moved,
    refused,
)
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from headstart.core import BadInput, Task, require_label_kind
from headstart.methods.inputs.domains.cdan import CDAN
from headstart.methods.inputs.domains.source_only import SourceOnly


@pytest.mark.parametrize(
    ("seed", "settings"), [(0, {}), pytest.param(1, {}, marks=pytest.mark.slow), (0, {"size": 24})]
)
@pytest.mark.slow
def test_it_helps_where_the_target_lies_beside_the_source(seed, settings):
    how = {"steps": 300, "lr": 1e-2}
    alone = accuracy(SourceOnly(backbone_lr=1.0), moved, seed, **how)
    with_it = accuracy(CDAN(backbone_lr=1.0, **settings), moved, seed, **how)
    assert 1 - with_it < 0.6 * (1 - alone)


def of_formula(parts, batch, entropy):
    """The critic's loss, its features and logits."""
    z = [parts["backbone"](x) for x in (batch.source.x, batch.target)]
    logits = [parts["head"](each) for each in z]
    losses = []
    for features, outputs, label in zip(z, logits, (1.0, 0.0), strict=True):
        p = outputs.softmax(1).detach()
        says = parts["critic"](torch.einsum("nd,nc->ndc", features, p).reshape(len(p), -1))
        each = binary_cross_entropy_with_logits(says, torch.full((len(p),), label), reduction="none")
        w = 1 + torch.exp((p * p.log()).sum(1)) if entropy else torch.ones(len(p))
        losses.append((w * each).sum() / w.sum())
    return (losses[0] + losses[1]) / 2, logits


@pytest.mark.parametrize("entropy", [True, False])
def test_all_gradients_are_those_of_the_formula(entropy):
    """Through the answers none goes: the head's is that of the label loss."""
    method, batch = CDAN(weight=0.5, entropy=entropy), next(batches(size=13)(0))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        parts = method.parts(Small(), Task(2, (2,)))
    with torch.no_grad():
        parts["head"].weight.mul_(100)  # surer of some rows than of others
    loss = method.moves()[0].loss(parts, batch, ctx(0.2))
    learning = list(parts.parameters())
    found = torch.autograd.grad(loss.total, learning)
    domain, logits = of_formula(parts, batch, entropy)
    torch.testing.assert_close(loss.terms["domain"], domain)
    label = cross_entropy(logits[0], batch.source.y)
    of_label = torch.autograd.grad(label, learning, allow_unused=True, retain_graph=True)
    of_domain = torch.autograd.grad(domain, learning, allow_unused=True)
    for (name, _), ours, one, other in zip(parts.named_parameters(), found, of_label, of_domain, strict=True):
        sign = 1 if name.startswith("critic") else -0.5 * math.tanh(1)
        wanted = sum(w * g for w, g in ((1, one), (sign, other)) if g is not None)
        torch.testing.assert_close(ours, wanted, rtol=1e-4, atol=1e-6, msg=name)
    assert not of_formula(parts, batch, not entropy)[0].isclose(domain)


def test_many_products_are_summed_at_random_and_the_sums_are_saved():
    method = CDAN(size=31)
    parts = method.parts(Small(), Task(2, (2,), seed=4))
    assert parts["critic"].layers[0].in_features == 31
    saved = parts.state_dict()
    assert saved["products.features"].shape == (16, 31)
    assert saved["products.answers"].shape == (2, 31)
    z, p = torch.rand(3, 16), torch.rand(3, 2).softmax(1)
    wanted = (z @ saved["products.features"]) * (p @ saved["products.answers"]) / 31**0.5
    torch.testing.assert_close(parts["products"](z, p), wanted)
    again = method.parts(Small(), Task(2, (2,), seed=4)).state_dict()
    other = method.parts(Small(), Task(2, (2,), seed=5)).state_dict()
    assert torch.equal(again["products.features"], saved["products.features"])
    assert not torch.equal(other["products.features"], saved["products.features"])


def test_as_many_as_allowed_are_read_as_they_are():
    parts = CDAN(size=32).parts(Small(), Task(2, (2,)))
    assert parts["critic"].layers[0].in_features == 32
    assert not [name for name in parts.state_dict() if name.startswith("products")]


def test_what_can_not_be_is_refused():
    refused(CDAN, "hidden", 0, ">= 1")
    refused(CDAN, "size", 0, ">= 1")
    with pytest.raises(BadInput, match="cdan learns classes, not numbers"):
        require_label_kind(CDAN(), "numbers")
