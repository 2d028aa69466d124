"""What is going on and how long it will take, honestly: from what the steps so far really took."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from headstart.run.state import Run, Tick

T = TypeVar("T")
TRUST = 3.0  # how many times wrong an estimate is thought to be at most
BRIEF = 0.05  # seconds; a step that was quicker had been finished earlier, and says nothing about speed


class Progress:
    """Shows the current step and the remaining time on standard error.

    A step that is left is thought to take what its finished siblings took (other folds of the same
    method), or else its estimate, times what all finished steps took over their estimates.

    Attributes:
        show: "bar" draws a line that moves, "lines" prints a line a step, "" nothing.
    """

    def __init__(self, show: Literal["bar", "lines", ""] = "") -> None:
        self.show = show
        self._expected: dict[str, float] = {}
        self._begun = time.monotonic()
        self._estimated = self._took = 0.0
        self._siblings: dict[str, list[float]] = {}
        self._name = ""
        self._bar: Any = None

    @classmethod
    def to_terminal(cls, quiet: bool = False) -> "Progress":
        """A bar on a terminal, lines elsewhere, nothing if quiet."""
        return cls("" if quiet else "bar" if sys.stderr.isatty() else "lines")

    def expect(self, steps: Mapping[str, float]) -> None:
        """Say which steps will come, and the seconds that each is thought to take."""
        self._expected.update(steps)

    def forget(self, start: str) -> None:
        """Say that the steps whose names start so won't come after all."""
        self._expected = {k: v for k, v in self._expected.items() if not k.startswith(start)}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show a step while it runs."""
        begun, self._name = time.monotonic(), name
        self._draw(0.0)
        yield
        took, estimate = time.monotonic() - begun, self._expected.pop(name, 0.0)
        if took > BRIEF:
            self._took += took
            self._estimated += estimate
            self._siblings.setdefault(_kind(name), []).append(took)
        if self.show == "lines" and took > BRIEF:
            clock = _clock(time.monotonic() - self._begun)
            sys.stderr.write(f"[{clock}] {name}: {took:.1f} s{self._left(0.0)}\n")
            sys.stderr.flush()

    def watch(self, ticks: "Iterable[Tick]", run: "Run[Any]") -> "Iterator[Tick]":
        """Show how far the run of the current step is."""
        for tick in ticks:
            self._draw(tick.step / run.recipe.steps)
            yield tick

    def count(self, items: Sequence[T]) -> Iterator[T]:
        """The items of the current step, which shows how many of them are done."""
        for done, item in enumerate(items, 1):
            self._draw(done / len(items))
            yield item

    def remaining(self, done: float = 0.0) -> float:
        """Seconds that are left, as far as one can tell; `done` is the current step's share."""
        left = sum(self._guess(name) for name in self._expected)
        current = self._guess(self._name) if self._name in self._expected else 0.0
        return max(0.0, left - done * current)

    def _guess(self, name: str) -> float:
        """Seconds that a step will take."""
        if known := self._siblings.get(_kind(name)):
            return sum(known) / len(known)
        factor = self._took / self._estimated if self._estimated > 1 else 1.0
        return self._expected[name] * min(max(factor, 1 / TRUST), TRUST)

    def close(self) -> None:
        """Leave the terminal clean."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _draw(self, done: float) -> None:
        if self.show != "bar":
            return
        if self._bar is None:
            self._bar = _bar()
            self._bar.start()
            self._bar.add_task("", total=1.0, left="")
        self._bar.update(self._bar.task_ids[0], description=self._name, completed=done, left=self._left(done))

    def _left(self, done: float) -> str:
        return f", about {_clock(self.remaining(done))} left" if self._expected else ""


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TimeElapsedColumn(),
        BarColumn(24),
        TextColumn("{task.description}"),
        TextColumn("[dim]{task.fields[left]}"),
    )
    return Bar(*columns, console=Console(stderr=True), transient=True)


def _kind(name: str) -> str:
    """What the siblings of a step have in common: its name without the number at its end."""
    return name.rstrip("0123456789")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
