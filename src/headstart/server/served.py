"""What a server asks of a model: items prepared one by one, answers of many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.runtime.predictions import Decision

Floats = NDArray[np.float64]
FILES = "pictures", "sounds"  # kinds of items that are sent as files
WATCHED = (
    "config.json",
    "model.safetensors",
    "model.onnx",
)  # files of a model that may change while it is served


@dataclass(frozen=True, eq=False)
class Job:
    """One prepared item, and the models that are to answer for it.

    Attributes:
        x: as the engine takes it, without the axis of rows.
        models: names of models of one engine that prepare items alike.
        features: whether its features are wanted too.
    """

    x: Any
    models: tuple[str, ...]
    features: bool = False


@dataclass(frozen=True, eq=False)
class Outcome:
    """The answer to a job.

    Attributes:
        outputs: (k,) probabilities or numbers, by model.
        features: (width,) by model, of those that were wanted and are known.
    """

    outputs: Mapping[str, Floats]
    features: Mapping[str, Floats] = field(default_factory=dict)


class Engine(Protocol):
    """Computes many jobs at once, in one thread after the other."""

    def answer(self, jobs: Sequence[Job]) -> list[Outcome]:
        """An outcome for each job."""
        ...


class Served(Protocol):
    """A model that is served.

    Attributes:
        name: in addresses.
        kind: of its items: "pictures", "sounds", "texts", "tables" or "numbers".
        label_kind: "classes", "tags" or "numbers".
        classes: names of its outputs.
        folder: that it was opened from.
        engine: that computes it; models that share a backbone share it.
        reads: equal where two models of one engine prepare items alike.
        decision: how its probabilities become a label.
        form: what a row of a table has, by column: JSON schemas; None if it takes no rows.
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    folder: Path
    reads: object
    decision: Decision

    @property
    def label_kind(self) -> str:
        """Of its outputs."""
        ...

    @property
    def engine(self) -> Engine:
        """That computes it."""
        ...

    @property
    def form(self) -> Mapping[str, Mapping[str, Any]] | None:
        """Of a row."""
        ...

    def prepare(self, item: Any) -> tuple[Any, list[str]]:
        """An item as the engine takes it, and what to beware of, as sentences.

        Raises:
            HeadstartError: it can't be read.
        """
        ...

    def predicted(self, outputs: Floats) -> dict[str, Any]:
        """The prediction from outputs (k,), as JSON values."""
        ...


def state_of(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells whether a model's files were changed: their sizes and times."""
    found = [(name, folder / name) for name in WATCHED]
    return tuple((name, *_size_and_time(file)) for name, file in found if file.is_file())


def _size_and_time(file: Path) -> tuple[int, int]:
    try:
        stat = file.stat()
    except OSError:
        return -1, -1
    return stat.st_size, stat.st_mtime_ns
