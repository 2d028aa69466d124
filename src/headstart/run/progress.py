"""Progress display with a remaining-time estimate based on the measured time of finished steps."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from headstart.run.state import Run, Tick

T = TypeVar("T")
TRUST = 3.0  # largest factor by which an estimate is assumed to be wrong
BRIEF = 0.05  # seconds; a quicker step was loaded from an earlier run and is no measure of speed


class Progress:
    """Shows the current step and the remaining time on standard error.

    A remaining step is estimated by the time of its finished siblings (other folds of the same
    method), or else by its prior estimate, times the ratio of measured to estimated time so far.

    Attributes:
        show: "bar" draws a progress bar, "lines" prints a line a step, "" nothing.
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
        """Register the planned steps and the estimated seconds of each."""
        self._expected.update(steps)

    def forget(self, start: str) -> None:
        """Drop the planned steps whose names start with a prefix."""
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
        """Show the progress of the current step's run."""
        for tick in ticks:
            self._draw(tick.step / run.recipe.steps)
            yield tick

    def count(self, items: Sequence[T]) -> Iterator[T]:
        """Iterate over the items of the current step and show how many are done."""
        for done, item in enumerate(items, 1):
            self._draw(done / len(items))
            yield item

    def advance(self, total: int) -> Callable[[int], None]:
        """A function that shows that so many more parts of the current step, of `total`, are done."""
        done = 0

        def more(parts: int) -> None:
            nonlocal done
            done += parts
            self._draw(done / total)

        return more

    def remaining(self, done: float = 0.0) -> float:
        """Estimated remaining seconds; `done` is the finished share of the current step."""
        left = sum(self._guess(name) for name in self._expected)
        current = self._guess(self._name) if self._name in self._expected else 0.0
        return max(0.0, left - done * current)

    def _guess(self, name: str) -> float:
        """Estimated seconds of a step."""
        if known := self._siblings.get(_kind(name)):
            return sum(known) / len(known)
        factor = self._took / self._estimated if self._estimated > 1 else 1.0
        return self._expected[name] * min(max(factor, 1 / TRUST), TRUST)

    def close(self) -> None:
        """Clear the progress line."""
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
    """The common name of a step's siblings: its own without the number at the end."""
    return name.rstrip("0123456789")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
