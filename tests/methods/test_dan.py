"""DAN: the features of both domains have one distribution, as a kernel sees it."""

import math

import pytest
import torch
from tests.methods.shifts import (
    accuracy,
    alignment_terms,
    ctx,
    error,
    nuisance,
    refused,
)

from headstart.losses.alignment.mmd import mmd_loss
from headstart.methods.inputs.domains.dan import DAN
from headstart.methods.inputs.domains.source_only import SourceOnly

HOW = {"steps": 100}


def test_by_hand():
    """Two rows that lie 2 bandwidths apart: 2 - 2 * the mean of exp(-2 / scale)."""
    labels = torch.zeros(1, dtype=torch.int64)
    source, target = torch.tensor([[1.0]]), torch.tensor([[7.0]])
    outputs = (source, target, source, target, labels)
    mean = sum(math.exp(-2 / scale) for scale in (0.25, 0.5, 1, 2, 4)) / 5
    for weight, progress, strength in ((0.5, 1.0, 0.5 * math.tanh(5)), (2.0, 0.1, 2 * math.tanh(0.5))):
        found = alignment_terms(DAN(weight=weight, bandwidth=3.0), *outputs, ctx(progress))["mmd"]
        assert found.item() == pytest.approx(strength * (2 - 2 * mean))


def test_without_a_bandwidth_it_is_that_of_the_rows():
    g = torch.Generator().manual_seed(0)
    source, target = torch.randn(5, 3, generator=g), torch.randn(9, 3, generator=g) + 1
    outputs = (source, target, source, target, torch.zeros(5, dtype=torch.int64))
    found = alignment_terms(DAN(steepness=0.0), *outputs, ctx())["mmd"]
    torch.testing.assert_close(found, mmd_loss(source, target))
    far = (100 * source, 100 * target, source, target, outputs[4])
    torch.testing.assert_close(alignment_terms(DAN(steepness=0.0), *far, ctx())["mmd"], found)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_it_helps_where_what_showed_the_label_is_gone(seed):
    alone = accuracy(SourceOnly(backbone_lr=1.0), nuisance, seed, **HOW)
    assert accuracy(DAN(backbone_lr=1.0), nuisance, seed, **HOW) > alone + 0.3


def test_it_helps_with_numbers():
    assert error(DAN(backbone_lr=1.0), **HOW) < 0.3 * error(SourceOnly(backbone_lr=1.0), **HOW)


def test_what_can_not_be_is_refused():
    refused(DAN, "weight", -1.0, ">= 0")
    refused(DAN, "bandwidth", 0.0, "> 0, or None")
