"""The losses of paired embeddings: by hand, and equal to the whole matrix with its gradients."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy, logsigmoid, normalize

from headstart.losses.contrastive.clip import clip_loss, siglip_loss


def pairs(n=7, d=5, seed=0):
    g = torch.Generator().manual_seed(seed)
    return [normalize(torch.randn(n, d, generator=g), dim=1).requires_grad_() for _ in range(2)]


def dense_clip(a, b, scale):
    logits = scale * a @ b.T
    at = torch.arange(len(a))
    return (cross_entropy(logits, at) + cross_entropy(logits.T, at)) / 2


def dense_siglip(a, b, scale, bias):
    logits = scale * a @ b.T + bias
    signs = 2 * torch.eye(len(a)) - 1
    return -logsigmoid(signs * logits).sum() / len(a)


def gradients(loss, of):
    return torch.autograd.grad(loss, of)


def test_two_pairs_by_hand():
    """Partners are equal and strangers at right angles: of the logits s and 0 the first is meant."""
    a = torch.eye(2)
    assert clip_loss(a, a, torch.tensor(3.0)).item() == pytest.approx(math.log(1 + math.exp(-3)))
    both = siglip_loss(a, a, torch.tensor(3.0), torch.tensor(-1.0)).item()
    assert both == pytest.approx(math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-1)))


def test_both_directions_count_the_same():
    """The first two texts are the same, so that pictures are told by texts worse than texts by pictures."""
    a, b = torch.eye(2), torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    by_picture = math.log(2)  # logits of each picture: equal ones
    by_text = (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(1))) / 2
    assert clip_loss(a, b, 1.0).item() == pytest.approx((by_picture + by_text) / 2)
    assert clip_loss(b, a, 1.0).item() == pytest.approx((by_picture + by_text) / 2)


@pytest.mark.parametrize("chunk", [3, 512])
@pytest.mark.parametrize("size", [14.3, 100.0])
def test_it_is_that_of_the_whole_matrix(chunk, size):
    a, b = pairs()
    scale = torch.tensor(size, requires_grad=True)
    mine, whole = clip_loss(a, b, scale, chunk=chunk), dense_clip(a, b, scale)
    torch.testing.assert_close(mine, whole, rtol=1e-5, atol=1e-6)
    for one, other in zip(gradients(mine, (a, b, scale)), gradients(whole, (a, b, scale)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("chunk", [3, 512])
def test_the_sigmoid_is_that_of_the_whole_matrix(chunk):
    a, b = pairs(seed=1)
    scale, bias = torch.tensor(9.0, requires_grad=True), torch.tensor(-4.0, requires_grad=True)
    mine, whole = siglip_loss(a, b, scale, bias, chunk=chunk), dense_siglip(a, b, scale, bias)
    torch.testing.assert_close(mine, whole, rtol=1e-5, atol=1e-6)
    given = (a, b, scale, bias)
    for one, other in zip(gradients(2 * mine, given), gradients(2 * whole, given), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
