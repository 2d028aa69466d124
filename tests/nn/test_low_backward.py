"""Answers are not rounded, gradients by three digits, and only where weights are frozen."""

import copy

import pytest
import torch
from tests.methods.flows import Normed
from torch import nn

from headstart.nn.low_backward import LowBackwardConv2d, low_backward


def pair(*args, **kwargs):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        plain = nn.Conv2d(*args, **kwargs).requires_grad_(False)
    return plain, low_backward(Normed(plain)).norm


def both(plain, low, x):
    found = []
    for conv in (plain, low):
        mine = x.clone().requires_grad_()
        y = conv(mine)
        (gradient,) = torch.autograd.grad(y.square().sum(), mine)
        found.append((y.detach(), gradient))
    return found


@pytest.mark.parametrize("how", [{"stride": 2, "padding": 1}, {"groups": 2, "bias": False}, {"dilation": 2}])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_answers_are_the_same_bytes_and_gradients_near(how, layout):
    plain, low = pair(4, 6, 3, **how)
    assert type(plain) is nn.Conv2d
    assert type(low) is LowBackwardConv2d
    x = torch.randn(2, 4, 8, 9, generator=torch.Generator().manual_seed(1)).contiguous(memory_format=layout)
    (y, exact), (same, near) = both(plain, low, x)
    assert torch.equal(y, same)
    assert (near - exact).norm() / exact.norm() < 0.01
    assert near.dtype == torch.float32
    assert near.is_contiguous(memory_format=layout)


def test_weights_that_learn_get_exact_gradients():
    plain, low = pair(3, 5, 3)
    plain.requires_grad_(True)
    low.requires_grad_(True)
    x = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(1))
    (_, exact), (_, same) = both(plain, low, x)
    assert torch.equal(exact, same)
    low(x).sum().backward()
    assert low.weight.grad is not None


def test_weights_that_have_changed_are_rounded_anew():
    plain, low = pair(3, 5, 3)
    x = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(1))
    both(plain, low, x)
    with torch.no_grad():
        plain.weight.mul_(-3)
        low.weight.mul_(-3)
    (_, exact), (_, near) = both(plain, copy.deepcopy(low), x)
    assert (near - exact).norm() / exact.norm() < 0.01


@pytest.mark.parametrize("how", [{"padding": "same"}, {"padding": 1, "padding_mode": "circular"}])
def test_other_paddings_stay_as_they_are(how):
    assert type(pair(3, 5, 3, **how)[1]) is nn.Conv2d
