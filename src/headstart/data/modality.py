"""Interface of a modality, one kind of data: how rows are read, checked, compared, fed and displayed.

Each file in `modalities/` holds one, found by walking that folder. No other code branches on the kind of
data: it calls the data set's `modality`.
"""

import importlib
import math
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
from .suffixes import suffix_of
from .unseen import Unseen

D = TypeVar("D")  # `Dataset`, which knows its modality and so can't be known here
Fetch = Callable[[Rows], Tensor]  # the samples (n, ...) of rows (n,), as the backbone takes them
Features = Callable[[D, Rows, Fetch], Tensor]  # plain numbers (n, d) for rows (n,) of a data set

DEFAULT = "pictures"  # kind assumed for files with unknown suffixes
BATCH = 64  # samples converted to plain numbers at once
STEP = 32  # pixels: most architectures halve their maps five times
RAW_SIZE = 16  # pixels a side: more do not improve a linear model of few pictures


class Inputs(NamedTuple):
    """New items, preprocessed for a backbone."""

    x: Tensor  # (n, ...)
    unseen: Mapping[str, Unseen] = MappingProxyType({})  # names that no training row had, by column


class Modality(ABC, Generic[D]):
    """One kind of data; implements everything that depends on the kind.

    Attributes:
        kind: its name in the records, such as "pictures".
        rows: plural noun for its rows in sentences.
        description: of data of this kind, as a sentence.
        example: the suffix of such a file, for messages.
        suffixes: of files that hold one sample each; none if a file holds many rows.
        formats: these files in words.
        readers: reader types of compatible backbones; `NoneType` is a backbone for arrays.
        backbone: the default built-in backbone.
        advice: which backbone to use instead of an incompatible one.
        hub: where unknown backbone names are looked up; "" for nowhere.
        augment: the augmentation of training samples; None if there is none.
        whole: whether new items are passed as one object, such as a table, rather than as a list.
        by_columns: whether rows are columns of numbers, which can be compared without a backbone.
        speed: prior estimate of training speed, in samples a second.
        near: definition of near duplicates, as a sentence.
        baseline: the plain baseline: its name in the records, and the features of its regression.
        methods: names of methods that suit it, beside those that suit all kinds.
        more_methods: names of further ones, for which a package has to be there that few have.
        built_in: loaders of built-in data sets, by name.
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
    whole: ClassVar[bool] = False
    by_columns: ClassVar[bool] = False
    speed: ClassVar[float] = 100.0
    near: ClassVar[str] = "look nearly like another one"
    baseline: ClassVar[tuple[str, str]] = ("raw-pixels", "raw numbers")
    methods: ClassVar[tuple[str, ...]] = ()
    more_methods: ClassVar[tuple[str, ...]] = ()
    built_in: ClassVar[Mapping[str, Callable[[str], Any]]] = {}

    # reading

    def picture(self, raw: Raw, name: str) -> Image.Image | None:
        """A row as an RGB picture for display; None if it has none; `BadData` if it can't be read."""
        return None

    def text(self, data: D, row: int) -> str:
        """A row as a text for display; "" if it has none."""
        return ""

    def named(self, data: D, row: int) -> str:
        """Display name of a row in lists: its item, with the first words of its text."""
        return str(data.items[row])  # type: ignore[attr-defined]

    # checking

    def glance(self, raw: Raw, name: str) -> Any:
        """Summary of a row for near duplicates and findings; raises `BadData` if it can't be read."""
        return None

    def near_duplicates(self, glances: Sequence[Any]) -> list[Pair]:
        """Pairs (i, j), i < j, of near-duplicate rows."""
        return []

    def findings(self, data: D, glances: Sequence[Any], reader: Reader | None) -> list[Any]:
        """Findings on readable rows, apart from labels and duplicates."""
        return []

    def unreadable(self, count: int, total: int, why: str) -> tuple[str, str]:
        """The kind and the text of the finding that `count` of `total` rows were left out.

        Args:
            count: rows that can't be read.
            total: all rows.
            why: what is wrong with the first of them, or with the first of each of the commonest reasons.
        """
        are = "is" if count == 1 else "are"
        return "unreadable", f"{count} of {total} {self.rows} can't be read and {are} left out. {why}"

    def shape(self, data: D) -> tuple[int, ...] | None:
        """Required input shape of a backbone for these rows; None if rows are resized to the backbone's."""
        return None

    def matched(self, data: D, like: D) -> D:
        """Convert `data` to the form of `like`, of the same kind; `BadData` if that is impossible."""
        return data

    # feeding

    def suited(self, data: D, reader: Reader | None, size: int | None, fit: str | None) -> Reader | None:
        """The reader of a backbone with the user's size and fit, or else with those that suit the data."""
        return reader

    def sizes(self, data: D, reader: Reader | None) -> tuple[int | None, ...]:
        """Sizes, as in `suited`, that are worth comparing, the costliest first; None is the reader's own."""
        return ()

    def fits(self, data: D) -> tuple[str, ...]:
        """Ways of fitting, as in `suited`, that differ for these rows."""
        return ()

    def size_of(self, reader: Reader | None) -> str:
        """The size of a reader in words."""
        return ""

    @abstractmethod
    def loader(self, data: D, reader: Reader | None, augment: Augment | None) -> SampleLoader:
        """Loader of the samples of a data set, preprocessed by a reader."""

    def listed(self, items: Any) -> Any:
        """New items in the layout of this kind; `BadInput` if it is one alone, or of another shape."""
        return items

    @abstractmethod
    def inputs(self, items: Any, reader: Reader | None) -> Inputs:
        """Preprocess new items that a user passes to a predictor.

        Raises:
            BadInput: they are of an unsupported type.
            BadData: one of them can't be read; it is named.
        """

    def features(self, data: D, rows: Rows, reader: Reader | None) -> Features[D]:
        """Features of the plain baseline, fitted to the training rows (n,) only."""
        return raw_numbers


