"""Pictures: files in any format that Pillow reads, or uint8 arrays."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from types import NoneType
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from headstart.core import BadData, Preprocess, Reader, SampleLoader
from headstart.data.augment import Augment
from headstart.data.class_findings import about_shapes
from headstart.data.dataset import Dataset
from headstart.data.decode import prepare, read_picture
from headstart.data.finding import Finding
from headstart.data.modality import Inputs, Modality, pictured, smaller_sizes
from headstart.data.near_duplicates import THUMBNAIL, Pair, near_pairs
from headstart.data.new_arrays import pixels_of
from headstart.data.new_pictures import listed_pictures
from headstart.data.opening import size_of
from headstart.data.samples import Raw
from headstart.data.shipped import BUILT_IN
from headstart.data.sources import Arrays, Pictures
from headstart.data.stacks import about_stacks
from headstart.data.suffixes import PICTURES
from headstart.data.train_test_split import training_rows
from headstart.data.window import with_window

LOOK = 50  # pictures whose size is looked at
SQUARE = 1.1  # largest ratio of the sides of what is as good as square
OFTEN = 0.9  # share of such pictures for which it makes no difference how they are fitted


class Glance(NamedTuple):
    """Summary of a picture, for the data check."""

    size: tuple[int, int]  # width and height in pixels, as stored
    thumbnail: NDArray[np.uint8]  # (32, 32, 3)


@final
class PictureModality(Modality[Dataset]):
    """Pictures of any size and colour mode, converted to RGB for a backbone."""

    kind = "pictures"
    rows = "pictures"
    baseline = ("raw-pixels", "raw pixels")
    description = "pictures"
    suffixes = PICTURES
    example = ".jpg"
    formats = "JPEG, PNG, WebP, GIF, BMP, TIFF, NPY, DICOM or NIfTI"
    readers = (Preprocess, NoneType)
    backbone = "efficientnet_lite0"
    advice = "For pictures, give 'efficientnet_lite0' or another backbone of pictures."
    augment = Augment()
    built_in = BUILT_IN

    def picture(self, raw: Raw, name: str) -> Image.Image:
        assert not isinstance(raw, str)
        return read_picture(raw, name)

    def glance(self, raw: Raw, name: str) -> Glance:
        assert not isinstance(raw, str)
        thumbnail = prepare(raw, THUMBNAIL, name=name).permute(1, 2, 0).numpy()
        return Glance(size_of(raw), thumbnail)

    def near_duplicates(self, glances: Sequence[Glance]) -> list[Pair]:
        return near_pairs(np.stack([one.thumbnail for one in glances]))

    def findings(self, data: Dataset, glances: Sequence[Glance], reader: Reader | None) -> list[Finding]:
        return [*about_shapes(data, [one.size for one in glances]), *about_stacks(data)]

    def suited(self, data: Dataset, reader: Reader | None, size: int | None, fit: Any) -> Preprocess:
        """By default, at the backbone's own size and squashed."""
        old = pictured(reader)
        sides = old.size if size is None else (size, size)
        return replace(old, size=sides, fit=fit or "squash", window=data.window, mixed=data.mixed)

    def sizes(self, data: Dataset, reader: Reader | None) -> tuple[int | None, ...]:
        """Its own, and about half and a quarter as many pixels."""
        return smaller_sizes(pictured(reader))

    def fits(self, data: Dataset) -> tuple[str, ...]:
        """All, unless nearly all pictures are square."""
        shapes = sampled_sizes(data)
        square = [max(size) <= SQUARE * min(size) for size in shapes]
        return () if sum(square) > OFTEN * len(square) else ("squash", "pad", "crop")

    def size_of(self, reader: Reader | None) -> str:
        return "{} x {} pixels".format(*pictured(reader).size)

    def loader(self, data: Dataset, reader: Reader | None, augment: Augment | None) -> SampleLoader:
        """The window is the reader's; of a model that learned from 8 bits, that of the data."""
        if reader is None:
            return Arrays(data)
        known = pictured(reader)
        return Pictures(data, known if known.window else replace(known, window=data.window), augment)

    def matched(self, data: Dataset, like: Dataset) -> Dataset:
        return with_window(data, like.window)

    def listed(self, items: Any) -> Any:
        return listed_pictures(items)

    def inputs(self, items: Any, reader: Reader | None) -> Inputs:
        return Inputs(torch.from_numpy(pixels_of(items, pictured(reader))))


def sampled_sizes(data: Dataset) -> list[tuple[int, int]]:
    """Width and height in pixels of some of the training pictures."""
    sizes = []
    rows = training_rows(data)
    for row in rows[np.linspace(0, len(rows) - 1, min(LOOK, len(rows))).astype(int)]:
        with suppress(BadData):
            picture = data.picture(int(row))
            sizes += [] if picture is None else [picture.size]
    return sizes
