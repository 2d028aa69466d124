"""Which engine a frozen forward ran by, kept beside the features that it gave."""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from headstart.core import CannotWrite
from headstart.core.atomic_file import write_atomically

FILE = "engines.json"


class EngineChoices:
    """The choices in a folder of features: a run that goes on there computes by the same engine.

    The file maps a key to the seconds of a row of each engine that was tried, the chosen one first. What
    can't be read or written is tried anew by the next process.
    """

    def __init__(self, folder: Path) -> None:
        """Choices in `folder`, which need not be there yet."""
        self.file = folder / FILE

    def get(self, key: str) -> Mapping[str, float] | None:
        """Seconds of a row by engine, the chosen one first; None: there is no choice."""
        return self._read().get(key)

    def put(self, key: str, seconds: Mapping[str, float]) -> None:
        """Keep a choice, whole or not at all."""
        kept = self._read()
        if key not in kept:
            with suppress(CannotWrite):  # the features will not be written either, and say so
                write_atomically(self.file, json.dumps(kept | {key: dict(seconds)}, indent=1).encode())

    def __str__(self) -> str:
        """What was chosen, with milliseconds; "" if nothing was."""
        lines = (
            ", ".join(f"{name} {1000 * each:.2g}" for name, each in seconds.items())
            for seconds in self._read().values()
        )
        return "; ".join(f"{line} ms a row" for line in lines)

    def _read(self) -> dict[str, dict[str, float]]:
        try:
            kept = json.loads(self.file.read_text("utf-8"))
            return {key: seconds for key, seconds in kept.items() if _valid(seconds)}
        except (OSError, ValueError, AttributeError):
            return {}


def _valid(seconds: object) -> bool:
    return (
        isinstance(seconds, dict)
        and bool(seconds)
        and all(isinstance(each, float) and math.isfinite(each) for each in seconds.values())
    )
