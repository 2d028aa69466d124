"""Closed-form alignment: moments reached, by hand, against POT, and what cannot be whitened."""

import numpy as np
import pytest
import torch

from headstart.core import BadData, BadInput
from headstart.solvers.alignment import coral, gaussian_transport, subspace_alignment


def drawn(rows, width=4, seed=0, shift=0.0):
    g = torch.Generator().manual_seed(seed)
    mixing = torch.randn(width, width, generator=g, dtype=torch.float64)
    return torch.randn(rows, width, generator=g, dtype=torch.float64) @ mixing + shift


MAPS = [coral, gaussian_transport]


@pytest.mark.parametrize("fit", MAPS)
def test_the_source_gets_the_mean_and_covariance_of_the_target(fit):
    source, target = drawn(30), drawn(17, seed=1, shift=5.0)
    moved = fit(source, target, 0.0)(source)
    torch.testing.assert_close(moved.mean(0), target.mean(0), atol=1e-10, rtol=0)
    torch.testing.assert_close(torch.cov(moved.T), torch.cov(target.T), atol=1e-9, rtol=0)


@pytest.mark.parametrize("fit", MAPS)
def test_equal_domains_are_left_alone(fit):
    x = drawn(20)
    for shrinkage in (0.0, 0.3):
        weight, bias = fit(x, x, shrinkage)
        torch.testing.assert_close(weight, torch.eye(4).double(), atol=1e-9, rtol=0)
        torch.testing.assert_close(bias, torch.zeros(4).double(), atol=1e-9, rtol=0)


@pytest.mark.parametrize("fit", MAPS)
def test_one_feature_by_hand(fit):
    """Mean 1 and variance 2 to mean 5 and variance 8: twice the deviation, 2 x + 3."""
    source, target = torch.tensor([[0.0], [2.0]]), torch.tensor([[3.0], [7.0]])
    weight, bias = fit(source, target, 0.0)
    assert weight.dtype == torch.float32
    assert (float(weight), float(bias)) == pytest.approx((2, 3))


def test_coral_with_shrinkage_by_hand():
    """Variances 2 and 4 to 8 and 4, half shrunk to 2.5 and 3.5, 7 and 5; no covariance."""
    cross = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]).double() * 1.5**0.5
    source = cross * torch.tensor([2.0, 4.0]).double().sqrt()
    target = cross * torch.tensor([8.0, 4.0]).double().sqrt()
    weight, bias = coral(source, target, 0.5)
    expected = torch.tensor([7 / 2.5, 5 / 3.5]).double().sqrt().diag()
    torch.testing.assert_close(weight, expected)
    torch.testing.assert_close(bias, torch.zeros(2).double())
    torch.testing.assert_close(coral(source, target, 1.0).weight, torch.eye(2).double() * 2**0.5)


def test_the_transport_moves_the_source_least_and_its_matrix_is_symmetric():
    source, target = drawn(30), drawn(17, seed=1)
    by_transport, by_coral = gaussian_transport(source, target, 0.0), coral(source, target, 0.0)
    torch.testing.assert_close(by_transport.weight, by_transport.weight.T)
    assert float(torch.linalg.eigvalsh(by_transport.weight)[0]) > 0

    def moved(fitted):
        return float((fitted(source) - source).square().sum(1).mean())

    assert moved(by_transport) < 0.99 * moved(by_coral)


def test_the_transport_is_that_of_pot(monkeypatch):
    for name in ("TENSORFLOW", "JAX", "CUPY", "PYTORCH"):
        monkeypatch.setenv(f"POT_BACKEND_DISABLE_{name}", "1")
    ot = pytest.importorskip("ot")
    source, target = drawn(30), drawn(17, seed=1, shift=2.0)
    one, other = torch.cov(source.T).numpy(), torch.cov(target.T).numpy()
    means = source.mean(0).numpy(), target.mean(0).numpy()
    matrix, bias = ot.gaussian.bures_wasserstein_mapping(*means, one, other)
    found = gaussian_transport(source, target, 0.0)
    np.testing.assert_allclose(found.weight.numpy(), matrix.T, atol=1e-8)
    np.testing.assert_allclose(found.bias.numpy(), np.ravel(bias), atol=1e-8)


