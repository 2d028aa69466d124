"""How a progress bar is drawn: one line of a terminal, or an output of a notebook's cell."""

import importlib
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Task
    from rich.text import Text

PAUSE = 0.2  # seconds between two drawings in a notebook
WORD = 8  # letters of a word that have their place at least, so that later lines are aligned with the first
Facts = Sequence[tuple[str, str]]  # a word, and what is said of it


def in_notebook() -> bool:
    """Whether this is the kernel of a notebook, which can draw below a cell."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


class Drawn(Protocol):
    """A bar on display."""

    def draw(self, name: str, done: float | None) -> None:
        """Show the current step and its finished share (None: unknown), beside the remaining time."""
        ...

    def tell(self, facts: Facts) -> None:
        """Print lines that stay."""
        ...

    def close(self) -> None:
        """Take it away."""
        ...


def clock(seconds: float) -> str:
    """Minutes and seconds, as in 1:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


_lines = partial(textwrap.wrap, break_long_words=False, break_on_hyphens=False)


def print_facts(facts: Facts, console: "Console | None" = None) -> None:
    """Print aligned lines on standard error, folded to the width of a terminal; none elsewhere."""
    from rich.console import Console
    from rich.text import Text

    console = console or Console(stderr=True, highlight=False)
    wide = max([WORD, *(len(word) for word, _ in facts)]) + 2
    for word, said in facts:
        room = max(20, console.width - wide) if console.is_terminal else len(said) + 1
        for number, part in enumerate(_lines(said, room) or [""]):
            head = word if number == 0 else ""
            console.print(Text.assemble((head.ljust(wide), "bold"), part), soft_wrap=True)


class TerminalBar:
    """One line of standard error, whose clock and remaining time go on by themselves."""

    def __init__(self, elapsed: Callable[[], float], left: Callable[[], str]) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, ProgressColumn
        from rich.text import Text

        class Clock(ProgressColumn):
            """Time since the start; that of rich stops when a step is finished."""

            def render(self, task: "Task") -> "Text":
                return Text(clock(elapsed()), style="progress.elapsed")

        class Left(ProgressColumn):
            """The current step, and the remaining time, which begins with a comma."""

            def render(self, task: "Task") -> "Text":
                return Text.assemble(task.description, (left(), "dim"))

        columns = (Clock(), BarColumn(24), Left())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._bar.start()
        self._bar.add_task("", total=None)
        self._task: Task = self._bar.tasks[0]

    def draw(self, name: str, done: float | None) -> None:
        """Show the current step; the bar pulses while its finished share is unknown.

        Nothing waits for the thread that draws: whoever imports a module may call this.
        """
        task = self._task
        task.total = None if done is None else 1.0
        task.description, task.completed = name, done or 0.0

    def tell(self, facts: Facts) -> None:
        """Print lines above the bar."""
        print_facts(facts, self._bar.console)

    def refresh(self) -> None:
        """Draw now."""
        self._bar.refresh()

    def close(self) -> None:
        """Clear the line."""
        self._bar.stop()


class NotebookBar:
    """An output below the cell, drawn at most a few times a second; needs nothing but IPython."""

    def __init__(self, elapsed: Callable[[], float], left: Callable[[], str]) -> None:
        self._elapsed, self._left, self._drawn = elapsed, left, 0.0
        self._name = ""
        self._display: Any = importlib.import_module("IPython.display")
        self._handle = self._display.display(self._display.HTML(""), display_id=True)

    def draw(self, name: str, done: float | None) -> None:
        """Show the current step."""
        now = time.monotonic()
        if name == self._name and now - self._drawn < PAUSE:
            return
        self._name, self._drawn = name, now
        value = "" if done is None else f' value="{done:.3f}"'
        bar = f'<progress max="1"{value} style="width: 12em"></progress>'
        self._handle.update(
            self._display.HTML(f"{clock(self._elapsed())} {bar} {escape(name)}{escape(self._left())}")
        )

    def tell(self, facts: Facts) -> None:
        """Print nothing: the result follows in the cell."""

    def close(self) -> None:
        """Empty the output."""
        self._handle.update(self._display.HTML(""))
