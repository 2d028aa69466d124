"""JAN: features and answers together have one distribution, as a kernel sees it."""

import pytest
import torch
from tests.methods.shifts import (
    accuracy,
    alignment_terms,
    ctx,
    nuisance,
    refused,
)

from headstart.core import BadInput, require_label_kind
from headstart.methods.inputs.domains.jan import JAN
from headstart.methods.inputs.domains.source_only import SourceOnly

SCALES = torch.tensor([0.25, 0.5, 1.0, 2.0, 4.0])


def one_kernel(x, squared_bandwidth=None):
    apart = torch.cdist(x, x).square()
    if squared_bandwidth is None:
        squared_bandwidth = apart.sum() / (len(x) * (len(x) - 1)) / 2
    return torch.exp(-apart[..., None] / (2 * SCALES * squared_bandwidth)).mean(-1)


@pytest.mark.parametrize("bandwidth", [None, 3.0])
def test_it_is_the_discrepancy_of_the_product_of_two_kernels(bandwidth):
    g = torch.Generator().manual_seed(0)
    z, logits = torch.randn(14, 4, generator=g), 3 * torch.randn(14, 2, generator=g)
    outputs = (z[:5], z[5:], logits[:5], logits[5:], torch.zeros(5, dtype=torch.int64))
    joint = one_kernel(z, bandwidth and bandwidth**2) * one_kernel(logits.softmax(1))
    wanted = joint[:5, :5].mean() + joint[5:, 5:].mean() - 2 * joint[:5, 5:].mean()
    found = alignment_terms(JAN(weight=0.3, steepness=0.0, bandwidth=bandwidth), *outputs, ctx())["joint mmd"]
    torch.testing.assert_close(found, 0.3 * wanted, rtol=1e-4, atol=1e-6)


def test_other_answers_at_the_same_features_are_seen():
    """Which the discrepancy of the features alone would not see."""
    z = torch.tensor([[0.0], [1.0]])
    answers = torch.tensor([[9.0, -9.0], [-9.0, 9.0]])
    labels = torch.tensor([0, 1])
    method = JAN(steepness=0.0)
    same = alignment_terms(method, z, z, answers, answers, labels, ctx())["joint mmd"]
    other = alignment_terms(method, z, z, answers, answers.flip(0), labels, ctx())["joint mmd"]
    assert same.item() == pytest.approx(0, abs=1e-6)
    assert other.item() > 0.05


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_it_helps_where_what_showed_the_label_is_gone(seed):
    alone = accuracy(SourceOnly(backbone_lr=1.0), nuisance, seed, steps=100)
    assert accuracy(JAN(backbone_lr=1.0), nuisance, seed, steps=100) > alone + 0.3


def test_what_can_not_be_is_refused():
    refused(JAN, "weight", -1.0, ">= 0")
    refused(JAN, "bandwidth", -2.0, "> 0, or None")
    with pytest.raises(BadInput, match="jan learns classes, not numbers"):
        require_label_kind(JAN(), "numbers")
