"""What a session writes down while it trains: the ticks, and the last good weights of what diverged."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from headstart.core import CannotWrite, Diverged, HeadstartError
from headstart.run.checkpoint import save_state
from headstart.run.state import Run, Tick
from headstart.run.watch import log


def save_last(run: Run[Any], checkpoint: Path, error: Diverged) -> None:
    """Save the last good weights; where that fails, say so without hiding the error."""
    try:
        save_state(run.state_dict(), checkpoint)
    except CannotWrite as failure:
        raise Diverged(f"{error} {failure}") from error


def logged(ticks: Iterable[Tick], file: Path, name: str, run: Run[Any]) -> Iterator[Tick]:
    """The ticks, each of which is a line in the file.

    Raises:
        CannotWrite: no space or no right.
    """
    try:
        yield from log(ticks, file, name, run)
    except OSError as error:
        if isinstance(error, HeadstartError):
            raise
        raise CannotWrite(f"Can't write {file}: {error.strerror or error}. Free some space.") from error
