"""Storage of raw samples: in files, in memory as pictures or texts, or in an array."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput

Rows = NDArray[np.int64]
Raw = bytes | str | NDArray[Any]  # an encoded file or row of a table, a text, pixels, or features
Kind = str  # of a modality, such as "pictures"


class Samples(Protocol):
    """Raw samples by row."""

    @property
    def kind(self) -> Kind:
        """Kind of the samples."""
        ...

    def __len__(self) -> int:
        """The number of rows."""
        ...

    def raw(self, row: int) -> Raw:
        """The raw content of a row as stored; `BadData` if it can't be read."""
        ...

    def take(self, rows: Rows) -> "Samples":
        """The samples of `rows`, in that order."""
        ...


@dataclass(frozen=True, eq=False)
class Files:
    """One sample a file."""

    paths: Sequence[Path]
    kind: Kind = "pictures"

    def __len__(self) -> int:
        return len(self.paths)

    def raw(self, row: int) -> bytes:
        """The bytes of the file."""
        try:
            return self.paths[row].read_bytes()
        except OSError as error:
            why = error.strerror or error
            raise BadData(
                f"The file {self.paths[row]} can't be read: {why}. Put it back, or load the "
                "data again without it."
            ) from error

    def take(self, rows: Rows) -> "Files":
        return Files([self.paths[row] for row in rows], self.kind)


@dataclass(frozen=True, eq=False)
class InMemory:
    """The contents of files (JPEG, PNG, WAV, ...), or pixels (h, w) or (h, w, c), of any size each."""

    contents: Sequence[bytes | NDArray[Any]]
    kind: Kind = "pictures"

    def __len__(self) -> int:
        return len(self.contents)

    def raw(self, row: int) -> bytes | NDArray[Any]:
        return self.contents[row]

    def take(self, rows: Rows) -> "InMemory":
        return InMemory([self.contents[row] for row in rows], self.kind)


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts in memory."""

    texts: Sequence[str]
    kind: Kind = "texts"

    def __len__(self) -> int:
        return len(self.texts)

    def raw(self, row: int) -> str:
        return self.texts[row]

    def take(self, rows: Rows) -> "Texts":
        return Texts([self.texts[row] for row in rows])


@dataclass(frozen=True, eq=False)
class Array:
    """Rows of an array: pixels (n, h, w) or (n, h, w, c), or features (n, ...)."""

    array: NDArray[Any]
    are_images: bool

    @property
    def kind(self) -> Kind:
        return "pictures" if self.are_images else "numbers"

    def __len__(self) -> int:
        return len(self.array)

    def raw(self, row: int) -> NDArray[Any]:
        found: NDArray[Any] = np.asarray(self.array[row])
        return found

    def take(self, rows: Rows) -> "Array":
        return Array(self.array[rows], self.are_images)


@dataclass(frozen=True, eq=False)
class Joined:
    """Samples of several sources as one sequence in a given order."""

    parts: Sequence[Samples]
    order: Rows
    kind: Kind = "pictures"

    def __len__(self) -> int:
        return len(self.order)

    def raw(self, row: int) -> Raw:
        at = int(self.order[row])
        for part in self.parts:
            if at < len(part):
                return part.raw(at)
            at -= len(part)
        raise IndexError(row)

    def take(self, rows: Rows) -> "Joined":
        return Joined(self.parts, self.order[rows], self.kind)


def digest(raw: Raw) -> str:
    """32 hex digits of one sample; arrays of another shape or kind differ."""
    if isinstance(raw, str):
        raw = b"text" + raw.encode("utf-8", "surrogatepass")
    if isinstance(raw, bytes):
        return hashlib.blake2b(raw, digest_size=16).hexdigest()
    head = f"{raw.dtype.str}{raw.shape}".encode()
    return hashlib.blake2b(head + raw.tobytes(), digest_size=16).hexdigest()


def pixels_last(x: NDArray[Any]) -> NDArray[Any] | None:
    """View of pictures as (n, h, w) or (n, h, w, c); None if x has another number of axes.

    Raises:
        BadInput: four axes, none of which is the colours.
    """
    if x.ndim not in (3, 4):
        return None
    if x.ndim == 3 or x.shape[3] in (1, 3, 4):
        return x
    if x.shape[1] in (1, 3):
        return x.transpose(0, 2, 3, 1)
    raise BadInput(
        f"{x.dtype} of shape {x.shape} is no pictures: (n, h, w), (n, h, w, 1 | 3 | 4) and "
        "(n, 1 | 3, h, w) are. Give features as floats."
    )
