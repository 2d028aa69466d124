"""Progress display with a clock, and an estimate of the remaining time from the time of finished steps."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from headstart.run.progress_bar import Drawn, NotebookBar, TerminalBar, clock, in_notebook, print_facts

if TYPE_CHECKING:
    from headstart.run.state import Run, Tick

T = TypeVar("T")
TRUST = 3.0  # largest factor by which an estimate is assumed to be wrong
BRIEF = 0.05  # seconds; a quicker step was loaded from an earlier run and is no measure of speed


class Progress:
    """Shows the current step, the time since the start and the remaining time.

    A remaining step is estimated by the time of its finished siblings (other folds of the same
    method), or else by its prior estimate, times the ratio of measured to estimated time so far.

    Attributes:
        show: "bar" draws a progress bar on standard error, "notebook" one below the cell, "lines" prints a
            line a step on standard error, "" nothing.
        limit: seconds since the start after which nothing is left, if there is a budget.
        after: seconds since the start before which no bar is drawn: what is quicker shows none.
    """

    def __init__(
        self,
        show: Literal["bar", "notebook", "lines", ""] = "",
        begun: float | None = None,
        after: float = 0.0,
    ) -> None:
        """`begun` is when the work began, by `time.monotonic`; None is now."""
        self.show, self.after = show, after
        self.limit: float | None = None
        self._expected: dict[str, float] = {}
        self._begun = time.monotonic() if begun is None else begun
        self._estimated = self._took = 0.0
        self._siblings: dict[str, list[float]] = {}
        self._name = ""
        self._bar: Drawn | None = None

    @classmethod
    def to_terminal(cls, quiet: bool = False, begun: float | None = None) -> "Progress":
        """A bar on a terminal, lines elsewhere, nothing if quiet."""
        return cls("" if quiet else "bar" if sys.stderr.isatty() else "lines", begun)

    @classmethod
    def to_notebook(cls, after: float = 0.0) -> "Progress":
        """A bar below the cell of a notebook; elsewhere nothing."""
        return cls("notebook" if in_notebook() else "", after=after)

    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begun

    def expect(self, steps: Mapping[str, float]) -> None:
        """Register the planned steps and the estimated seconds of each."""
        self._expected.update(steps)

    def learn(self, name: str, seconds: float) -> None:
        """Take what a step took in an earlier run as a measure of its siblings."""
        if seconds > BRIEF:
            self._siblings.setdefault(_kind(name), []).append(seconds)

    def tell(self, facts: Sequence[tuple[str, str]]) -> None:
        """Print aligned lines, each a word and what is said of it, above the bar; in a notebook none."""
        if self.show == "bar" and self._bar is not None:
            self._bar.tell(facts)
        elif self.show in ("bar", "lines"):
            print_facts(facts)

    def forget(self, start: str) -> None:
        """Drop the planned steps whose names start with a prefix."""
        self._expected = {k: v for k, v in self._expected.items() if not k.startswith(start)}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show a step while it runs."""
        begun, self._name = time.monotonic(), name
        self._draw(None)
        yield
        took, estimate = time.monotonic() - begun, self._expected.pop(name, 0.0)
        if took > BRIEF:
            if estimate:  # what nobody had estimated says nothing of estimates
                self._took += took
                self._estimated += estimate
            self._siblings.setdefault(_kind(name), []).append(took)
        if self.show == "lines" and took > BRIEF:
            sys.stderr.write(f"[{clock(self.elapsed())}] {name}: {took:.1f} s{self._left(0.0)}\n")
            sys.stderr.flush()

    def watch(self, ticks: "Iterable[Tick]", run: "Run[Any]") -> "Iterator[Tick]":
        """Show the progress of the current step's run."""
        for tick in ticks:
            self._draw(tick.step / run.recipe.steps)
            yield tick

    def share(self, done: float) -> None:
        """Show which share of the current step is done, in [0, 1]."""
        self._draw(done)

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
        left = self.estimate(self._expected)
        current = self.estimate([self._name])
        left = max(0.0, left - done * current)
        return left if self.limit is None else min(left, max(0.0, self.limit - self.elapsed()))

    def estimate(self, names: Iterable[str]) -> float:
        """Estimated seconds of planned steps together; one that is not planned takes none."""
        return sum(self._guess(name) for name in names if name in self._expected)

    def _guess(self, name: str) -> float:
        """Estimated seconds of a step."""
        if known := self._siblings.get(_kind(name)):
            return sum(known[-2:]) / len(known[-2:])  # the latest, as the load of a machine changes
        factor = self._took / self._estimated if self._estimated > 1 else 1.0
        return self._expected[name] * min(max(factor, 1 / TRUST), TRUST)

    def close(self) -> None:
        """Clear the progress line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _draw(self, done: float | None) -> None:
        """Show the finished share of the current step; None: unknown."""
        if self.show not in ("bar", "notebook"):
            return
        if self._bar is None:
            if self.elapsed() < self.after:
                return
            self._bar = (TerminalBar if self.show == "bar" else NotebookBar)(self.elapsed)
        self._bar.draw(self._name, done, self._left(done or 0.0))

    def _left(self, done: float) -> str:
        if self._expected:
            return f", about {clock(self.remaining(done))} left"
        if self.limit is None or self._estimated:  # of the last step of all nothing is said
            return ""
        return f", at most {clock(max(0.0, self.limit - self.elapsed()))} left"


def process_start() -> float:
    """When this process began, by `time.monotonic`, so that what was imported before counts.

    Linux says so; elsewhere it is the processor's time until now that counts.
    """
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        age = time.process_time()
    return time.monotonic() - age


def _kind(name: str) -> str:
    """The common name of a step's siblings: its own without the number at the end."""
    return name.rstrip("0123456789")
