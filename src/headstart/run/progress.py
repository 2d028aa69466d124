"""Progress display with a clock and the remaining time."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from headstart.run.estimates import BRIEF, Estimates
from headstart.run.imports import counted_imports
from headstart.run.progress_bar import Drawn, NotebookBar, TerminalBar, clock, in_notebook, print_facts

if TYPE_CHECKING:
    from headstart.run.state import Run, Tick

T = TypeVar("T")


class Progress:
    """Shows the current step, the time since the start and the remaining time.

    What remains is estimated anew from what the finished steps took, see `Estimates`, and from how fast the
    current one is.

    Attributes:
        show: "bar" draws a progress bar on standard error, "notebook" one below the cell, "lines" prints a
            line a step on standard error, "" nothing.
        limit: seconds since the start to which what remains is cut, if there is a budget.
        certain: names of steps that no budget cuts.
        told: what the lines above the bar have said.
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
        self.certain: frozenset[str] = frozenset()
        self._begun = time.monotonic() if begun is None else begun
        self._estimates = Estimates()
        self.told: set[str] = set()
        self._name, self._since = "", self._begun  # of the current step
        self._done: float | None = None  # its finished share
        self._more = False  # whether steps come that are not known yet
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

    def expect(self, steps: Mapping[str, float], *, more: bool = False) -> None:
        """Register planned steps and the estimated seconds of each.

        Where `more` come that are not known yet, the limit is all that is shown of the remaining time.
        """
        self._estimates.expect(steps)
        self._more = more

    def learn(self, name: str, seconds: float) -> None:
        """Take what a step took in an earlier run as a measure of its siblings."""
        self._estimates.learn(name, seconds)

    def forget(self, start: str) -> None:
        """Drop the planned steps whose names start with a prefix."""
        self._estimates.forget(start)

    def tell(self, facts: Sequence[tuple[str, str]]) -> None:
        """Print aligned lines, each a word and what is said of it, above the bar; in a notebook none."""
        if self.show in ("bar", "lines"):
            self.told.update(text.removeprefix("! ") for _, text in facts)
        if self.show == "bar" and self._bar is not None:
            self._bar.tell(facts)
        elif self.show in ("bar", "lines"):
            print_facts(facts)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show a step while it runs."""
        self._name, self._since = name, time.monotonic()
        self._draw(None)
        try:
            yield
        finally:
            self._name, self._done = "", None
        took = time.monotonic() - self._since
        self._estimates.finish(name, took)
        if self.show == "lines" and took > BRIEF:
            sys.stderr.write(f"[{clock(self.elapsed())}] {name}: {took:.1f} s{self._left()}\n")
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

    def remaining(self) -> float:
        """Estimated remaining seconds, all planned steps included."""
        running = self._running()
        planned = self._estimates.prior.keys() - {self._name}
        current = self._estimates.rest(self._name, running[1], self._done) if self._name else 0.0
        left = current + self._estimates.seconds(planned, running)
        if self.limit is None:
            return left
        cuttable = self._name and self._name not in self.certain  # what the limit cuts
        least = self._estimates.seconds(planned & self.certain, running) + (0.0 if cuttable else current)
        return min(left, max(least, self.limit - self.elapsed()))

    def estimate(self, names: Iterable[str] | None = None) -> float:
        """Estimated seconds of planned steps together, None: of all; one that is not planned takes none."""
        planned = self._estimates.prior
        return self._estimates.seconds(list(planned) if names is None else names, self._running())

    def by_siblings(self, names: Iterable[str]) -> float:
        """Seconds of steps, planned or not, by their finished siblings; one without any takes none."""
        return self._estimates.by_siblings(names)

    def _running(self) -> tuple[str, float, float]:
        """The current step, the seconds since it began, and its finished share."""
        return self._name, time.monotonic() - self._since, self._done or 0.0

    @contextmanager
    def imports(self) -> Iterator[None]:
        """Inside, how far imports are is the share of the current step that is done, where a bar shows it."""
        with counted_imports(self._draw) if self._bar is not None else nullcontext():
            yield

    def close(self) -> None:
        """Clear the progress line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _draw(self, done: float | None) -> None:
        """Show the finished share of the current step; None: unknown."""
        self._done = done
        if self.show not in ("bar", "notebook"):
            return
        if self._bar is None:
            if self.elapsed() < self.after:
                return
            self._bar = (TerminalBar if self.show == "bar" else NotebookBar)(self.elapsed, self._left)
        self._bar.draw(self._name, done)

    def _left(self) -> str:
        if self._estimates.prior and not (self._more and self.limit):
            return f", about {clock(self.remaining())} left"
        if self.limit is None or (
            self._estimates.measured and not self._more
        ):  # of the last step of all nothing is said
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
