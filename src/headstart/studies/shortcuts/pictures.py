"""Pictures that keep one cue and lose another, and the predictions for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from headstart.core import derive_seed
from headstart.data.cues import CONFLICTS, CUES
from headstart.data.dataset import Dataset
from headstart.data.samples import Kind, Rows
from headstart.metrics.groups import share
from headstart.records.record import Interval
from headstart.studies.shortcuts import Change, Conflict
from headstart.studies.shortcuts.model_under_test import Baseline, ClassifierUnderTest

Pixels = NDArray[np.uint8]
SIDE = 224  # pixels of the shorter side: what is larger is made smaller before anything is changed


@dataclass(frozen=True, eq=False)
class PicturesInMemory:
    """Pictures in memory, of any size each."""

    pictures: Sequence[Pixels]
    kind: Kind = "pictures"

    def __len__(self) -> int:
        return len(self.pictures)

    def raw(self, row: int) -> Pixels:
        """uint8 (h, w, 3)."""
        return self.pictures[row]

    def take(self, rows: Rows) -> "PicturesInMemory":
        """The pictures of `rows`, in that order."""
        return PicturesInMemory([self.pictures[row] for row in rows])


def in_memory(data: Dataset, side: int = SIDE) -> Dataset:
    """The same pictures in memory, their shorter sides at most `side` pixels.

    Raises:
        BadData: one can't be read; the text names it.
    """
    return replace(
        data, samples=PicturesInMemory([_small(data.picture(row), side) for row in range(len(data))])
    )


def cue_changes(model: ClassifierUnderTest, baseline: Baseline, name: str) -> Iterator[Change]:
    """A cue, worked into pictures that `in_memory` gave."""
    pictures, cue = _pictures(baseline.data), CUES[name]
    seeds = [derive_seed(baseline.seed, "cue", cue.name, row) for row in range(len(pictures))]
    new = [
        cue.change(picture, np.random.default_rng(seed))
        for picture, seed in zip(pictures, seeds, strict=True)
    ]
    kind = "tag" if cue.name.endswith(" tag") else "cue"
    predicted = model.predict(replace(baseline.data, samples=PicturesInMemory(new)))
    yield baseline.change(predicted, cue.name, kind, cue.keeps, cue.loses)


def conflicts(model: ClassifierUnderTest, baseline: Baseline, name: str) -> Iterator[Conflict]:
    """The shape of one picture with the texture, or the colour, of one of another class."""
    pairs = _pairs(baseline)
    if not len(pairs):
        return
    pictures, labels, mix = _pictures(baseline.data), baseline.data.labels, CONFLICTS[name]
    new = [mix(pictures[one], _as_large(pictures[other], pictures[one])) for one, other in pairs]
    mixed = replace(baseline.data.subset(pairs[:, 0]), samples=PicturesInMemory(new))
    predicted = model.predict(mixed)
    shape = int((predicted == labels[pairs[:, 0]]).sum())
    other = int((predicted == labels[pairs[:, 1]]).sum())
    decided = shape + other
    yield Conflict(name, len(pairs), shape, other, Interval(*share(shape, decided)) if decided else None)


def _pairs(baseline: Baseline) -> Rows:
    """(pairs, 2): each row that is classified correctly with one of another class and attribute.

    A partner with the same attribute, such as the same colour, would bring no other cue.
    """
    right = np.flatnonzero(baseline.correct)
    draw = np.random.default_rng(derive_seed(baseline.seed, "pairs"))
    labels, attributes = baseline.data.labels, baseline.data.attributes
    found = []
    for row in right:
        others = right[labels[right] != labels[row]]
        if attributes is not None:
            others = others[attributes[others] != attributes[row]]
        if len(others):
            found.append((int(row), int(draw.choice(others))))
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _pictures(data: Dataset) -> Sequence[Pixels]:
    assert isinstance(data.samples, PicturesInMemory)
    return data.samples.pictures


def _small(picture: Image.Image | None, side: int) -> Pixels:
    assert picture is not None
    shorter = min(picture.size)
    if shorter > side:
        wide, high = (max(1, round(length * side / shorter)) for length in picture.size)
        picture = picture.resize((wide, high), Image.Resampling.BILINEAR)
    return np.array(picture.convert("RGB"), dtype=np.uint8)


def _as_large(picture: Pixels, like: Pixels) -> Pixels:
    if picture.shape == like.shape:
        return picture
    high, wide = like.shape[:2]
    return np.array(Image.fromarray(picture).resize((wide, high), Image.Resampling.BILINEAR), dtype=np.uint8)
