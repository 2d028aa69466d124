"""Ridge on several tasks at once: every held-out prediction is that of a fit done again without the row."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from headstart.core import BadData, BadInput
from headstart.solvers.leave_one_out import LeaveOneOut
from headstart.solvers.ridge import one_hot, ridge, ridge_path
from headstart.solvers.scales import scaled_losses
from headstart.solvers.temperature import best_scale

PENALTIES = [0.01, 1.0, 100.0]
GROUPS = torch.tensor([0, 0, 0, 1, 1, *range(2, 17)])


def problem(width, rows=20, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, width, generator=generator, dtype=torch.float64)
    return x, torch.randn(rows, 3, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("width", [6, 19, 20, 50])
def test_rows_and_groups_are_told_by_fits_without_them(width):
    x, y = problem(width)
    answers = LeaveOneOut(x, PENALTIES, GROUPS).answers(y)
    for number, penalty in enumerate(PENALTIES):
        whole = ridge(x, y, penalty)
        assert torch.allclose(answers.fitted[number], x @ whole.weight.T + whole.bias, atol=1e-10)
        for group in range(17):
            mine = group == GROUPS
            rest = ridge(x[~mine], y[~mine], penalty)
            told = x[mine] @ rest.weight.T + rest.bias
            assert torch.allclose(answers.held_out[number][mine], told, atol=1e-9)


@pytest.mark.parametrize("width", [6, 50])
def test_without_groups_it_is_leave_one_out(width):
    x, y = problem(width)
    path = ridge_path(x, y, PENALTIES)
    alone = [LeaveOneOut(x, PENALTIES).answers(y), LeaveOneOut(x, PENALTIES, torch.arange(20)).answers(y)]
    for answers in alone:
        assert torch.allclose(answers.held_out, path.held_out, atol=1e-10)
        fitted = torch.einsum("nd,pkd->pnk", x, path.weight) + path.bias[:, None]
        assert torch.allclose(answers.fitted, fitted, atol=1e-10)


def test_what_can_not_be_left_out():
    x, y = problem(4)
    with pytest.raises(BadData, match="one group"):
        LeaveOneOut(x, PENALTIES, torch.zeros(20, dtype=torch.int64))
    with pytest.raises(BadData, match="two rows"):
        LeaveOneOut(x[:1], PENALTIES)
    with pytest.raises(BadInput, match="> 0"):
        LeaveOneOut(x, [0.0])
    with pytest.raises(BadData, match="20, outputs"):
        LeaveOneOut(x, PENALTIES).answers(y[:5])


def test_losses_at_the_best_scale_are_those_found_one_by_one():
    generator = torch.Generator().manual_seed(3)
    y = torch.randint(4, (60,), generator=generator)
    noise = torch.randn(5, 60, 4, generator=generator, dtype=torch.float64)
    scores = noise * torch.tensor([1.0, 3.0, 1e-3, 1.0, 0.0])[:, None, None] + one_hot(y, 4).double()
    scores[3] -= 2 * one_hot(y, 4)  # worse than nothing: the lowest scale is best
    wanted = [float(cross_entropy(one * best_scale(one, y), y)) for one in scores]
    assert scaled_losses(scores, y).tolist() == pytest.approx(wanted, abs=1e-6)
    plain = [float(cross_entropy(one, y)) for one in scores]
    assert all(best <= loss + 1e-9 for best, loss in zip(wanted, plain, strict=True))
