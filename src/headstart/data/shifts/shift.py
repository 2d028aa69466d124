"""Interface of shifts: functions of one picture and of a random generator for its row."""

from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

REFERENCE = 224  # pixels of the shorter side to which all lengths refer
SMALLEST = 32  # a smaller picture is treated as if its shorter side had that many


@runtime_checkable
class Shift(Protocol):
    """A label-preserving transformation of pictures.

    Attributes:
        in_colour: whether it needs colour pictures.
    """

    in_colour: ClassVar[bool]

    @property
    def label(self) -> str:
        """Name for titles and records, such as "gaussian-noise 3"."""
        ...

    @property
    def stream(self) -> str:
        """Name of the random stream; shifts that share it draw the same numbers for the same seed and row."""
        ...

    def settings(self) -> dict[str, Any]:
        """Settings as JSON values."""
        ...

    def __call__(self, picture: Floats, draw: np.random.Generator, /) -> Floats:
        """The transformed picture (h, w, c); levels outside of [0, 1] are clipped later.

        Args:
            picture: (h, w, 1 | 3) of levels in [0, 1]; it is not changed.
            draw: the random generator of this row.
        """
        ...


def length(picture: Floats, pixels: float) -> float:
    """Scale a length of `pixels`, for a shorter side of 224, to this picture (h, w, c).

    Lengths are in proportion to the shorter side, which counts as 32 if it is less.
    """
    shorter: int = min(picture.shape[0], picture.shape[1])
    return pixels * max(SMALLEST, shorter) / REFERENCE


def levels(picture: Floats) -> Pixels:
    """Convert levels in [0, 1] to uint8, clipped and rounded."""
    rounded: Pixels = np.rint(picture.clip(0, 1) * 255).astype(np.uint8)
    return rounded
