"""The minimiser by itself: a bad preconditioner may cost steps, not the answer."""

import pytest
import torch

from headstart.solvers import lbfgs
from headstart.solvers.lbfgs import Softmax, Until, minimise


@pytest.fixture
def problem():
    draw = torch.Generator().manual_seed(0)
    x = torch.cat([torch.randn(80, 4, generator=draw), torch.ones(80, 1)], 1).double()
    y = torch.nn.functional.one_hot(torch.randint(3, (80,), generator=draw), 3).T.double()
    weights = torch.rand(2, 80, generator=draw).double()
    penalty = torch.tensor([2.0, 2, 2, 2, 0]).double()
    return Softmax(x, x.T.contiguous(), y, weights, penalty)


def objective(problem, parameters):
    logs = (parameters @ problem.xt).log_softmax(1)
    loss = -(problem.weights[:, None] * logs * problem.y).sum((1, 2))
    return loss + (problem.penalty * parameters.square()).sum((1, 2)) / 2


def test_gradient_equals_autograd(problem):
    parameters = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(1)).double()
    parameters.requires_grad_()
    value = objective(problem, parameters)
    [expected] = torch.autograd.grad(value.sum(), parameters)
    with torch.no_grad():
        loss, slopes = problem.fit(problem.logits(parameters))
        torch.testing.assert_close(loss + problem.size(parameters), value)
        torch.testing.assert_close(problem.gradient(slopes, parameters), expected)


@pytest.mark.parametrize("factor", [1e-4, 1.0, 1e4])
def test_the_optimum_does_not_depend_on_the_preconditioner(problem, factor):
    """With 1e-4 the first step is ten thousand times too long, and the search must shorten it."""
    start = torch.zeros(2, 3, 5).double()
    end = minimise(problem, start, torch.full_like(start, 10 * factor), Until(1e-18, 300))
    exact = minimise(problem, start, torch.full_like(start, 10), Until(1e-24, 300))
    torch.testing.assert_close(end.parameters, exact.parameters, atol=1e-5, rtol=0)
    torch.testing.assert_close(objective(problem, end.parameters), end.objective)
    assert not start.any()


@pytest.mark.parametrize("length", [1e-3, 1.0, 1e3])
def test_a_search_halves_the_slope_however_long_the_first_trial(problem, length):
    parameters = torch.zeros(2, 3, 5).double()
    logits = problem.logits(parameters)
    gradient = problem.gradient(problem.fit(logits)[1], parameters)
    change = -length * gradient / 10
    slope = (gradient * change).sum((1, 2))
    step = lbfgs._search(problem, parameters, logits, change, slope)
    there = parameters + step.length[:, None, None] * change
    now = (problem.gradient(problem.fit(problem.logits(there))[1], there) * change).sum((1, 2))
    assert (now.abs() <= slope.abs() / 2).all()
    assert (objective(problem, there) < objective(problem, parameters)).all()
    torch.testing.assert_close(step.logits, problem.logits(there))
