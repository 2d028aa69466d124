"""Residual adapters: a matrix of the channels in series or in parallel (arXiv:1705.08045, 1803.10082).

Both are linear, so they are a change of the convolution's own weight: training and folding need no second
convolution, whatever the stride, the groups or the padding mode.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from headstart.core import BadInput

from .acting import Call
from .adapter import WeightAdapter, empty_like
from .kind import AdapterKind, Built, weights_to_adapt


class SeriesConv(WeightAdapter):
    """y + A y of a convolution's output y; identity at the start, as A = 0.

    The weight is W' = (I + A) W, the bias b' = (I + A) b. With groups, A is a matrix for the channels of
    each: one over all of them would make a convolution of one group of it.
    """

    def __init__(self, layer: Any) -> None:
        """Build an adapter of a convolution of one to three dimensions, or of a linear layer."""
        super().__init__()
        self.tensors = ("weight", "bias") if layer.bias is not None else ("weight",)
        self.groups = getattr(layer, "groups", 1)
        of_group = len(layer.weight) // self.groups
        self.matrix = empty_like(layer.weight, self.groups, of_group, of_group)

    def forward(self, name: str, tensor: Tensor) -> Tensor:
        """The weight (out, in / groups, ...) or the bias (out,) with the matrix's part."""
        grouped = tensor.reshape(self.groups, len(tensor) // self.groups, -1)
        return tensor + (self.matrix @ grouped).view_as(tensor)


class ParallelConv(WeightAdapter):
    """y + A x of a convolution of x: A is added to the tap that reads the place of the output itself.

    That is tap t = padding / dilation in each dimension, not always the centre of the kernel.
    """

    def __init__(self, layer: Any) -> None:
        """Build an adapter of a convolution of one to three dimensions, or of a linear layer.

        Raises:
            BadInput: no tap of the kernel reads the place of the output.
        """
        super().__init__()
        self.tensors = ("weight",)
        self.tap = own_tap(layer) if is_convolution(layer) else ()
        self.matrix = empty_like(layer.weight, *layer.weight.shape[:2])

    def forward(self, name: str, tensor: Tensor) -> Tensor:
        """The weight (out, in / groups, ...) with the matrix at the tap."""
        there = torch.zeros_like(tensor)
        there.movedim((0, 1), (-2, -1))[self.tap] = 1
        return tensor + there * self.matrix.view(*self.matrix.shape, *[1] * len(self.tap))


def own_tap(conv: Any) -> tuple[int, ...]:
    """The tap of a kernel, in each dimension, that reads the place of the output.

    Raises:
        BadInput: there is none: the padding is no multiple of the dilation, or wider than the kernel.
    """
    if type(conv).forward not in (nn.Conv1d.forward, nn.Conv2d.forward, nn.Conv3d.forward):
        raise BadInput(
            f"{type(conv).__name__} pads its inputs itself, so that it is not known which tap reads the "
            "place of the output. Take an adapter in series."
        )
    sides = _padding(conv)
    found = []
    for padding, dilation, size in zip(sides, conv.dilation, conv.kernel_size, strict=True):
        tap, rest = divmod(padding, dilation)
        if rest or tap >= size:
            raise BadInput(
                f"No tap of a kernel of {size} with padding {padding} and dilation {dilation} "
                "reads the place of the output, so that no parallel adapter can be folded into it. Take one "
                "in series."
            )
        found.append(tap)
    return tuple(found)


def _padding(conv: Any) -> tuple[int, ...]:
    """The padding at the beginning of each dimension."""
    if conv.padding == "valid":
        return (0,) * len(conv.kernel_size)
    if conv.padding == "same":
        gaps = zip(conv.dilation, conv.kernel_size, strict=True)
        return tuple(dilation * (size - 1) // 2 for dilation, size in gaps)
    return tuple(conv.padding)


def has_own_tap(conv: Any) -> bool:
    """Whether `own_tap` finds one."""
    try:
        own_tap(conv)
    except BadInput:
        return False
    return True


def is_convolution(module: nn.Module) -> bool:
    """Whether it is a convolution, not transposed, of one to three dimensions."""
    return isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d)


@dataclass(frozen=True, kw_only=True)
class ConvAdapters(AdapterKind):
    """Residual adapters of the convolutions of a net or, where there are none, of its linear layers.

    Attributes:
        how: "series" puts the matrix after each convolution, "parallel" beside it.
    """

    title: ClassVar[str] = "Residual adapters"
    how: Literal["series", "parallel"] = "series"

    def build(self, module: nn.Module, call: Call | None) -> Iterator[Built]:
        """One for each convolution or, where there is none, each linear layer.

        In parallel, of those in which a tap reads the place of the output.
        """
        paths = dict.fromkeys(one.layer for one in weights_to_adapt(module, self.at, call))
        layers: dict[str, Any] = {path: module.get_submodule(path) for path in paths}
        chosen = {path: layer for path, layer in layers.items() if is_convolution(layer)}
        chosen = chosen or {path: layer for path, layer in layers.items() if isinstance(layer, nn.Linear)}
        for path, layer in chosen.items():
            if self.how == "series":
                yield Built(path, SeriesConv(layer))
            elif self.at or not is_convolution(layer) or has_own_tap(layer):
                yield Built(path, ParallelConv(layer))
