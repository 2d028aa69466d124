"""Sample loaders: rows to tensors; pictures are decoded in threads and cached in memory."""

import hashlib
import json
from collections.abc import Callable
from functools import cached_property
from threading import Lock
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadInput, Preprocess, Tokens, derive_seed
from headstart.core.tokens import filled_up
from headstart.data.parallel import parallel_map

from .augment import Augment, Pixels
from .dataset import Dataset
from .decode import prepare
from .opening import Source
from .samples import Raw, Rows

PLAIN = -1  # the view of a row without augmentation


@final
class Arrays:
    """Loader of a dataset of numbers, as float32; all views are the same."""

    def __init__(self, dataset: Dataset) -> None:
        """Load from `dataset`, an array of numbers."""
        if dataset.array is None or dataset.kind != "numbers":
            raise BadInput(
                f"Arrays are served of numbers, but {dataset.name} is made of {dataset.kind}: its modality "
                "says what serves them, Sentences for texts and Pictures for pictures."
            )
        self._array = dataset.array
        self._dataset = dataset

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return tuple(self._array.shape[1:])

    @property
    def content(self) -> str:
        """Digest of the dataset's content."""
        return _hex("arrays", self._dataset.content)

    def fetch(self, rows: Rows, views: Rows) -> Tensor:
        """Float32 (n, ...)."""
        return torch.from_numpy(np.asarray(self._array[rows], dtype=np.float32))


@final
class Sentences:
    """Loader of the texts of a dataset as token ids, tokenised once; all views are the same."""

    def __init__(self, dataset: Dataset, tokens: Tokens) -> None:
        """Load from `dataset`, which is of texts, tokenised by `tokens`."""
        if dataset.texts is None:
            raise BadInput(f"{dataset.name} is not made of texts.")
        self._dataset = dataset
        self._tokens = tokens

    @cached_property
    def _ids(self) -> list[NDArray[np.int32]]:
        assert self._dataset.texts is not None
        return self._tokens.ids(self._dataset.texts)[0]

    def lengths(self, rows: Rows) -> Rows:
        """Number of tokens (n,) of each row."""
        return np.array([len(self._ids[row]) for row in rows.tolist()], dtype=np.int64)

    @property
    def content(self) -> str:
        """Digest of the dataset's content and of the tokenisation."""
        return _hex("texts", self._dataset.content, self._tokens.settings())

    def fetch(self, rows: Rows, views: Rows) -> Tensor:
        """Int64 (n, longest of them), padded with -1."""
        return filled_up([self._ids[row] for row in rows.tolist()])


def as_stored(raw: Raw, name: str) -> Source:
    """Return a raw picture unchanged."""
    if isinstance(raw, str):
        raise BadInput(f"{name} is a text, no picture; serve texts with their modality's loader.")
    return raw


@final
class Pictures:
    """Loader of the pictures of a dataset, resized and augmented: uint8 (n, 3, height, width)."""

    def __init__(
        self,
        dataset: Dataset,
        preprocess: Preprocess,
        augment: Augment | None = None,
        seed: int = 0,
        memory: int = 2**30,
        opened: Callable[[Raw, str], Source] = as_stored,
    ) -> None:
        """Load from `dataset`, of pictures or of samples that `opened` converts to pictures.

        Args:
            dataset: the pictures.
            preprocess: how they become the input of a backbone.
            augment: makes random views (numbers >= 0); None: no augmentation.
            seed: of the random views.
            memory: bytes of decoded pictures to cache; others are decoded again.
            opened: maps a raw sample and its name to a picture.
        """
        if Preprocess not in dataset.modality.readers:
            raise BadInput(f"{dataset.name} is not made of pictures; serve it with Arrays.")
        self._dataset = dataset
        self._preprocess = preprocess
        self._augment = augment if augment is not None and augment.changes else None
        self._seed = seed
        self._room = memory
        self._opened = opened
        self._kept: dict[tuple[int, float], Pixels] = {}
        self._lock = Lock()
        # a random crop may reach to where the plain one ends: the edge of the shorter side
        self._margin = 1 / preprocess.keep if preprocess.fit == "crop" else 1.0

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample: 3, height, width."""
        return (3, *self._preprocess.size)

    @property
    def content(self) -> str:
        """Digest of the dataset's content, the preprocessing, the augmentation and its seed."""
        random = None
        if self._augment is not None:
            random = [self._augment.settings(), self._seed]
        return _hex("pictures", self._dataset.content, self._preprocess.settings(), random)

    def fetch(self, rows: Rows, views: Rows) -> Tensor:
        """Uint8 (n, 3, height, width), channels last in memory.

        Raises:
            BadData: a picture is no longer readable; the text names it.
        """
        size = self._preprocess.size
        if self._augment is None:
            return self._decoded(rows, 1.0, size)
        plain = views == PLAIN
        if plain.all():
            return self._decoded(rows, 1.0, size)
        random = self._views(rows[~plain], views[~plain])
        if not plain.any():
            return random
        place = np.argsort(np.concatenate([np.flatnonzero(plain), np.flatnonzero(~plain)]))
        both = torch.cat([self._decoded(rows[plain], 1.0, size), random])
        return both[torch.from_numpy(place)].contiguous(memory_format=torch.channels_last)

    def _views(self, rows: Rows, views: Rows) -> Tensor:
        assert self._augment is not None
        height, width = (round(side * self._margin) for side in self._preprocess.size)
        pairs = zip(rows.tolist(), views.tolist(), strict=True)
        seeds = np.array([derive_seed(self._seed, "view", *pair) for pair in pairs], dtype=np.int64)
        larger = self._decoded(rows, self._margin, (height, width))
        return self._augment(larger, seeds, self._preprocess.size)

    def _decoded(self, rows: Rows, margin: float, size: tuple[int, int]) -> Tensor:
        """The rows without augmentation, from the cache or decoded, each row once."""
        wanted = [(row, margin) for row in rows.tolist()]
        found = {key: self._kept[key] for key in wanted if key in self._kept}
        missing = list(dict.fromkeys(key for key in wanted if key not in found))
        for key, picture in zip(missing, parallel_map(self._decode, missing), strict=True):
            found[key] = picture
            self._keep(key, picture)
        batch = np.empty((len(wanted), *size, 3), dtype=np.uint8)
        for place, key in enumerate(wanted):
            batch[place] = found[key]
        return torch.from_numpy(batch).permute(0, 3, 1, 2)

    def _decode(self, key: tuple[int, float]) -> Pixels:
        row, margin = key
        dataset = self._dataset
        opened, name = self._opened(dataset.raw(row), dataset.items[row]), dataset.items[row]
        picture = prepare(opened, self._preprocess, margin, name)
        return picture.permute(1, 2, 0).numpy()  # (height, width, 3)

    def _keep(self, key: tuple[int, float], picture: Pixels) -> None:
        with self._lock:
            if key not in self._kept and picture.nbytes <= self._room:
                self._kept[key] = picture
                self._room -= picture.nbytes


def _hex(*values: object) -> str:
    text = json.dumps(values, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
