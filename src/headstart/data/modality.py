"""A modality is one kind of data: which files it has, how a row is read, checked, compared, fed and shown.

Each file in `modalities/` holds one. They are found by walking that folder, and nobody else asks what kind
of data there is: a data set answers with its `modality`.
"""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from headstart.core import Preprocess, Reader, SampleLoader

from .augment import Augment
from .near_duplicates import Pair
from .samples import Raw, Rows

D = TypeVar("D")  # `Dataset`, which knows its modality and so can't be known here
Fetch = Callable[[Rows], Tensor]  # the samples (n, ...) of rows (n,), as the backbone takes them
Features = Callable[[D, Rows, Fetch], Tensor]  # plain numbers (n, d) for rows (n,) of a data set

DEFAULT = "pictures"  # what files of unknown endings are taken for
BATCH = 64  # samples that are made plain together
RAW_SIZE = 16  # pixels a side: more make a linear model of few pictures no better


class Inputs(NamedTuple):
    """New items as a backbone takes them."""

    x: Tensor  # (n, ...)
    unseen: Mapping[str, int] = MappingProxyType({})  # rows with a name that no training row had, by column


class Modality(ABC, Generic[D]):
    """One kind of data. Its attributes and methods answer all that depends on the kind.

    Attributes:
        kind: its name in the records, such as "pictures".
        rows: what a few of its rows are called in a sentence.
        description: what data of this kind hold, in a sentence.
        example: the ending of such a file, for messages.
        suffixes: endings of files that hold one sample each; none if a file holds many rows.
        formats: these files in words.
        readers: the readers of backbones that can take it; `NoneType` is a backbone for arrays.
        backbone: the built-in backbone that suits it.
        advice: which backbone to give instead of one that does not take it.
        hub: where names of backbones that are not known are looked for; "" for nowhere.
        augment: how random views for training come about; None if there are none.
        same_shape: whether all rows have one shape once they are read.
        whole: whether new items come as one thing, such as a table, rather than as a list.
        by_columns: whether rows are columns of numbers, which can be compared without a backbone.
        speed: samples a second of training, until a progress bar knows better.
        near: what near duplicates have in common, in a sentence.
        baseline: the plain baseline: its name in the records, and what its regression is on.
        built_in: makers of data sets that come with headstart, by name.
    """

    kind: ClassVar[str]
    rows: ClassVar[str] = "rows"
    description: ClassVar[str]
    suffixes: ClassVar[frozenset[str]] = frozenset()
    example: ClassVar[str] = ""
    formats: ClassVar[str] = ""
    readers: ClassVar[tuple[type, ...]]
    backbone: ClassVar[str]
    advice: ClassVar[str]
    hub: ClassVar[str] = ""
    augment: ClassVar[Augment | None] = None
    same_shape: ClassVar[bool] = True
    whole: ClassVar[bool] = False
    by_columns: ClassVar[bool] = False
    speed: ClassVar[float] = 100.0
    near: ClassVar[str] = "look nearly like another one"
    baseline: ClassVar[tuple[str, str]] = ("raw-pixels", "raw numbers")
    built_in: ClassVar[Mapping[str, Callable[[str], Any]]] = {}

    # reading

    def picture(self, raw: Raw, name: str) -> Image.Image | None:
        """A row as an RGB picture to look at; None if it has none; `BadData` if it can't be read."""
        return None

    def text(self, data: D, row: int) -> str:
        """A row as a text to read; "" if it has none."""
        return ""

    def named(self, data: D, row: int) -> str:
        """What a list calls a row: its item, and the first words of what it says."""
        return str(data.items[row])  # type: ignore[attr-defined]

    # checking

    def glance(self, raw: Raw, name: str) -> Any:
        """What near duplicates and findings need of a row; `BadData` says why it can't be read."""
        return None

    def near_duplicates(self, glances: Sequence[Any]) -> list[Pair]:
        """Pairs (i, j), i < j, of rows that differ in nothing that matters."""
        return []

    def findings(self, data: D, glances: Sequence[Any], reader: Reader | None) -> list[Any]:
        """What the check says of readable rows besides labels and duplicates, as `Finding`s."""
        return []

    def unreadable(self, count: int, total: int, first: str) -> tuple[str, str]:
        """The kind and the text of the finding that `count` of `total` rows were left out."""
        return "unreadable", (
            f"{count} of {total} {self.rows} can't be read and are left out. The first: {first}"
        )

    def shape(self, data: D) -> tuple[int, ...] | None:
        """What the input shape of a backbone has to be for these rows; None if it fits them to its own."""
        return None

    def matched(self, data: D, like: D) -> D:
        """`data` in the form of `like`, of the same kind; `BadData` if they can't be in one form."""
        return data

    # feeding

    def suited(self, data: D, reader: Reader | None, size: int | None, fit: str) -> Reader | None:
        """The reader of a backbone with the size and fit that a user named, or else that suit the data."""
        return reader

    @abstractmethod
    def loader(self, data: D, reader: Reader | None, augment: Augment | None) -> SampleLoader:
        """The samples of a data set as a backbone with that reader takes them."""

    @abstractmethod
    def inputs(self, items: Any, reader: Reader | None) -> Inputs:
        """New items, as a user gives them to a predictor, as the backbone takes them.

        Raises:
            BadInput: they are something else.
            BadData: one of them can't be read; it is named.
        """

    def features(self, data: D, rows: Rows, reader: Reader | None) -> Features[D]:
        """What the plain baseline learns from, fitted to the training rows (n,) alone."""
        return raw_numbers


def raw(samples: Tensor) -> Tensor:
    """Samples (n, ...) as plain numbers (n, d): pictures at 16 x 16 pixels, the rest as it is."""
    if samples.ndim == 4:
        samples = adaptive_avg_pool2d(samples.float() / 255, RAW_SIZE)
    return samples.float().flatten(1)


def raw_numbers(data: Any, rows: Rows, fetch: Fetch) -> Tensor:
    """`raw` of the samples of rows (n,), few at a time, as samples are large."""
    return torch.cat([raw(fetch(some)) for some in np.array_split(rows, max(1, -(-len(rows) // BATCH)))])


def pictured(reader: Reader | None) -> Preprocess:
    """The reader of a backbone for pictures."""
    assert isinstance(reader, Preprocess)
    return reader


@cache
def modalities() -> dict[str, Modality[Any]]:
    """All modalities by kind, in the order of their files, found by looking; no list to keep."""
    package = importlib.import_module("headstart.data.modalities")
    names = [f"{package.__name__}.{info.name}" for info in pkgutil.iter_modules(package.__path__)]
    modules = [importlib.import_module(name) for name in names]
    classes = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Modality) and value.__module__ == module.__name__
    ]
    return {found.kind: found() for found in classes}


def kind_of_files(paths: Iterable[str | Path]) -> str:
    """The kind of which most of the files are, by their endings; "pictures" if none is known."""
    kinds = {suffix: one.kind for one in modalities().values() for suffix in one.suffixes}
    counts = Counter(kinds.get(Path(path).suffix.lower()) for path in paths)
    counts.pop(None, None)
    return max(counts, key=lambda kind: (counts[kind], kind == DEFAULT, kind), default=DEFAULT) or DEFAULT


def file_suffixes() -> frozenset[str]:
    """The endings of files that hold one sample each, of any kind."""
    return frozenset(suffix for one in modalities().values() for suffix in one.suffixes)


def file_formats() -> str:
    """Those files in words: "pictures (JPEG, ...) or sounds (WAV, ...)"."""
    return " or ".join(f"{one.rows} ({one.formats})" for one in modalities().values() if one.suffixes)