@pytest.mark.parametrize("fit", MAPS)
def test_fewer_rows_than_features_need_shrinkage(fit):
    source, target = drawn(5, 8), drawn(6, 8, 1)
    with pytest.raises(BadInput, match="varies along 4 of 8 axes and cannot be whitened with shrinkage 0"):
        fit(source, target, 0.0)
    assert bool(fit(source, target)(source).isfinite().all())
    with pytest.raises(BadInput, match="varies along 0 of 2 axes"):
        fit(torch.ones(3, 2), torch.ones(3, 2))


def test_shrinkage_does_not_depend_on_the_units():
    source, target = drawn(10), drawn(9, seed=1)
    for fit in MAPS:
        weight = fit(source, target).weight
        torch.testing.assert_close(fit(source * 1e3, target * 1e3).weight, weight)


def test_subspaces_by_hand():
    """The source varies most along the second axis, the target along the first; k = 1."""
    cross = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 2.0], [0.0, -2.0]]).double()
    source, target = cross + 1, cross.flip(1) + 7
    one, other = subspace_alignment(source, target, 1)
    torch.testing.assert_close(other.weight, torch.tensor([[1.0, 0.0]]).double())
    assert other(target)[:, 0].tolist() == pytest.approx([0, 0, 2, -2])
    assert one(source).abs().max() < 1e-12  # B_s' B_t is 0: the axes have nothing in common


def test_subspaces_are_the_papers_formula():
    source, target = drawn(20, 5), drawn(12, 5, seed=1, shift=3.0)
    one, other = subspace_alignment(source, target, 2)
    bases = [torch.linalg.svd(x - x.mean(0)).Vh[:2].T for x in (source, target)]
    expected = (source - source.mean(0)) @ bases[0] @ bases[0].T @ bases[1]
    found = one(source)
    for axis in range(2):  # an axis may point either way
        sign = (found[:, axis] @ expected[:, axis]).sign()
        torch.testing.assert_close(found[:, axis], sign * expected[:, axis])
    torch.testing.assert_close(other.weight @ other.weight.T, torch.eye(2).double())
    assert bool((other.weight.gather(1, other.weight.abs().argmax(1, keepdim=True)) > 0).all())
    torch.testing.assert_close(other(target).mean(0), torch.zeros(2).double(), atol=1e-12, rtol=0)


def test_equal_domains_have_equal_subspaces():
    x = drawn(20)
    one, other = subspace_alignment(x, x, 3)
    torch.testing.assert_close(one.weight, other.weight)
    torch.testing.assert_close(one.bias, other.bias)


def test_a_classifier_of_the_source_is_right_on_the_target_after_alignment():
    """Nearest centroids of a target that is stretched and shifted: by chance before, nearly all after."""
    g = torch.Generator().manual_seed(0)
    labels = torch.arange(80) % 2
    base = torch.randn(80, 2, generator=g, dtype=torch.float64) + labels[:, None] * 5
    target = torch.randn(60, 2, generator=g, dtype=torch.float64) + labels[:60, None] * 5
    target = target * torch.tensor([0.2, 3.0]).double() + torch.tensor([9.0, 20.0]).double()

    def accuracy(source):
        centroids = torch.stack([source[labels == c].mean(0) for c in (0, 1)])
        return float((torch.cdist(target, centroids).argmin(1) == labels[:60]).double().mean())

    assert accuracy(base) < 0.6
    for fit in MAPS:
        assert accuracy(fit(base, target)(base)) > 0.95


def test_what_cannot_be_used_is_refused():
    x = drawn(6)
    for fit in MAPS:
        with pytest.raises(BadInput, match=r"shrinkage is 1\.5"):
            fit(x, x, 1.5)
        with pytest.raises(BadData, match="4 features and the target 3"):
            fit(x, drawn(6, 3))
        with pytest.raises(BadData, match="2 rows or more; there are 6 and 1"):
            fit(x, x[:1])
    for size in (0, 5):
        with pytest.raises(BadInput, match=rf"size is {size}; the domains vary along 4 axes"):
            subspace_alignment(x, x, size)
