"""The pictures of a page: what the model sees, the map over it, and the nearest training examples."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from headstart.core import BadData
from headstart.data.decode import read_picture
from headstart.data.zipped import read_lasting
from headstart.records.explanation import Explanation, HeatMap
from headstart.studies._pictures import write_picture

FOLDER = "pictures"
SHOWN, THUMBNAIL = 320, 192  # pixels of the longer side
FOR, AGAINST = (240, 110, 20), (30, 110, 200)  # colours of what speaks for and against
STRONGEST = 0.75  # opacity of the largest contribution


def picture_names(item: int, neighbours: int) -> list[str]:
    """Files of an item in a run folder: what the model sees, the map over it, its neighbours."""
    near = [f"near-{item:02d}-{number}.webp" for number in range(neighbours)]
    return [f"{FOLDER}/{name}" for name in (f"item-{item:02d}.webp", f"map-{item:02d}.webp", *near)]


def save_pictures(folder: Path, inputs: Sequence[Tensor], explanations: Sequence[Explanation]) -> None:
    """Write the pictures of each explanation, whose model takes `inputs` (3, h, w) uint8."""
    for item, (pixels, found) in enumerate(zip(inputs, explanations, strict=True)):
        names = picture_names(item, len(found.neighbours))
        picture = Image.fromarray(pixels.permute(1, 2, 0).cpu().numpy())
        _save(picture, folder / names[0], SHOWN)
        if found.map is not None:
            _save(overlaid(picture, found.map), folder / names[1], SHOWN)
        for neighbour, name in zip(found.neighbours, names[2:], strict=True):
            if neighbour.path:
                try:
                    near = read_picture(read_lasting(Path(neighbour.path)), neighbour.path)
                except BadData:  # it is no longer what was learned from
                    continue
                _save(near, folder / name, THUMBNAIL)


def overlaid(picture: Image.Image, places: HeatMap) -> Image.Image:
    """A grey picture under the map: orange speaks for the class, blue against it."""
    heat = pixel_map(places)
    strongest = float(np.abs(heat).max()) or 1.0
    share = STRONGEST * np.abs(heat)[..., None] / strongest
    colour = np.where(heat[..., None] > 0, np.array(FOR), np.array(AGAINST))
    grey = np.asarray(picture.convert("L").convert("RGB"), dtype=np.float64)
    return Image.fromarray((grey * (1 - share) + colour * share).round().astype(np.uint8))


def pixel_map(places: HeatMap) -> NDArray[np.float64]:
    """The mean contribution (h, w) of the places that cover each pixel."""
    height, width = places.picture
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for top, row in zip(places.tops, places.contributions, strict=True):
        for left, value in zip(places.lefts, row, strict=True):
            place = np.s_[top : top + places.size[0], left : left + places.size[1]]
            total[place] += value
            count[place] += 1
    return np.asarray(total / np.maximum(count, 1))


def _save(picture: Image.Image, file: Path, side: int) -> None:
    factor = side / max(picture.size)
    sides = [max(1, round(length * factor)) for length in picture.size]
    write_picture(picture.convert("RGB").resize((sides[0], sides[1])), file, quality=85)
