"""Interpolation between the weights of two models of one architecture."""

import copy
from typing import TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


def interpolate(one: nn.Module, other: M, share: float) -> M:
    """A new model: (1 - share) * one + share * other, for every floating-point tensor.

    Share 0 gives the tensors of one, 1 those of the other, and equal tensors stay equal, all to the
    last bit. What does not float, such as a counter, is the other's.
    """
    result, start = copy.deepcopy(other), one.state_dict()
    with torch.no_grad():
        for name, value in result.state_dict().items():
            if value.is_floating_point():
                value.copy_(torch.lerp(start[name], value, share))
    return result
