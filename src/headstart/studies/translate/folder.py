"""Translated rows as files: pictures in class folders, numbers as an .npz file; and pairs for the page."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from headstart.core import CannotWrite
from headstart.data.dataset import Dataset
from headstart.studies.translate import Pair
from headstart.studies.translate.translated import Ways

ROWS = "translated"
SHOWN = 8  # pairs each way
WIDE = 96  # pixels that each of a pair has at least, if it is small


def write(ways: Ways, source: Dataset, target: Dataset, out: Path, direction: str) -> dict[str, list[Pair]]:
    """Write translated rows, and pairs of pictures before and after.

    Args:
        ways: both directions.
        source: labelled rows; with "to-target" they are translated, into folders of their classes.
        target: unlabelled rows; with "to-source" they are, all into one folder.
        out: folder.
        direction: which rows are written.

    Returns:
        The pairs by direction; none of numbers.

    Raises:
        CannotWrite: no space or no right.
    """
    way = direction.replace("-", "_")
    data = source if way == "to_target" else target
    try:
        _write_rows(ways.dataset(data, way), out / ROWS, by_class=way == "to_target")
        if ways.preprocess is None:
            return {}
        return {
            "to_target": _pairs(ways, source, "to_target", out),
            "to_source": _pairs(ways, target, "to_source", out),
        }
    except OSError as error:
        raise CannotWrite(f"Can't write to {out}: {error.strerror or error}.") from error


def _write_rows(data: Dataset, folder: Path, by_class: bool) -> None:
    array: NDArray[Any] = np.asarray(data.array)
    folder.mkdir(parents=True, exist_ok=True)
    if not data.is_images:
        folder.rmdir()
        file = folder.with_suffix(".npz")
        if by_class:
            labels = np.array(data.classes)[data.labels] if data.label_kind == "classes" else data.labels
            np.savez_compressed(file, x=array, y=labels)
        else:
            np.savez_compressed(file, x=array)
        return
    for row, pixels in enumerate(array):
        place = folder / _safe(data.said(row)) if by_class else folder
        place.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(place / f"{row:06d}.png")


def _pairs(ways: Ways, data: Dataset, way: str, out: Path) -> list[Pair]:
    rows = np.linspace(0, len(data) - 1, min(SHOWN, len(data))).astype(int)
    some = data.subset(rows)
    before = ways.samples(some).permute(0, 2, 3, 1).numpy()
    after = np.asarray(ways.dataset(some, way).array)
    folder = out / "pairs"
    folder.mkdir(parents=True, exist_ok=True)
    pairs = []
    for number in range(len(rows)):
        name = f"pairs/{way}-{number}.png"
        both = np.concatenate([before[number], after[number]], axis=1)
        larger = max(1, WIDE // before.shape[2])
        Image.fromarray(both.repeat(larger, 0).repeat(larger, 1)).save(out / name)
        pairs.append(Pair(some.items[number], some.said(number) if way == "to_target" else "", name))
    return pairs


def _safe(name: str) -> str:
    """A class as the name of a folder."""
    return "".join("_" if letter in '/\\:*?"<>|' or not letter.isprintable() else letter for letter in name)
