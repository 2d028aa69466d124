"""Image transformations that keep one cue and remove another, such as shape without texture.

A model that relies on the intended cue is accurate where that is kept, and one that relies on a shortcut
where the shortcut is kept (arXiv:1811.12231). All is computed from the pictures; random draws are seeded.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadInput, Unknown

from .shifts.shift import Pixels

Floats = NDArray[np.float64]
LUMINANCE = np.array([0.299, 0.587, 0.114])
PATCHES = 4  # a side
TAG = 6  # side of a tag, as a fraction 1/n of the shorter side
COLOURS = {"red": (220, 30, 30), "green": (30, 180, 30), "blue": (40, 60, 230)}
DARK = 8.0  # grey levels below which a picture counts as uncoloured


@dataclass(frozen=True)
class Cue:
    """A transformation of pictures that keeps some cues and removes others.

    Attributes:
        name: such as "grey".
        keeps: the cue that is kept, in words.
        loses: the cue that is removed, in words.
        change: uint8 (h, w, 3) and a generator to uint8 (h, w, 3).
    """

    name: str
    keeps: str
    loses: str
    change: Callable[[Pixels, np.random.Generator], Pixels]


def grey(picture: Pixels, _draw: np.random.Generator) -> Pixels:
    """Remove colour."""
    return _in_three(_light(picture))


def silhouette(picture: Pixels, _draw: np.random.Generator) -> Pixels:
    """Black where the picture differs from its border, white elsewhere; the threshold is Otsu's."""
    level = _light(picture)
    edge = np.concatenate([level[0], level[-1], level[:, 0], level[:, -1]])
    far = np.abs(level - np.median(edge))
    return _in_three(np.where(far > _otsu(far), 0.0, 255.0))


def edges(picture: Pixels, _draw: np.random.Generator) -> Pixels:
    """Sobel edges as dark lines on white, the strongest black."""
    padded = np.pad(_light(picture), 1, mode="edge")
    across = padded[:, 2:] - padded[:, :-2]
    down = padded[2:] - padded[:-2]
    x = across[:-2] + 2 * across[1:-1] + across[2:]
    y = down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    strength = np.hypot(x, y)
    return _in_three(255 - 255 * strength / max(float(strength.max()), 1e-9))


def shuffled(picture: Pixels, draw: np.random.Generator) -> Pixels:
    """Shuffle 4 x 4 patches; leftover rows and columns at the border stay in place."""
    found = picture.copy()
    high, wide = picture.shape[0] // PATCHES, picture.shape[1] // PATCHES
    if not high or not wide:
        return found
    corners = [(row * high, column * wide) for row in range(PATCHES) for column in range(PATCHES)]
    order = draw.permutation(len(corners))
    for (top, left), source in zip(corners, order, strict=True):
        up, side = corners[source]
        found[top : top + high, left : left + wide] = picture[up : up + high, side : side + wide]
    return found


def centre_hidden(picture: Pixels, _draw: np.random.Generator) -> Pixels:
    """Replace the central half of the area by the mean colour of the rest."""
    return _hidden(picture, inside=True)


def border_hidden(picture: Pixels, _draw: np.random.Generator) -> Pixels:
    """Replace all but the central half of the area by the mean colour of the centre."""
    return _hidden(picture, inside=False)


def tagged(colour: str) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """Transformation that puts a square tag of a colour of `COLOURS` into the upper left corner.

    Raises:
        Unknown: no colour has that name.
    """
    if colour not in COLOURS:
        raise Unknown("colour", colour, COLOURS)

    def change(picture: Pixels, _draw: np.random.Generator) -> Pixels:
        found = picture.copy()
        side = max(1, min(picture.shape[:2]) // TAG)
        found[:side, :side] = COLOURS[colour]
        return found

    return change


def amplitudes_of(shape: Pixels, texture: Pixels) -> Pixels:
    """Combine the phase of one picture with the amplitude spectrum of another, channel by channel.

    The phase determines the position of edges, and so the shape; the amplitude the strength of each
    frequency, and so texture and colour (doi:10.1109/PROC.1981.12022).

    Args:
        shape: uint8 (h, w, 3).
        texture: uint8 of the same shape.

    Returns:
        uint8 (h, w, 3).

    Raises:
        BadInput: the pictures differ in size.
    """
    _alike(shape, texture)
    phase = np.angle(np.fft.fft2(shape.astype(np.float64), axes=(0, 1)))
    amplitude = np.abs(np.fft.fft2(texture.astype(np.float64), axes=(0, 1)))
    mixed = np.fft.ifft2(amplitude * np.exp(1j * phase), axes=(0, 1)).real
    return _levels(mixed)


def tint_of(shape: Pixels, colour: Pixels) -> Pixels:
    """Combine the brightness of one picture with the mean hue and saturation of another.

    Args:
        shape: uint8 (h, w, 3).
        colour: uint8 (h', w', 3).

    Returns:
        uint8 (h, w, 3); grey, if the other picture is dark all over.
    """
    mean = colour.reshape(-1, 3).mean(0)
    light = float(mean @ LUMINANCE)
    ratio = mean / light if light * 255 > DARK else np.ones(3)
    return _levels(_light(shape)[:, :, None] * ratio)


CUES = {
    cue.name: cue
    for cue in (
        Cue("grey", "shape and texture", "colour", grey),
        Cue("silhouette", "the outline", "texture, colour and all inside", silhouette),
        Cue("edges", "lines", "texture and colour", edges),
        Cue("shuffled patches", "texture and colour", "shape", shuffled),
        Cue("middle hidden", "what stands around", "the middle", centre_hidden),
        Cue("border hidden", "the middle", "what stands around", border_hidden),
        *(Cue(f"{name} tag", "all but a corner", "nothing; a tag is new", tagged(name)) for name in COLOURS),
    )
}
CONFLICTS = {"texture": amplitudes_of, "colour": tint_of}


def _light(picture: Pixels) -> Floats:
    found: Floats = picture.astype(np.float64) @ LUMINANCE
    return found


def _in_three(level: Floats) -> Pixels:
    return _levels(np.repeat(level[:, :, None], 3, axis=2))


def _levels(values: Floats) -> Pixels:
    found: Pixels = np.rint(values.clip(0, 255)).astype(np.uint8)
    return found


def _hidden(picture: Pixels, inside: bool) -> Pixels:
    high, wide = picture.shape[:2]
    top, left = round(high * (1 - 0.5**0.5) / 2), round(wide * (1 - 0.5**0.5) / 2)
    middle = np.zeros((high, wide), dtype=np.bool_)
    middle[top : high - top, left : wide - left] = True
    hide = middle if inside else ~middle
    found = picture.copy()
    if hide.any() and not hide.all():
        found[hide] = np.rint(picture[~hide].mean(0)).astype(np.uint8)
    return found


def _otsu(values: Floats) -> float:
    """Otsu's threshold, which maximises the between-class variance (1979)."""
    counts, ends = np.histogram(values, bins=256)
    middles = (ends[:-1] + ends[1:]) / 2
    below, sums = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below
    with np.errstate(invalid="ignore", divide="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    best = int(np.nan_to_num(between).argmax())
    return float(ends[best + 1])


def _alike(one: Pixels, other: Pixels) -> None:
    if one.shape != other.shape:
        raise BadInput(f"Pictures of {one.shape} and {other.shape} can't be mixed. Bring them to one size.")
