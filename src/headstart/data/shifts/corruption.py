"""The 15 corruptions of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261) by name."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, final

import numpy as np

from headstart.core import BadInput, Unknown

from .defocus import defocus_blur
from .elastic import elastic
from .fog import fog
from .frost import frost
from .glass import glass_blur
from .jpeg import jpeg
from .light import brightness, contrast
from .motion import motion_blur
from .noise import gaussian_noise, impulse_noise, shot_noise
from .pixelate import pixelate
from .shift import Floats
from .snow import snow
from .zoom import zoom_blur

CORRUPTIONS: dict[str, Callable[[Floats, int, np.random.Generator], Floats]] = {
    "gaussian-noise": gaussian_noise,
    "shot-noise": shot_noise,
    "impulse-noise": impulse_noise,
    "defocus-blur": defocus_blur,
    "glass-blur": glass_blur,
    "motion-blur": motion_blur,
    "zoom-blur": zoom_blur,
    "snow": snow,
    "frost": frost,
    "fog": fog,
    "brightness": brightness,
    "contrast": contrast,
    "elastic": elastic,
    "pixelate": pixelate,
    "jpeg": jpeg,
}
MOST = 5


@final
@dataclass(frozen=True)
class Corruption:
    """One of the corruptions at one severity.

    Attributes:
        name: of `CORRUPTIONS`.
        severity: 1 to 5; 0 changes nothing.

    Raises:
        Unknown: no corruption has that name.
        BadInput: another severity.
    """

    name: str
    severity: int = 3
    in_colour: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.name not in CORRUPTIONS:
            raise Unknown("corruption", self.name, CORRUPTIONS)
        if isinstance(self.severity, bool) or self.severity not in range(MOST + 1):
            raise BadInput(f"severity={self.severity}: it must be a whole number from 0 (nothing) to {MOST}.")

    @property
    def label(self) -> str:
        """Name and severity."""
        return f"{self.name} {self.severity}"

    @property
    def stream(self) -> str:
        """The name: the same random numbers are drawn at all severities."""
        return self.name

    def settings(self) -> dict[str, Any]:
        """Settings as JSON values."""
        return asdict(self)

    def __call__(self, picture: Floats, draw: np.random.Generator) -> Floats:
        if self.severity == 0:
            return picture.copy()
        return CORRUPTIONS[self.name](picture, self.severity, draw)
