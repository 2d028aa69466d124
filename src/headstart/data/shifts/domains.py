"""Domain shifts: inverted, blurred, rotated, coloured or low-resolution pictures."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, final

import numpy as np
from PIL import Image

from headstart.core import BadInput

from .colour import coloured, turned
from .kernels import convolved, gaussian
from .sampling import floats, grid, image, sampled
from .shift import Floats, Shift, length, levels


class _Domain:
    """Base class with a name and a label of the settings."""

    name: ClassVar[str]
    in_colour: ClassVar[bool] = False

    @property
    def label(self) -> str:
        """Name and settings."""
        return " ".join([self.name, *(f"{value:g}" for value in self.settings().values())])

    @property
    def stream(self) -> str:
        """The name."""
        return self.name

    def settings(self) -> dict[str, Any]:
        """Settings as JSON values."""
        return {}


@final
@dataclass(frozen=True)
class Invert(_Domain):
    """Invert the grey levels or colours."""

    name: ClassVar[str] = "invert"

    def __call__(self, picture: Floats, _draw: np.random.Generator) -> Floats:
        return 1 - picture


@final
@dataclass(frozen=True)
class Blur(_Domain):
    """A Gaussian blur.

    Attributes:
        sigma: > 0, in pixels of a picture with a shorter side of 224.
    """

    sigma: float = 4.0
    name: ClassVar[str] = "blur"

    def __post_init__(self) -> None:
        if not 0 < self.sigma < np.inf:
            raise BadInput(f"sigma={self.sigma}: it must be a positive number of pixels.")

    def settings(self) -> dict[str, Any]:
        return asdict(self)

    def __call__(self, picture: Floats, _draw: np.random.Generator) -> Floats:
        return convolved(picture, gaussian(length(picture, self.sigma)))


@final
@dataclass(frozen=True)
class Rotate(_Domain):
    """Rotate about the centre, counter-clockwise if > 0; corners are filled by reflection.

    Attributes:
        degrees: any finite number.
    """

    degrees: float = 30.0
    name: ClassVar[str] = "rotate"

    def __post_init__(self) -> None:
        _finite("degrees", self.degrees)

    def settings(self) -> dict[str, Any]:
        return asdict(self)

    def __call__(self, picture: Floats, _draw: np.random.Generator) -> Floats:
        y, x = grid(picture)
        down, right = y - y.mean(), x - x.mean()
        sine, cosine = np.sin(np.deg2rad(self.degrees)), np.cos(np.deg2rad(self.degrees))
        return sampled(
            picture, y.mean() + sine * right + cosine * down, x.mean() + cosine * right - sine * down
        )


@final
@dataclass(frozen=True)
class Hue(_Domain):
    """Rotate all hues; grey stays grey.

    Attributes:
        degrees: any finite number; 120 makes red green, green blue and blue red.
    """

    degrees: float = 120.0
    name: ClassVar[str] = "hue"
    in_colour: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _finite("degrees", self.degrees)

    def settings(self) -> dict[str, Any]:
        return asdict(self)

    def __call__(self, picture: Floats, _draw: np.random.Generator) -> Floats:
        return turned(picture, self.degrees)


@final
@dataclass(frozen=True)
class Tint(_Domain):
    """Colour cast with a random hue for each row, independent of its label.

    Attributes:
        strength: in (0, 1]; the share removed from the darkest channel.
    """

    strength: float = 0.8
    name: ClassVar[str] = "tint"
    in_colour: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.strength <= 1:
            raise BadInput(f"strength={self.strength}: it must lie in (0, 1].")

    def settings(self) -> dict[str, Any]:
        return asdict(self)

    def __call__(self, picture: Floats, draw: np.random.Generator) -> Floats:
        hue = np.array(draw.uniform(0, 360))
        return picture * coloured(hue, np.array(self.strength), np.array(1.0))


@final
@dataclass(frozen=True)
class Resolution(_Domain):
    """Reduce the resolution: downscale, then upscale again.

    Attributes:
        share: in (0, 1]; of the pixels along each side that are kept.
    """

    share: float = 0.5
    name: ClassVar[str] = "resolution"

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise BadInput(f"share={self.share}: it must lie in (0, 1].")

    def settings(self) -> dict[str, Any]:
        return asdict(self)

    def __call__(self, picture: Floats, _draw: np.random.Generator) -> Floats:
        high, wide = picture.shape[:2]
        small = max(1, round(wide * self.share)), max(1, round(high * self.share))
        seen = image(levels(picture)).resize(small, Image.Resampling.BOX)
        return floats(seen.resize((wide, high), Image.Resampling.BILINEAR))


DOMAINS: dict[str, Callable[[], Shift]] = {
    "invert": Invert,
    "blur": Blur,
    "rotate": Rotate,
    "hue": Hue,
    "tint": Tint,
    "resolution": Resolution,
}


def _finite(name: str, value: float) -> None:
    if not np.isfinite(value):
        raise BadInput(f"{name}={value}: it must be a finite number.")
