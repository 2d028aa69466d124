"""Pictures with a spurious colour cue of adjustable correlation with the class."""

from dataclasses import replace

import numpy as np

from headstart.core import BadInput, derive_seed

from .dataset import Dataset
from .samples import Array, Rows

PALETTE = {
    "red": (230, 40, 40),
    "green": (40, 200, 40),
    "blue": (60, 80, 250),
    "yellow": (235, 225, 40),
    "magenta": (225, 50, 225),
    "cyan": (40, 220, 220),
    "orange": (250, 150, 30),
    "white": (240, 240, 240),
    "violet": (140, 60, 220),
    "grey": (130, 130, 130),
}


def confounded(
    data: Dataset, agreement: float = 0.9, *, colours: int | None = None, seed: int = 0
) -> Dataset:
    """Colour grey pictures so that the colour agrees with the class in a share of the rows.

    Class c has the colour c mod `colours`. Of each class, a share `agreement` of the rows has that colour,
    and the others are spread evenly over the other colours. At 1 / `colours` colour and class are
    independent, at 0 every row has a wrong colour. Which row gets which colour is a function of the seed.

    Args:
        data: pictures in an array: uint8 (n, h, w), light on black.
        agreement: in [0, 1].
        colours: how many there are, 2 to 10; None takes as many as classes, 10 at most.
        seed: of the assignment of colours.

    Returns:
        The same rows and labels as pictures (n, h, w, 3), with the colour as attribute.

    Raises:
        BadInput: the data are not grey pictures in an array with classes, or a setting is out of range.

    >>> from headstart.data import load
    >>> found = confounded(load("digits"), 0.9)
    >>> found.attribute_names[:3], found.array.shape
    (('red', 'green', 'blue'), (1797, 8, 8, 3))
    """
    many = min(len(data.classes), len(PALETTE)) if colours is None else colours
    _check(data, agreement, many)
    assert data.array is not None
    given = _colours(data, agreement, many, seed)
    palette = np.array(list(PALETTE.values())[:many], dtype=np.float64) / 255
    grey = data.array.reshape(len(data), *data.array.shape[1:3], 1).astype(np.float64)
    pictures = np.rint(grey * palette[given][:, None, None, :]).astype(np.uint8)
    names = list(PALETTE)[:many]
    made = replace(data, name=f"{data.name}, coloured", samples=Array(pictures, are_images=True))
    return replace(made, attributes=given, attribute_names=tuple(names))


def _colours(data: Dataset, agreement: float, many: int, seed: int) -> Rows:
    """Index (n,) of the colour of each row."""
    found: Rows = np.zeros(len(data), dtype=np.int64)
    for one in range(len(data.classes)):
        rows = np.flatnonzero(data.labels == one)
        rows = np.random.default_rng(derive_seed(seed, "confounded", one)).permutation(rows)
        true = round(agreement * len(rows))
        found[rows[:true]] = one % many
        others = np.array([colour for colour in range(many) if colour != one % many])
        found[rows[true:]] = others[np.arange(len(rows) - true) % len(others)]
    return found


def _check(data: Dataset, agreement: float, many: int) -> None:
    if data.label_kind != "classes" or data.array is None or not data.is_images:
        raise BadInput(f"{data.name} is no array of pictures with classes; give uint8 (n, h, w) and labels.")
    if data.array.ndim == 4 and data.array.shape[3] != 1:
        raise BadInput(f"{data.name} has colours already; give grey pictures, uint8 (n, h, w).")
    if not 0 <= agreement <= 1:
        raise BadInput(f"agreement={agreement}: it must be in [0, 1].")
    if not 2 <= many <= len(PALETTE):
        raise BadInput(f"colours={many}: it must be 2 to {len(PALETTE)}.")
