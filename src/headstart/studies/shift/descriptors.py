"""What can be said of a picture, a text or an array in a number that people understand."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import Preprocess
from headstart.data.dataset import Dataset
from headstart.data.decode import prepare
from headstart.data.opening import size_of
from headstart.data.parallel import parallel_map

Floats = NDArray[np.float64]
Quantities = dict[str, Floats]  # by name, (n,)

LOOK = Preprocess(size=(128, 128), fit="squash", filter="bilinear")
LUMINANCE = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
COLUMNS = 1024  # of an array that are looked at one by one

_PICTURE = ("brightness", "contrast", "red", "green", "blue", "saturation", "sharpness", "width", "height")


def of_pictures(data: Dataset) -> Quantities:
    """Levels are in [0, 1], sides in pixels; all but sides are taken at 128 x 128 pixels.

    Brightness and contrast are mean and deviation of the luminance, saturation is the mean difference of the
    largest and the smallest channel, sharpness the mean difference of neighbouring luminances.
    """

    def look(row: int) -> list[float]:
        item = data.items[row]
        raw: Any = data.raw(row) if data.is_images else data.picture(row)
        pixels = prepare(raw, LOOK, name=item).permute(1, 2, 0).numpy() / 255.0
        grey = pixels @ LUMINANCE
        edges = np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean()
        colours = pixels.mean((0, 1))
        saturation = (pixels.max(2) - pixels.min(2)).mean()
        return [grey.mean(), grey.std(), *colours, saturation, edges / 2, *size_of(raw, item)]

    table = np.array(list(parallel_map(look, range(len(data)))), np.float64)
    found = dict(zip(_PICTURE, table.T, strict=True))
    return found | {"width / height": found["width"] / found["height"]}


def of_texts(texts: Sequence[str], known: Sequence[str], among: bool) -> Quantities:
    """Letters are characters; shares are of them, of capitals of the letters of the alphabet.

    Args:
        texts: (n,).
        known: those of the source; words that none of them has are new.
        among: whether `texts` are `known`: then a word is new that no other of them has.
    """
    often: dict[str, int] = {}
    for text in known:
        for word in set(_words(text)):
            often[word] = often.get(word, 0) + 1
    least = 2 if among else 1
    rows = [_text(text, often, least) for text in texts]
    names = (
        "characters",
        "words",
        "share of capitals",
        "share of digits",
        "share of marks",
        "share of new words",
    )
    return dict(zip(names, np.array(rows, np.float64).T, strict=True))


def _text(text: str, often: dict[str, int], least: int) -> list[float]:
    words, size = _words(text), max(1, len(text))
    letters = [letter for letter in text if letter.isalpha()]
    new = sum(often.get(word, 0) < least for word in words)
    marks = sum(not (letter.isalnum() or letter.isspace()) for letter in text)
    return [
        len(text),
        len(words),
        sum(letter.isupper() for letter in letters) / max(1, len(letters)),
        sum(letter.isdigit() for letter in text) / size,
        marks / size,
        new / max(1, len(words)),
    ]


def _words(text: str) -> list[str]:
    return [word for part in text.casefold().split() if (word := "".join(filter(str.isalnum, part)))]


def of_arrays(x: NDArray[np.generic]) -> Quantities:
    """Each column of a matrix; of wider rows and of other shapes the mean, the deviation and the extremes."""
    flat = np.asarray(x, np.float64).reshape(len(x), -1)
    if x.ndim == 2 and flat.shape[1] <= COLUMNS:
        return {f"column {place}": column for place, column in enumerate(flat.T)}
    return {"mean": flat.mean(1), "deviation": flat.std(1), "least": flat.min(1), "largest": flat.max(1)}
