"""A translator in the units of a backbone, prepended to it, and its serialisation."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput

from .translators import Ending, is_picture, translator

LEAST = 1e-6  # lower bound of scales, for constant columns


class Units(nn.Module):
    """Standardisation of samples: a translator takes (x - centre) / scale.

    For pictures with a known normalisation the range is [-1, 1], black to white. For other samples it is
    estimated from the first rows: columns, or channels of maps, are then standardised.
    """

    centre: Tensor
    scale: Tensor
    known: Tensor  # () bool

    def __init__(self, shape: tuple[int, ...], mean: Tensor | None = None, std: Tensor | None = None) -> None:
        """Create unknown units, or those of pictures normalised by `mean` and `std` (channels, 1, 1)."""
        super().__init__()
        size = (shape[0], 1, 1) if is_picture(shape) else shape
        fixed = mean is not None and std is not None
        self.register_buffer(
            "centre", torch.zeros(size) if mean is None or std is None else (0.5 - mean) / std
        )
        self.register_buffer("scale", torch.ones(size) if std is None else 0.5 / std)
        self.register_buffer("known", torch.tensor(fixed))

    def learn(self, x: Tensor) -> None:
        """Estimate mean and deviation from x (n, ...), unless they are known."""
        if self.known:
            return
        x = x.float()
        axes = (0, 2, 3) if x.ndim == 4 and self.centre.ndim == 3 else (0,)
        self.centre.copy_(x.mean(axes).view_as(self.centre))
        deviation = x.var(axes, correction=0).sqrt().view_as(self.scale)
        self.scale.copy_(torch.where(deviation > LEAST, deviation, torch.ones_like(deviation)))
        self.known.fill_(True)

    def into(self, x: Tensor) -> Tensor:
        """Convert samples (n, ...) to the units of a translator."""
        return (x - self.centre) / self.scale

    def out(self, z: Tensor) -> Tensor:
        """The inverse of `into`."""
        return z * self.scale + self.centre


class Translation(nn.Module):
    """A translator between normalised inputs of a backbone: (n, ...) -> the same shape.

    It is serialisable by its `settings` and tensors.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int = 16,
        blocks: int = 2,
        ending: Ending = "add",
        bounded: bool = False,
        kernel: int = 3,
    ) -> None:
        """Create one for samples of `shape`; `bounded` outputs are clipped to [-1, 1] in their own units."""
        super().__init__()
        self.shape, self.width, self.blocks = tuple(shape), width, blocks
        self.ending: Ending = ending
        self.bounded, self.kernel = bounded, kernel
        self.units = Units(self.shape)
        self.net = translator(self.shape, width, blocks, ending, kernel)

    @classmethod
    def of(cls, net: Any, units: Units, shape: tuple[int, ...], bounded: bool) -> "Translation":
        """Build from a net and units, which are not copied."""
        made = cls(shape, *_size(net), net.ending, bounded, getattr(net, "kernel", 3))
        made.net, made.units = net, units
        return made

    @property
    def settings(self) -> Mapping[str, Any]:
        """Keyword arguments for one of the same shape; JSON values only."""
        names = ("width", "blocks", "ending", "bounded", "kernel")
        return {"shape": list(self.shape), **{name: getattr(self, name) for name in names}}

    def forward(self, x: Tensor) -> Tensor:
        """Samples (n, ...) of the other domain, in the same units."""
        made = self.net(self.units.into(x))
        return self.units.out(made.clamp(-1, 1) if self.bounded else made)


def units_of(backbone: nn.Module, shape: tuple[int, ...]) -> Units:
    """Units of the backbone's pictures, or unknown ones.

    Raises:
        BadInput: the backbone takes texts, or tables with categories, which have no units.
    """
    if getattr(backbone, "tokens", None) is not None:
        raise BadInput("Texts can't be translated between domains. Align features instead, such as by dann.")
    schema: Any = getattr(backbone, "schema", None)
    if schema is not None:
        raise BadInput(
            "Tables can't be translated between domains: categories and gaps are no numbers. Give arrays "
            "of numbers, or align features instead, such as by dann."
        )
    if getattr(backbone, "preprocess", None) is None or not is_picture(shape):
        return Units(shape)
    mean, std = (getattr(backbone, name).detach().clone() for name in ("mean", "std"))
    return Units(shape, mean, std)


def _size(net: Any) -> tuple[int, int]:
    """Width and blocks of a translator."""
    if hasattr(net, "body"):
        return net.enter.out_channels, len(net.body)
    hidden = (len(net.layers) - 1) // 2
    return (net.layers[0].out_features if hidden else 1), hidden
