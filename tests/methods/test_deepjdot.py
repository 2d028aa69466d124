"""DeepJDOT: rows are paired by the cheapest plan, and the pairs come together in features and answers."""

import numpy as np
import pytest
import torch
from scipy.optimize import linprog
from tests.methods.shifts import (
    accuracy,
    alignment_terms,
    ctx,
    error,
    nuisance,
    refused,
)

from headstart.losses.label import label_loss
from headstart.methods.inputs.domains.deepjdot import DeepJDOT, losses_of_pairs
from headstart.methods.inputs.domains.source_only import SourceOnly

HOW = {"steps": 80}


def test_by_hand():
    """Source 0 and 4, target 5 and 1: the pairs are crossed, each lies 1 apart; answers lose 0.25 and 1."""
    source, target = torch.tensor([[0.0], [4.0]]), torch.tensor([[5.0], [1.0]], requires_grad=True)
    labels, says = torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [1.5]], requires_grad=True)
    outputs = (source, target, torch.zeros(2, 1), says, labels)
    method = DeepJDOT(weight=2.0, steepness=0.0, distance=0.1, epsilon=0.02)
    found = alignment_terms(method, *outputs, ctx())["transport"]
    assert found.item() == pytest.approx(2 * (0.1 * 1 + (0.25 + 1) / 2), abs=1e-3)
    found.backward()  # 2 * plan * distance * 2 * (target - source); 2 * plan * 2 * (says - label)
    torch.testing.assert_close(target.grad, torch.tensor([[0.2], [0.2]]), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(says.grad, torch.tensor([[2.0], [1.0]]), rtol=1e-3, atol=1e-3)


def test_the_plan_of_unequal_batches_is_nearly_the_cheapest():
    """Against linear programming; source rows are the rows of the plan."""
    g = torch.Generator().manual_seed(0)
    cost = torch.rand(5, 8, generator=g) * 10
    rows, columns = np.zeros((5, 40)), np.zeros((8, 40))
    for i in range(5):
        rows[i, i * 8 : (i + 1) * 8] = 1
    for j in range(8):
        columns[j, j::8] = 1
    best = linprog(
        cost.flatten().numpy(), A_eq=np.vstack([rows, columns]), b_eq=[1 / 5] * 5 + [1 / 8] * 8
    ).fun
    plan = DeepJDOT(epsilon=0.01).plan(cost)
    torch.testing.assert_close(plan.sum(1), torch.full((5,), 1 / 5), rtol=0, atol=1e-3)
    torch.testing.assert_close(plan.sum(0), torch.full((8,), 1 / 8), rtol=0, atol=1e-3)
    assert best <= (plan * cost).sum().item() + 1e-2 < 1.03 * best + 2e-2


def test_source_rows_send_as_much_as_they_weigh():
    weights = torch.tensor([0.0, 1.0, 3.0])
    plan = DeepJDOT().plan(torch.rand(3, 7, generator=torch.Generator().manual_seed(0)), weights)
    torch.testing.assert_close(plan.sum(1), weights / 4, rtol=0, atol=1e-3)
    assert not DeepJDOT().plan(torch.ones(3, 7), torch.zeros(3)).any()


def test_costs_of_all_alike_and_of_one_far_row_have_a_plan_too():
    torch.testing.assert_close(DeepJDOT().plan(torch.zeros(2, 3)), torch.full((2, 3), 1 / 6))
    cost = torch.rand(4, 6, generator=torch.Generator().manual_seed(0))
    cost[2] += 1e6
    assert DeepJDOT().plan(cost).sum().item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("kind", ["classes", "tags", "numbers"])
def test_each_pair_loses_what_the_label_loss_says(kind):
    g = torch.Generator().manual_seed(0)
    says, scores = torch.randn(4, 3, generator=g), torch.randn(5, 3, generator=g)
    labels = {"classes": scores.argmax(1), "tags": scores > 0, "numbers": scores}[kind]
    found = losses_of_pairs(labels, says)
    assert found.shape == (5, 4)
    for i in range(5):
        for j in range(4):
            torch.testing.assert_close(found[i, j], label_loss(says[j : j + 1], labels[i : i + 1]))


@pytest.mark.slow
def test_it_helps_where_what_showed_the_label_is_gone():
    alone = accuracy(SourceOnly(backbone_lr=1.0), nuisance, 1, **HOW)
    assert accuracy(DeepJDOT(backbone_lr=1.0), nuisance, 1, **HOW) > alone + 0.3


def test_it_helps_with_numbers():
    assert error(DeepJDOT(backbone_lr=1.0), **HOW) < 0.3 * error(SourceOnly(backbone_lr=1.0), **HOW)


def test_what_can_not_be_is_refused():
    refused(DeepJDOT, "distance", -1.0, ">= 0")
    refused(DeepJDOT, "epsilon", 0.0, "> 0")
