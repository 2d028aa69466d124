"""Logistic regression of many tasks at once: the optimum of each by itself."""

import pytest
import torch

from headstart.core import BadInput
from headstart.solvers.logistic import logistic
from headstart.solvers.logistic_tasks import logistic_tasks


def some(tasks=4, rows=12, columns=5, classes=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(tasks, rows, columns, generator=generator, dtype=torch.float64)
    y = torch.randint(classes, (tasks, rows), generator=generator)
    y[:, :classes] = torch.arange(classes)
    return x + 2, y


@pytest.mark.parametrize("columns", [5, 40])
@pytest.mark.parametrize("penalty", [0.01, 1.0])
def test_each_task_is_solved_as_by_itself(columns, penalty):
    x, y = some(columns=columns)
    found = logistic_tasks(x, y, 3, penalty)
    assert found.converged.all()
    for task in range(4):
        alone = logistic(x[task], y[task], 3, penalty)
        mine, other = (
            (x[task] @ one.T + bias).softmax(1)
            for one, bias in ((found.weight[task], found.bias[task]), (alone.weight, alone.bias))
        )
        assert torch.allclose(mine, other, atol=1e-3)


def test_the_slope_is_zero_at_the_solution():
    x, y = some()
    found = logistic_tasks(x, y, 3, 0.5)
    weight, bias = (one.clone().requires_grad_() for one in found[:2])
    logits = x @ weight.mT + bias[:, None]
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum")
    (loss + 0.25 * weight.square().sum()).backward()
    assert weight.grad.abs().max() < 1e-2
    assert bias.grad.abs().max() < 1e-2


def test_absent_classes_have_no_probability_and_one_class_is_certain():
    x, y = some()
    found = logistic_tasks(x, y, 5, 1.0)
    assert (found.bias[:, 3:] == -10_000).all()
    assert (found.weight[:, 3:] == 0).all()
    alone = logistic_tasks(x, torch.zeros_like(y), 2, 1.0)
    assert (alone.weight == 0).all()
    assert (alone.bias[:, 0] > alone.bias[:, 1]).all()


def test_one_row_is_enough():
    found = logistic_tasks(torch.ones(2, 1, 3), torch.zeros(2, 1, dtype=torch.int64), 2, 1.0)
    assert found.weight.isfinite().all()


def test_the_penalty_is_positive():
    with pytest.raises(BadInput, match="0"):
        logistic_tasks(*some(), 3, 0.0)
