"""What views of pictures draw from."""

from dataclasses import dataclass
from typing import final

JITTER = 0.8  # share of the pictures whose colours are jittered
SIGMA = (0.1, 2.0)  # standard deviations of blurs in pixels


@final
@dataclass(frozen=True, kw_only=True)
class PictureRecipe:
    """Ranges and probabilities of random views; with its defaults a view is the picture itself.

    Attributes:
        crop: range of the share of the picture's area that a crop keeps, in (0, 1].
        ratio: range of the crop's aspect over the picture's own, drawn evenly on a log scale; both > 0.
        flip: probability of a horizontal flip.
        flip_vertical: probability of a vertical flip.
        rotation: most degrees that a picture is turned by, either way.
        translation: largest shift, as a share of each side.
        scaling: largest relative change of size, in [0, 1).
        colour: strength of the jitter of brightness, contrast, saturation (0.8 times it) and hue (0.2 times).
        grey: probability that a picture loses its colours.
        blur: probability of a Gaussian blur, with a standard deviation of 0.1 to 2 pixels.
        noise: standard deviation of Gaussian noise, in units of that of each picture.
        cutout: share of the area that a square erases.
        solarise: probability that values from the middle of [0, 1] up are inverted.
    """

    crop: tuple[float, float] = (1.0, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    flip: float = 0.0
    flip_vertical: float = 0.0
    rotation: float = 0.0
    translation: float = 0.0
    scaling: float = 0.0
    colour: float = 0.0
    grey: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    cutout: float = 0.0
    solarise: float = 0.0

    @property
    def crops(self) -> bool:
        """Whether views are parts of pictures."""
        return self.crop != (1.0, 1.0)

    @property
    def turns(self) -> bool:
        """Whether pictures are turned, shifted or scaled."""
        return max(self.rotation, self.translation, self.scaling) > 0

    @property
    def changes(self) -> bool:
        """Whether views differ from the pictures at all."""
        chances = (self.flip, self.flip_vertical, self.colour, self.grey, self.blur, self.solarise)
        return self.crops or self.turns or max(*chances, self.noise, self.cutout) > 0
