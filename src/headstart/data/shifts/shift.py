"""What a shift is: a function of one picture and of what is drawn for its row."""

from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

REFERENCE = 224  # pixels of the shorter side that all lengths are given for
SMALLEST = 32  # a smaller picture is treated as if its shorter side had that many


@runtime_checkable
class Shift(Protocol):
    """A change of pictures that leaves their labels right.

    Attributes:
        in_colour: whether it can't be worked into a grey picture.
    """

    in_colour: ClassVar[bool]

    @property
    def label(self) -> str:
        """For titles and records, such as "gaussian-noise 3"."""
        ...

    @property
    def stream(self) -> str:
        """Shifts of the same stream draw the same numbers for the same seed and row."""
        ...

    def settings(self) -> dict[str, Any]:
        """JSON values."""
        ...

    def __call__(self, picture: Floats, draw: np.random.Generator, /) -> Floats:
        """A new picture (h, w, c); levels outside of [0, 1] are cut off later.

        Args:
            picture: (h, w, 1 | 3) of levels in [0, 1]; it is not changed.
            draw: the only source of chance, made for this row.
        """
        ...


def length(picture: Floats, pixels: float) -> float:
    """How long `pixels` of a picture with a shorter side of 224 are in this picture (h, w, c).

    Lengths are in proportion to the shorter side, which counts as 32 if it is less.
    """
    shorter: int = min(picture.shape[0], picture.shape[1])
    return pixels * max(SMALLEST, shorter) / REFERENCE


def levels(picture: Floats) -> Pixels:
    """Levels in [0, 1] as uint8, cut off and rounded."""
    rounded: Pixels = np.rint(picture.clip(0, 1) * 255).astype(np.uint8)
    return rounded
