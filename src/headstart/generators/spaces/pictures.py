"""Pictures as numbers in [-1, 1], grey or in colour, of one size."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from headstart.core import Preprocess
from headstart.data.dataset import Dataset
from headstart.data.samples import Array
from headstart.data.sources import PLAIN, Pictures

from .space import TOLERANCE, Decoded, Space

LARGEST = 64  # pixels of a side
LOOKED_AT = 50  # pictures, for the usual size
HALF = 127.5
FOLDER = "samples"


@dataclass(frozen=True)
class PictureSpace(Space):
    """Pictures, squashed to one size.

    Attributes:
        height: in pixels.
        width: likewise.
        grey: whether they have no colour.
        notes: see `Space`.
    """

    kind: ClassVar[str] = "pictures"

    height: int
    width: int
    grey: bool
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return (1 if self.grey else 3, self.height, self.width)

    @classmethod
    def of(cls, data: Dataset, size: int | None) -> "PictureSpace":
        """The median size of some pictures, at most 64 pixels; grey if all are."""
        some = np.unique(np.linspace(0, len(data) - 1, min(LOOKED_AT, len(data))).astype(int))
        sizes = np.array([found.size[::-1] for row in some if (found := data.picture(int(row))) is not None])
        usual = np.median(sizes, 0)
        asked = size or min(LARGEST, int(usual.max()))
        height, width = (max(1, round(side * asked / usual.max())) for side in usual.tolist())
        if size is not None:
            height = width = size
        notes = []
        if size is None and usual.max() > LARGEST:
            notes.append(
                f"Pictures are of {int(usual[1])} x {int(usual[0])} pixels as a rule and were resized "
                f"to {width} x {height}: more than {LARGEST} a side are not drawn. The samples are as small."
            )
        elif len(np.unique(sizes, axis=0)) > 1 or size is not None:
            notes.append(f"Pictures were resized to {width} x {height} pixels, and so are the samples.")
        space = cls(height, width, False, tuple(notes))
        x = space._pixels(data)
        return replace(space, grey=bool((x == x[:, :1]).all()))

    def encode(self, data: Dataset) -> Tensor:
        """Float32 (n, 1 or 3, height, width) in [-1, 1]."""
        return self._pixels(data)[:, : self.shape[0]].float() / HALF - 1

    def decode(self, x: Tensor) -> Decoded:
        """Pictures uint8 (n, height, width), or (n, height, width, 3)."""
        clipped = (x.abs() > 1 + 2 * TOLERANCE).flatten(1).any(1)
        pixels = ((x.clamp(-1, 1) + 1) * HALF).round().to(torch.uint8).permute(0, 2, 3, 1)
        array = (pixels[..., 0] if self.grey else pixels).contiguous().numpy()
        return Decoded(Array(array, True), clipped)

    def write(self, data: Dataset, folder: Path) -> str:
        """A folder of class folders with PNG files."""
        counts = dict.fromkeys(data.classes, 0)
        for row in range(len(data)):
            label = data.said(row)
            place = folder / FOLDER / to_folder_name(label)
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.asarray(data.raw(row))).save(place / f"{counts[label]:05d}.png")
            counts[label] += 1
        return FOLDER

    @property
    def settings(self) -> dict[str, Any]:
        """Size and colour."""
        return {"height": self.height, "width": self.width, "grey": self.grey}

    @classmethod
    def from_settings(cls, values: Mapping[str, Any]) -> Self:
        """The inverse."""
        return cls(int(values["height"]), int(values["width"]), bool(values["grey"]))

    def _pixels(self, data: Dataset) -> Tensor:
        """Uint8 (n, 3, height, width)."""
        reader = Preprocess(
            size=(self.height, self.width), fit="squash", keep=1.0, window=data.window, mixed=data.mixed
        )
        rows = np.arange(len(data))
        return Pictures(data, reader).fetch(rows, np.full(len(rows), PLAIN)).contiguous()


def to_folder_name(name: str) -> str:
    """The name of a class as that of a folder: what no folder may have becomes "_".

    >>> to_folder_name("red/round"), to_folder_name("..")
    ('red_round', '__')
    """
    plain = "".join("_" if letter in '/\\:*?"<>|' or not letter.isprintable() else letter for letter in name)
    return "_" * len(plain) if not plain.strip(". ") else plain
