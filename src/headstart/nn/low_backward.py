"""Frozen convolutions whose backward pass is in bf16; their outputs are not rounded."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import Backbone

LAST = torch.channels_last


class _Below(torch.autograd.Function):
    """A convolution whose backward computes only the input's gradient; it saves only a shape."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, conv: "LowBackwardConv2d") -> Tensor:
        ctx.conv, ctx.shape, ctx.plain, ctx.dtype = conv, x.shape, x.is_contiguous(), x.dtype
        found: Tensor = conv._conv_forward(x, conv.weight, conv.bias)
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        conv, low = ctx.conv, torch.bfloat16
        given = gradients[0].to(low, memory_format=LAST)
        blank = torch.empty(ctx.shape, dtype=low, device=given.device, memory_format=LAST)  # for its shape
        how = (conv.stride, conv.padding, conv.dilation, False, [0], conv.groups, (True, False, False))
        found = torch.ops.aten.convolution_backward(given, blank, conv.low(), None, *how)[0]
        layout = torch.contiguous_format if ctx.plain else LAST
        return found.to(ctx.dtype, memory_format=layout), None


class LowBackwardConv2d(nn.Conv2d):
    """A convolution with the usual outputs; where its own weights are frozen, its backward is in bf16.

    The gradient of its input then has three digits, as in mixed precision.
    """

    def low(self) -> Tensor:
        """The weight in bf16, reconverted when it has changed."""
        key = (self.weight._version, self.weight.data_ptr())
        if self.__dict__.get("_key") != key:
            self._low = self.weight.detach().to(torch.bfloat16, memory_format=LAST)
            self._key = key
        return self._low

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Convolve as usual."""
        frozen = not any(p.requires_grad for p in (self.weight, self.bias) if p is not None)
        if frozen and input.requires_grad and torch.is_grad_enabled() and input.ndim == 4:
            found: Tensor = _Below.apply(input, self)
            return found
        return super().forward(input)


def low_backward(backbone: Backbone) -> Backbone:
    """Copy a backbone with its plain two-dimensional convolutions replaced by `LowBackwardConv2d`.

    Those of other classes, or with padding other than a number of zeros, are unchanged.
    """
    twin = copy.deepcopy(backbone)
    for module in twin.modules():
        if (
            type(module) is nn.Conv2d
            and module.padding_mode == "zeros"
            and not isinstance(module.padding, str)
        ):
            module.__class__ = LowBackwardConv2d  # the same tensors, hooks and settings
    return twin
