"""Image preprocessing of a backbone: specified in `models`, carried out in `data`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, Self

_OPTIONAL = ("window", "mixed")  # not written down where pictures have 8 bits


@dataclass(frozen=True)
class Preprocess:
    """Resize any picture to uint8 (3, height, width) and normalise it.

    Attributes:
        size: height and width in pixels.
        mean: subtracted from each channel, in units of [0, 1].
        std: each channel is divided by it, in units of [0, 1].
        fit: what happens to another aspect ratio: "crop" cuts the centre out, "pad" adds white,
            "squash" changes the aspect.
        keep: with "crop", the share of the shorter side that is kept, in (0, 1].
        filter: the resampling filter: "bilinear", "bicubic" or "lanczos", always antialiased.
        window: levels that become black and white in pictures of more than 8 bits; None: the lowest and
            the highest of each picture.
        mixed: whether pictures of 8 bits, which no window changes, were learned from beside those with one.
    """

    kind: ClassVar[str] = "pictures"

    size: tuple[int, int] = (224, 224)
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    fit: Literal["crop", "pad", "squash"] = "crop"
    keep: float = 0.875
    filter: Literal["bilinear", "bicubic", "lanczos"] = "bicubic"
    window: tuple[float, float] | None = None
    mixed: bool = False

    def settings(self) -> dict[str, Any]:
        """Settings as JSON values, for `from_settings`."""
        return {name: value for name, value in asdict(self).items() if name not in _OPTIONAL or value}

    @classmethod
    def from_settings(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `settings`, also after a trip through JSON."""
        plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**plain)
