"""Data sets shipped with headstart: clip art and handwritten digits; for their sources see NOTICE."""

import io
import zipfile
from collections.abc import Callable
from importlib.resources import files

import numpy as np

from .arrays import from_arrays
from .dataset import Dataset
from .naming import natural, numbered
from .samples import InMemory


def clipart(name: str = "clipart") -> Dataset:
    """867 pieces of public-domain clip art in 13 classes, at most 160 pixels wide and high."""
    with zipfile.ZipFile(io.BytesIO(_bytes("clipart.zip"))) as archive:
        items = tuple(sorted((n for n in archive.namelist() if "/" in n), key=natural))
        contents = [archive.read(item) for item in items]
    classes, labels = numbered([item.split("/")[0] for item in items], name)
    return Dataset(name, classes, labels, items, InMemory(contents))


def digits(name: str = "digits") -> Dataset:
    """1797 handwritten digits of 8x8 grey pixels (UCI optdigits, doi:10.24432/C50P49)."""
    with np.load(io.BytesIO(_bytes("digits.npz")), allow_pickle=False) as content:
        return from_arrays(content["x"], content["y"], None, name)


BUILT_IN: dict[str, Callable[[str], Dataset]] = {"clipart": clipart, "digits": digits}


def _bytes(name: str) -> bytes:
    return (files("headstart.data") / "builtin" / name).read_bytes()
