"""The built-in backbones to pre-train from scratch: four convolutions for small pictures, quick on a CPU."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from headstart.core import BadInput, Preprocess

NAME = "small-convnet"
GROUP_NORM = "small-convnet-groupnorm"
NAMES = (NAME, GROUP_NORM)
WIDTHS = (64, 64, 128, 128)
GROUPS = 8  # of channels that are normalised together
LEAST, USUAL, MOST = 8, 32, 64  # pixels of a side
PREPROCESS = Preprocess(
    size=(USUAL, USUAL), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), fit="squash", keep=1.0, filter="bilinear"
)


@dataclass(frozen=True)
class Inputs:
    """What a small network reads.

    Attributes:
        shape: channels, height and width.
        pictures: whether these are pictures; else arrays of floats.
    """

    shape: tuple[int, int, int] = (3, USUAL, USUAL)
    pictures: bool = True

    @classmethod
    def of(cls, example: Tensor | None, preprocess: Preprocess | None) -> "Inputs":
        """Those of an example (n, channels, h, w), or of pictures at the size of their preprocessing.

        Raises:
            BadInput: the example has other axes, or sides under 8 pixels.
        """
        if example is None or preprocess is not None:
            size = (preprocess or PREPROCESS).size
            made = cls((3, *size))
        elif example.ndim == 4:
            channels, height, width = example.shape[1:]
            made = cls((channels, height, width), False)
        else:
            raise BadInput(
                f"{NAME} takes pictures, or arrays (rows, channels, height, width), and one row has the "
                f"shape {tuple(example.shape[1:])}. Add the missing axes: x[:, None] for one channel."
            )
        if min(made.shape[1:]) < LEAST:
            raise BadInput(
                f"{NAME} takes pictures of {LEAST} pixels or more a side, not {made.shape[1]} x "
                f"{made.shape[2]}. Enlarge them, or give a network of your own."
            )
        return made

    @classmethod
    def from_settings(cls, values: Mapping[str, Any]) -> "Inputs":
        """The inverse of `settings`."""
        channels, height, width = values["shape"]
        return cls((channels, height, width), values["pictures"])

    def settings(self) -> dict[str, Any]:
        """As JSON values."""
        return {"shape": list(self.shape), "pictures": self.pictures}


class Block(nn.Module):
    """A convolution of 3 x 3 with its norm, a ReLU, and halved sides if it pools: (n, c, h, w)."""

    def __init__(self, inside: int, outside: int, norm: nn.Module, pools: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, 3, padding=1, bias=False)
        self.norm = norm
        self.act = nn.ReLU()
        self.pool = nn.MaxPool2d(2) if pools else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """All of it."""
        return self.pool(self.act(self.norm(self.conv(x))))  # type: ignore[no-any-return]


class SmallConvNet(nn.Module):
    """Four blocks to maps (n, 128, h, w) of 2 to 8 pixels a side, whose mean are the features.

    Attributes:
        inputs: that it was made for; larger pictures can be read, too.
        block: its blocks.
    """

    def __init__(self, inputs: Inputs, groups: bool = False) -> None:
        """Random weights, with batch normalisation, or normalised by groups of channels of each sample."""
        super().__init__()
        self.inputs = inputs
        often = min(3, min(inputs.shape[1:]).bit_length() - 2)  # so that 2 pixels a side are left
        before = (inputs.shape[0], *WIDTHS)
        self.block = nn.Sequential(
            *(
                Block(before[number], width, _norm(width, groups), number < often)
                for number, width in enumerate(WIDTHS)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Maps of x (n, channels, h, w), normalised."""
        return self.block(x)  # type: ignore[no-any-return]

    @property
    def learned(self) -> bool:
        """Whether it was trained: biases of its norms, which begin as 0, have moved."""
        return any(bool(one.bias.any()) for one in self.modules() if isinstance(one, NORMS))


NORMS = nn.BatchNorm2d | nn.GroupNorm


def _norm(width: int, groups: bool) -> nn.Module:
    return nn.GroupNorm(GROUPS, width) if groups else nn.BatchNorm2d(width)


def build(name: str, config: Mapping[str, Any] | None) -> SmallConvNet:
    """The network of that name with random weights; `config` as of `Inputs.settings`."""
    inputs = Inputs() if config is None else Inputs.from_settings(config)
    return SmallConvNet(inputs, name == GROUP_NORM)


def preprocess(model: SmallConvNet) -> Preprocess | None:
    """How pictures become its inputs; None if it reads arrays."""
    return replace(PREPROCESS, size=model.inputs.shape[1:]) if model.inputs.pictures else None
