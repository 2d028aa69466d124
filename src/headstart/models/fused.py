"""Fused convolution, bias and activation by oneDNN, if this build of torch has it.

The operator is private to torch, so `fast` compares it with the plain layers before it is used.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# oneDNN's names of the activations, with their scalars
_NAMES: dict[type[nn.Module], tuple[str, tuple[float, ...]]] = {
    nn.Identity: ("none", ()),
    nn.ReLU: ("relu", ()),
    nn.ReLU6: ("hardtanh", (0.0, 6.0)),
    nn.SiLU: ("swish", ()),
    nn.Hardswish: ("hardswish", ()),
}


class FusedConv(nn.Module):
    """act(conv(x)) for x (n, c, h, w), on a CPU and for inference only."""

    weight: Tensor
    bias: Tensor
    wider: Tensor | None

    def __init__(self, conv: nn.Conv2d, act: nn.Module) -> None:
        """Take weight and bias from `conv`; check `fusable` first."""
        super().__init__()
        self.register_buffer("weight", conv.weight.detach(), persistent=False)
        bias = conv.bias if conv.bias is not None else torch.zeros(conv.out_channels)
        self.register_buffer("bias", bias.detach(), persistent=False)
        self.same = is_same_padded(conv)
        wider = self.same and conv.groups > 1 and set(conv.dilation) == {1} and max(conv.stride) > 1
        self.register_buffer("wider", _wider(self.weight) if wider else None, persistent=False)
        self.kernel = [int(size) for size in conv.kernel_size]
        self.padding = [int(size) for size in conv.padding]
        self.stride = [int(size) for size in conv.stride]
        self.dilation = [int(size) for size in conv.dilation]
        self.groups = conv.groups
        self.attr, scalars = _NAMES[type(act)]
        self.scalars = list(scalars)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (n, d, h', w') in the type of the weights."""
        weight, padding = self.weight, self.padding
        if self.same:
            x, weight, padding = self._as_tensorflow_pads(x)
        one: Any = torch.ops.mkldnn._convolution_pointwise
        y: Tensor = one(
            x.to(weight.dtype),
            weight,
            self.bias,
            padding,
            self.stride,
            self.dilation,
            self.groups,
            self.attr,
            self.scalars,
            "",
        )
        return y

    def _as_tensorflow_pads(self, x: Tensor) -> tuple[Tensor, Tensor, list[int]]:
        """Input, weight and symmetric padding that equal TensorFlow's extra pixel to the right and below.

        A kernel with one more row of zeros above and to the left reads the same pixels when it
        starts one earlier, so that the input need not be copied into a larger one.
        """
        total = same_padding(x.shape, self.kernel, self.stride, self.dilation)
        odd = sum(size % 2 for size in total)
        if not odd:
            return x, self.weight, [size // 2 for size in total]
        more = [size - size // 2 for size in total]
        if odd == 2 and self.wider is not None:
            return x, self.wider, more
        (top, left), (below, right) = [size // 2 for size in total], more
        return F.pad(x, (left, right, top, below)), self.weight, [0, 0]


def is_same_padded(module: nn.Module) -> bool:
    """Whether it is timm's convolution with TensorFlow's padding, which depends on the size of the input."""
    return type(module).__name__ == "Conv2dSame"


def same_padding(
    shape: Sequence[int], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> list[int]:
    """Rows and columns in all that TensorFlow pads inputs of `shape` (n, c, h, w) with."""
    return [
        max((-(-size // step) - 1) * step + (length - 1) * gap + 1 - size, 0)
        for size, step, length, gap in zip(shape[2:], stride, kernel, dilation, strict=True)
    ]


def _wider(weight: Tensor) -> Tensor:
    return F.pad(weight, (1, 0, 1, 0)).contiguous(memory_format=torch.channels_last)


def fusable(conv: nn.Conv2d, act: nn.Module) -> bool:
    """Whether `FusedConv` can replace both on this machine."""
    known = type(act) in _NAMES and conv.padding_mode == "zeros"
    known = known and not isinstance(conv.padding, str) and conv.weight.device.type == "cpu"
    return known and torch.backends.mkldnn.is_available() and _has_operator()  # type: ignore[no-untyped-call]


def _has_operator() -> bool:
    return hasattr(torch.ops.mkldnn, "_convolution_pointwise")
