"""The interface between rows of a data set and the numbers that generative models learn."""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Self

from torch import Tensor

from headstart.core import BadInput
from headstart.data.dataset import Dataset
from headstart.data.samples import Samples

PACKAGE = "headstart.generators.spaces"
TOLERANCE = 0.05  # of the range, by which a number may leave it before that counts


@dataclass(frozen=True)
class Decoded:
    """Rows made of numbers.

    Attributes:
        samples: the rows.
        clipped: bool (n,), which had numbers out of the range of the training rows, now at its ends.
    """

    samples: Samples
    clipped: Tensor


class Space(ABC):
    """Rows of one kind as samples (n, *shape) of about unit scale.

    Attributes:
        kind: of the samples, such as "pictures".
        notes: sentences on what is lost.
    """

    kind: ClassVar[str]
    notes: tuple[str, ...] = ()

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Of one sample."""

    @classmethod
    @abstractmethod
    def of(cls, data: Dataset, size: int | None) -> Self:
        """Fit it to all rows of some data; `size` is the side of pictures in pixels, None the data's own."""

    @abstractmethod
    def encode(self, data: Dataset) -> Tensor:
        """Samples float32 (n, *shape)."""

    @abstractmethod
    def decode(self, x: Tensor) -> Decoded:
        """Rows of samples (n, *shape), within the range of the training rows."""

    @abstractmethod
    def write(self, data: Dataset, folder: Path) -> str:
        """Write rows into a folder in a form that `hs.data.load` takes; the name in it of what it takes."""

    @property
    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """JSON values for `from_settings`."""

    @classmethod
    @abstractmethod
    def from_settings(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `settings`."""


@cache
def spaces() -> dict[str, type[Space]]:
    """All of them by kind of the rows; there is no list to maintain."""
    root, found = importlib.import_module(PACKAGE), {}
    for info in pkgutil.iter_modules(root.__path__, PACKAGE + "."):
        for value in vars(importlib.import_module(info.name)).values():
            own = isinstance(value, type) and issubclass(value, Space) and value.__module__ == info.name
            if own and value is not Space:
                found[value.kind] = value
    return found


def space_of(data: Dataset, size: int | None = None) -> Space:
    """The space of a data set, fitted to all its rows.

    Raises:
        BadInput: no generative model draws rows of its kind, or of one of its columns.
    """
    if data.kind not in spaces():
        raise BadInput(
            f"{data.name} holds {data.modality.description}, which no generative model here draws. Pictures, "
            "tables and numbers can be drawn."
        )
    return spaces()[data.kind].of(data, size)
