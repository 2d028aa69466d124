"""Logistic regression against scikit-learn and against what an optimum must be."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from headstart.core import BadData, BadInput
from headstart.solvers import logistic as module
from headstart.solvers.lbfgs import Until
from headstart.solvers.logistic import logistic, logistic_path

EXACT = Until(1e-14)


def made(rows, width, classes, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, width)) * rng.uniform(0.2, 3, width) + 4
    y = (x[:, :classes] + rng.normal(size=(rows, classes))).argmax(1)
    return torch.tensor(x), torch.tensor(y)


def objective(x, y, weight, bias, penalty, counts=1.0):
    losses = torch.nn.functional.cross_entropy(x @ weight.T + bias, y, reduction="none")
    return float((counts * losses).sum() + penalty / 2 * weight.square().sum())


def theirs(x, y, penalty, classes=3, counts=None):
    c = (2 if classes == 2 else 1) / penalty
    model = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-9, max_iter=1000)
    return model.fit(x.numpy(), y.numpy(), counts)


@pytest.mark.parametrize("shape", [(150, 6, 3), (40, 90, 4)])
@pytest.mark.parametrize("penalty", [0.1, 1.0, 100.0])
def test_one_fit_equals_scikit_learn(shape, penalty):
    x, y = made(*shape)
    ours, model = logistic(x, y, shape[2], penalty, until=EXACT), theirs(x, y, penalty)
    bias = model.intercept_ - model.intercept_.mean()
    assert ours.converged
    np.testing.assert_allclose(ours.weight, model.coef_, atol=1e-5)
    np.testing.assert_allclose(ours.bias, bias, atol=1e-5)
    best = objective(x, y, torch.tensor(model.coef_), torch.tensor(bias), penalty)
    assert objective(x, y, ours.weight, ours.bias, penalty) == pytest.approx(best, rel=1e-8)
    assert ours.objective == pytest.approx(best, rel=1e-8)


def test_two_classes_are_twice_the_penalty_of_one_vector():
    x, y = made(150, 6, 2)
    ours, model = logistic(x, y, 2, 0.5, until=EXACT), theirs(x, y, 0.5, classes=2)
    np.testing.assert_allclose(ours.weight[1] - ours.weight[0], model.coef_[0], atol=1e-5)


def test_intercept_only_by_hand():
    """Without information in x the probabilities are the shares of the classes."""
    fit = logistic(torch.zeros(10, 2).double(), torch.tensor([0] * 6 + [1] * 3 + [2]), 3, 1.0)
    assert fit.bias.softmax(0).tolist() == pytest.approx([0.6, 0.3, 0.1], abs=1e-9)
    assert fit.objective == pytest.approx(-sum(n * np.log(n / 10) for n in (6, 3, 1)))


def test_path_over_folds_equals_single_fits_on_the_rest():
    x, y = made(120, 8, 3)
    folds = torch.arange(120) % 4
    penalties = [0.3, 30.0, 3.0]  # answered in this order
    path = logistic_path(x, y, 3, penalties, folds, until=EXACT)
    assert path.weight.shape == (3, 4, 3, 8)
    assert path.converged.all()
    for i, penalty in enumerate(penalties):
        for fold in range(4):
            out = folds == fold
            single = logistic(x[~out], y[~out], 3, penalty, until=EXACT)
            torch.testing.assert_close(path.weight[i, fold], single.weight, atol=1e-5, rtol=0)
            torch.testing.assert_close(path.bias[i, fold], single.bias, atol=1e-5, rtol=0)
            logits = x[out] @ single.weight.T + single.bias
            torch.testing.assert_close(path.held_out[i, out], logits, atol=1e-5, rtol=0)
            assert float(path.objective[i, fold]) == pytest.approx(single.objective, rel=1e-8)


def test_weights_of_rows_are_repetitions():
    x, y = made(60, 5, 3)
    counts = torch.arange(60) % 3
    weighted = logistic(x, y, 3, 1.0, weights=counts.double(), until=EXACT)
    repeated = logistic(x.repeat_interleave(counts, 0), y.repeat_interleave(counts), 3, 1.0, until=EXACT)
    torch.testing.assert_close(weighted.weight, repeated.weight, atol=1e-6, rtol=0)
    np.testing.assert_allclose(weighted.weight, theirs(x, y, 1.0, counts=counts.numpy()).coef_, atol=1e-5)


def test_a_class_that_a_fold_lacks_has_no_probability_and_disturbs_nothing():
    x, y = made(90, 5, 3)
    folds = (torch.arange(90) % 3).where(y != 2, 0)  # class 2 is in fold 0 alone
    path = logistic_path(x, y, 3, [1.0, 10.0], folds, until=EXACT)
    seen = folds != 0
    two = logistic(x[seen], y[seen], 2, 1.0, until=EXACT)
    torch.testing.assert_close(path.weight[0, 0, :2], two.weight, atol=1e-5, rtol=0)
    torch.testing.assert_close(path.bias[0, 0, :2], two.bias, atol=1e-5, rtol=0)
    assert (path.weight[:, 0, 2] == 0).all()
    assert (path.held_out[:, ~seen].softmax(2)[..., 2] == 0).all()
    assert path.held_out.isfinite().all()
    assert path.converged.all()


def test_one_class_alone():
    fit = logistic(torch.randn(5, 3), torch.ones(5, dtype=torch.int64), 2, 1.0)
    assert fit.converged
    assert (fit.weight == 0).all()
    assert (torch.randn(3) @ fit.weight.T + fit.bias).softmax(0).tolist() == [0, 1]


@pytest.mark.parametrize("penalty", [1e-3, 1.0])
def test_single_precision_reaches_the_optimum_of_nearly_certain_rows(penalty):
    """p - 1 of a certain row has no digits left in float32; the solver must not need them."""
    x, y = made(300, 40, 3)
    x[:, :3] += 20 * torch.nn.functional.one_hot(y, 3)
    ours, exact = logistic(x.float(), y, 3, penalty), logistic(x, y, 3, penalty, until=EXACT)
    assert ours.weight.dtype == torch.float32
    assert ours.converged
    found = objective(x, y, ours.weight.double(), ours.bias.double(), penalty)
    assert found == pytest.approx(exact.objective, rel=2e-6)


def test_what_has_not_converged_says_so():
    x, y = made(150, 6, 3)
    stopped = logistic(x, y, 3, 0.1, until=Until(1e-14, 3))
    assert not stopped.converged
    assert stopped.iterations == 3
    path = logistic_path(x, y, 3, [1e6, 1e-3], until=Until(1e-8, 5))
    assert path.converged.tolist() == [[True], [False]]


def test_badly_scaled_features_converge():
    """The gradient of the objective is 0 at the optimum, whatever the scales of the features."""
    x, y = made(150, 6, 3)
    scaled = x * torch.tensor([1e-3, 1, 1e3, 1, 1, 10.0]) + 1e3
    ours = logistic(scaled, y, 3, 1.0, until=EXACT)
    assert ours.converged
    wrong = (scaled @ ours.weight.T + ours.bias).softmax(1) - torch.nn.functional.one_hot(y, 3)
    pull = wrong.T @ (scaled - scaled.mean(0))
    scale = (scaled - scaled.mean(0)).square().sum(0).sqrt()
    assert ((pull + ours.weight) / scale).abs().max() < 1e-5
    assert wrong.sum(0).abs().max() < 1e-5


def test_folds_solved_in_turn_give_the_same(monkeypatch):
    x, y = made(60, 5, 3)
    args = x, y, 3, [1.0, 0.1], torch.arange(60) % 3
    together = logistic_path(*args, until=EXACT)
    monkeypatch.setattr(module, "ELEMENTS", 1)
    apart = logistic_path(*args, until=EXACT)
    # weights w may lie so far from the optimum v: penalty / 2 |w - v|^2 <= tolerance * objective
    near = 2 * (2 * EXACT.tolerance * together.objective / torch.tensor([[1.0], [0.1]])).sqrt().max()
    assert near < 1e-5
    assert (together.weight - apart.weight).abs().max() < near
    assert (together.held_out - apart.held_out).abs().max() < near * (x - x.mean(0)).norm(dim=1).max()


def test_the_same_call_gives_the_same_bytes_and_leaves_its_arguments_alone():
    x, y = (part.clone() for part in made(60, 5, 3))
    before = x.clone()
    one, two = (logistic(x.requires_grad_(), y, 3, 1.0) for _ in range(2))
    assert torch.equal(one.weight, two.weight)
    assert torch.equal(x, before)
    assert not one.weight.requires_grad


def test_what_cannot_be_fitted_is_refused():
    x, y = made(10, 4, 3)
    with pytest.raises(BadData, match=r"\[0, 2\)"):
        logistic(x, y.clamp_min(2), 2, 1.0)
    with pytest.raises(BadData, match="Labels"):
        logistic(x, y.double(), 3, 1.0)
    with pytest.raises(BadInput, match="Penalties"):
        logistic(x, y, 3, 0.0)
    with pytest.raises(BadInput, match="weights"):
        logistic(x, y, 3, 1.0, weights=-torch.ones(10))
    with pytest.raises(BadInput, match="two folds"):
        logistic_path(x, y, 3, [1.0], torch.ones(10, dtype=torch.int64))
