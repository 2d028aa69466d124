"""A bar on a terminal from the start of a command until it prints: imports, models and files take seconds."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headstart.run.progress import Progress

_open: list["Waiting"] = []  # that of the command which runs


class Waiting:
    """The bar of a command; its first step is what the command imports."""

    def __init__(self, quiet: bool) -> None:
        from headstart.run.progress import Progress

        self.progress = Progress("bar" if sys.stderr.isatty() and not quiet else "")
        self._start = ExitStack()
        self._start.enter_context(self.progress.step("start"))
        self._start.enter_context(self.progress.imports())

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[float], None]]:
        """Name what the command does meanwhile; gives a function that shows its finished share, in [0, 1]."""
        self._start.close()
        with self.progress.step(name):
            yield self.progress.share

    def end(self) -> None:
        """Clear the bar."""
        self._start.close()
        self.progress.close()


@contextmanager
def waiting(quiet: bool = False) -> Iterator[None]:
    """Inside, a bar is drawn until something is printed; none if quiet, and where there is no terminal."""
    _open.append(Waiting(quiet))
    try:
        yield
    finally:
        _open.pop().end()


@contextmanager
def step(name: str) -> Iterator[Callable[[float], None]]:
    """Name what the command does meanwhile on its bar; gives a function that shows its finished share."""
    with (_open[-1] if _open else Waiting(quiet=True)).step(name) as show:
        yield show


def progress() -> "Progress":
    """That of the command which runs, for what counts its items itself."""
    return (_open[-1] if _open else Waiting(quiet=True)).progress


def end() -> None:
    """Clear the bar, as something is to be printed."""
    if _open:
        _open[-1].end()