def raw(samples: Tensor) -> Tensor:
    """Samples (n, ...) as plain numbers (n, d): pictures at 16 x 16 pixels, others flattened."""
    if samples.ndim == 4:
        samples = adaptive_avg_pool2d(samples.float() / 255, RAW_SIZE)
    return samples.float().flatten(1)


def raw_numbers(data: Any, rows: Rows, fetch: Fetch) -> Tensor:
    """`raw` of the samples of rows (n,), in small chunks, as samples are large."""
    return torch.cat([raw(fetch(some)) for some in np.array_split(rows, max(1, -(-len(rows) // BATCH)))])


def pictured(reader: Reader | None) -> Preprocess:
    """The reader of a backbone for pictures."""
    assert isinstance(reader, Preprocess)
    return reader


def smaller_sizes(reader: Preprocess) -> tuple[int | None, ...]:
    """None, for the reader's own size, and sides of about half and a quarter as many pixels."""
    sides = [round(max(reader.size) * factor / STEP) * STEP for factor in (math.sqrt(0.5), 0.5)]
    return (None, *(side for side in dict.fromkeys(sides) if 0 < side < max(reader.size)))


@cache
def modalities() -> dict[str, Modality[Any]]:
    """All modalities by kind, in the order of their files; there is no list to maintain."""
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
    """The most frequent kind of the files by suffix; "pictures" if no suffix is known."""
    kinds = {suffix: one.kind for one in modalities().values() for suffix in one.suffixes}
    counts = Counter(kinds.get(suffix_of(path)) for path in paths)
    counts.pop(None, None)
    return max(counts, key=lambda kind: (counts[kind], kind == DEFAULT, kind), default=DEFAULT) or DEFAULT


def file_suffixes() -> frozenset[str]:
    """Suffixes of files that hold one sample each, of any kind."""
    return frozenset(suffix for one in modalities().values() for suffix in one.suffixes)


def file_formats() -> str:
    """File formats of all modalities in words: "pictures (JPEG, ...) or sounds (WAV, ...)"."""
    named = sorted(
        (one for one in modalities().values() if one.suffixes), key=lambda one: one.kind != DEFAULT
    )
    return " or ".join(f"{one.rows} ({one.formats})" for one in named)
