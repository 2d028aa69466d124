"""Where the samples of a dataset lie: in files, in memory as encoded pictures, in an array."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData

Rows = NDArray[np.int64]
Raw = bytes | NDArray[Any]  # an encoded picture, the pixels of one, or features


class Samples(Protocol):
    """Raw samples by row."""

    @property
    def are_images(self) -> bool:
        """Whether the rows are pictures."""
        ...

    def __len__(self) -> int:
        """The number of rows."""
        ...

    def raw(self, row: int) -> Raw:
        """The content of a row as it lies there; `BadData` if it can't be read."""
        ...

    def take(self, rows: Rows) -> "Samples":
        """The samples of `rows`, in that order."""
        ...


@dataclass(frozen=True, eq=False)
class Files:
    """One picture a file."""

    paths: Sequence[Path]
    are_images: bool = True

    def __len__(self) -> int:
        return len(self.paths)

    def raw(self, row: int) -> bytes:
        """The bytes of the file."""
        try:
            return self.paths[row].read_bytes()
        except OSError as error:
            why = error.strerror or error
            raise BadData(
                f"The picture {self.paths[row]} can't be read: {why}. Put it back, or load the "
                "data again without it."
            ) from error

    def take(self, rows: Rows) -> "Files":
        return Files([self.paths[row] for row in rows])


@dataclass(frozen=True, eq=False)
class Encoded:
    """Encoded pictures (JPEG, PNG, WebP, ...) in memory."""

    contents: Sequence[bytes]
    are_images: bool = True

    def __len__(self) -> int:
        return len(self.contents)

    def raw(self, row: int) -> bytes:
        return self.contents[row]

    def take(self, rows: Rows) -> "Encoded":
        return Encoded([self.contents[row] for row in rows])


@dataclass(frozen=True, eq=False)
class Array:
    """Rows of an array: uint8 pixels (n, h, w) or (n, h, w, c), or features (n, ...)."""

    array: NDArray[Any]
    are_images: bool

    def __len__(self) -> int:
        return len(self.array)

    def raw(self, row: int) -> NDArray[Any]:
        found: NDArray[Any] = np.asarray(self.array[row])
        return found

    def take(self, rows: Rows) -> "Array":
        return Array(self.array[rows], self.are_images)
