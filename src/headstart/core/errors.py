"""What headstart says when it can't go on: the thing, the value and the way out.

Every error that a user can cause is a `HeadstartError`. The command line prints its text
without a traceback and exits with its `code`.
"""

import difflib
from collections.abc import Iterable


class HeadstartError(Exception):
    """A mistake in what was asked or given; the text says which and what to do.

    Attributes:
        code: the exit code of the command line, in [1, 125].
    """

    code = 1


class BadInput(HeadstartError, ValueError):
    """A setting, option or argument that can't be used."""

    code = 2


class BadData(HeadstartError, ValueError):
    """Data that can't be learned from: nothing readable, one class, missing column."""

    code = 3


class Unknown(BadInput):
    """A name that nothing goes by."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        """Say that no `what` is called `name`, and which of `known` are near."""
        known = sorted(known)
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"Did you mean {_either(near)}?" if near else f"Known: {', '.join(known)}."
        super().__init__(f"No {what} is called {name!r}. {hint}")


class Mismatch(HeadstartError, ValueError):
    """Weights that belong to another architecture; the keys are named."""

    code = 4


class Diverged(HeadstartError, ArithmeticError):
    """The loss stopped being a number."""

    code = 5


class CacheRefused(HeadstartError):
    """A cached value that differs from what the model computes now."""

    code = 6


class MissingPackage(HeadstartError, ImportError):
    """An optional package that the wanted thing needs."""

    code = 7

    def __init__(self, package: str, wanted_for: str, extra: str = "", command: str = "") -> None:
        """Say which package is missing, and which extra of headstart or which command brings it."""
        command = command or f'pip install "headstart[{extra}]"'
        super().__init__(
            f"{wanted_for} needs the package {package!r}, which is not installed. Install it with: {command}"
        )


class CannotWrite(HeadstartError, OSError):
    """A file or folder that can't be written: no space, no right, not empty."""

    code = 8


def _either(names: list[str]) -> str:
    return " or ".join(repr(name) for name in names)
