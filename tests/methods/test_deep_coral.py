"""Deep CORAL: the covariances of the features of both domains come together."""

import pytest
import torch
from tests.methods.shifts import (
    accuracy,
    alignment_terms,
    carried_out,
    ctx,
    error,
    nuisance,
    refused,
)

from headstart.methods.inputs.domains.deep_coral import DeepCORAL
from headstart.methods.inputs.domains.source_only import SourceOnly

HOW = {"steps": 100}


def test_by_hand():
    """Variances 2 and 8 of one feature: (8 - 2)^2 / 4 = 9."""
    labels = torch.zeros(2, dtype=torch.int64)
    source, target = torch.tensor([[0.0], [2.0]]), torch.tensor([[10.0], [14.0]])
    outputs = (source, target, source, target, labels)
    assert alignment_terms(DeepCORAL(weight=0.5, steepness=0.0), *outputs, ctx())["coral"].item() == 4.5
    assert alignment_terms(DeepCORAL(), *outputs, ctx(0.0))["coral"].item() == 0


def test_both_domains_have_a_gradient():
    """C_s = 2, C_t = 8: by x of the source (C_s - C_t) / 2 * 2 (x - mean), of the target minus that."""
    source = torch.tensor([[0.0], [2.0]], requires_grad=True)
    target = torch.tensor([[10.0], [14.0]], requires_grad=True)
    outputs = (source, target, source, target, torch.zeros(2, dtype=torch.int64))
    alignment_terms(DeepCORAL(steepness=0.0), *outputs, ctx())["coral"].backward()
    assert source.grad.flatten().tolist() == [6.0, -6.0]
    assert target.grad.flatten().tolist() == [-12.0, 12.0]


def test_it_helps_where_what_showed_the_label_is_gone():
    method = DeepCORAL(backbone_lr=1.0, weight=10.0)
    alone = [accuracy(SourceOnly(backbone_lr=1.0), nuisance, seed, **HOW) for seed in (0, 1)]
    found = [accuracy(method, nuisance, seed, **HOW) for seed in (0, 1)]
    assert sum(found) > sum(alone) + 0.2
    assert error(method, 0, **HOW) < 0.6 * error(SourceOnly(backbone_lr=1.0), 0, **HOW)


def test_it_lowers_the_distance_of_the_covariances():
    def apart(method):
        body = carried_out(method, nuisance, **HOW).parts["backbone"].eval()
        with torch.no_grad():
            one, other = (torch.cov(body(nuisance(500, 3, source).x).T) for source in (True, False))
        return float((one - other).square().sum() / one.square().sum())

    assert apart(DeepCORAL(backbone_lr=1.0, weight=10.0)) < 0.5 * apart(SourceOnly(backbone_lr=1.0))


def test_what_can_not_be_is_refused():
    refused(DeepCORAL, "weight", -1.0, ">= 0")
    outputs = (*(torch.zeros(1, 3),) * 4, torch.zeros(1, dtype=torch.int64))
    with pytest.raises(ValueError, match="2 rows or more"):
        alignment_terms(DeepCORAL(), *outputs, ctx())
