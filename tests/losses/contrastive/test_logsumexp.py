"""The blocked sums are those of the whole matrix, with its gradients."""

import pytest
import torch
from torch.nn.functional import normalize

from headstart.core import BadInput
from headstart.losses.contrastive import logsumexp
from headstart.losses.contrastive.logsumexp import both_logsumexp, row_logsumexp, self_logsumexp


def unit(n, d=5, seed=0):
    return normalize(
        torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64), dim=1
    )


def gradients(loss, *tensors):
    copies = [t.detach().clone().float().requires_grad_() for t in tensors]
    found = loss(*copies)
    return [found.detach(), *torch.autograd.grad(found, copies)]


def close(found, expected, tolerance=1e-6):
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one.double(), other.double(), rtol=10 * tolerance, atol=tolerance)


def weights(n):
    return torch.linspace(-1, 2, n)


@pytest.mark.parametrize("kept", [0, 100, 2**20])
@pytest.mark.parametrize("chunk", [1, 3, 7, 50])
class TestEveryChunk:
    scale = torch.tensor(4.0)

    def test_rows(self, chunk, kept, monkeypatch):
        monkeypatch.setattr(logsumexp, "KEPT", kept)
        q, k, without = unit(6), unit(9, seed=1), torch.tensor([2, 0, 8, 5, 5, 1])

        def blocked(q, k, scale):
            return (row_logsumexp(q, k, scale, without, chunk) * weights(6)).sum()

        def whole(q, k, scale):
            logits = (scale * q @ k.T).scatter(1, without[:, None], -torch.inf)
            return (logits.logsumexp(1) * weights(6)).sum()

        close(gradients(blocked, q, k, self.scale), gradients(whole, q, k, self.scale))

    def test_rows_and_columns(self, chunk, kept, monkeypatch):
        monkeypatch.setattr(logsumexp, "KEPT", kept)

        def blocked(a, b, scale):
            rows, columns = both_logsumexp(a, b, scale, chunk)
            return (rows * weights(6)).sum() + (columns * weights(9)).sum()

        def whole(a, b, scale):
            logits = scale * a @ b.T
            return (logits.logsumexp(1) * weights(6)).sum() + (logits.logsumexp(0) * weights(9)).sum()

        given = unit(6), unit(9, seed=1), self.scale
        close(gradients(blocked, *given), gradients(whole, *given))

    def test_each_with_all_others(self, chunk, kept, monkeypatch):
        monkeypatch.setattr(logsumexp, "KEPT", kept)

        def blocked(z, scale):
            return (self_logsumexp(z, scale, chunk) * weights(8)).sum()

        def whole(z, scale):
            logits = (scale * z @ z.T).masked_fill(torch.eye(8, dtype=torch.bool), -torch.inf)
            return (logits.logsumexp(1) * weights(8)).sum()

        close(gradients(blocked, unit(8), self.scale), gradients(whole, unit(8), self.scale))


@pytest.mark.parametrize("temperature", [0.07, 0.01, 1 / 650])
def test_no_temperature_overflows(temperature):
    """Opposite vectors and equal ones: exponentials of both signs."""
    z = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    found = self_logsumexp(z, 1 / temperature)
    logits = (z.double() @ z.double().T / temperature).fill_diagonal_(-torch.inf)
    torch.testing.assert_close(found.double(), logits.logsumexp(1), rtol=1e-6, atol=1e-6)
    assert torch.autograd.grad(found.sum(), z)[0].isfinite().all()


def test_bf16_is_compared_in_float32():
    z = unit(8).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found = self_logsumexp(z, 5.0)
    assert torch.equal(found, self_logsumexp(z.float(), 5.0))


@pytest.mark.parametrize("scale", [0.0, -1.0, 1e4, float("nan")])
def test_refuses_a_scale_out_of_range(scale):
    with pytest.raises(BadInput, match="must be above 0 and at most 650"):
        self_logsumexp(unit(3), scale)
