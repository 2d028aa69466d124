"""Exceptions of headstart; each message names the thing, the value and the way out.

Every error that a user can cause is a `HeadstartError`. The command line prints its text
without a traceback and exits with its `code`.
"""

import difflib
import re
import shlex
from collections.abc import Iterable
from importlib import metadata


class HeadstartError(Exception):
    """Base class of every error that a user can cause; the message says what is wrong and what to do.

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
    """No object has the requested name."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        """Build the message: no `what` is called `name`, with the closest names among `known`."""
        known = sorted(known)
        near = nearest(name, known)
        hint = f"Did you mean {_either(near)}?" if near else f"Known: {', '.join(known)}."
        super().__init__(f"No {what} is called {name!r}. {hint}")


class Mismatch(HeadstartError, ValueError):
    """Weights of another architecture; the message names the keys."""

    code = 4


class Diverged(HeadstartError, ArithmeticError):
    """The loss is no longer finite."""

    code = 5


class CacheRefused(HeadstartError):
    """A cached value that differs from what the model computes now."""

    code = 6


class MissingPackage(HeadstartError, ImportError):
    """A required optional package is not installed."""

    code = 7

    def __init__(self, package: str, wanted_for: str, extra: str = "", command: str = "") -> None:
        """Build the message: the missing package, and the command that installs it or all of an extra."""
        command = command or install_command(extra)
        super().__init__(
            f"{wanted_for} needs the package {package!r}, which is not installed. Install it with: {command}"
        )


class BrokenPackage(MissingPackage):
    """An optional package is installed, but can't be imported.

    Attributes:
        way: the command that installs what fits.
    """

    def __init__(self, package: str, wanted_for: str, reason: Exception, extra: str) -> None:
        """Build the message: the package, why its import fails, the versions, the command that mends it."""
        versions = [f"{name} {version}" for name in _PAIR if (version := _version(name))]
        index = " -i https://download.pytorch.org/whl/cpu" if "+cpu" in _version("torch") else ""
        absent = isinstance(reason, ModuleNotFoundError)
        self.way = install_command(extra) if absent else f"pip install --upgrade {' '.join(_PAIR)}{index}"
        HeadstartError.__init__(
            self,
            f"{wanted_for} needs the package {package!r}, which is installed but can't be imported "
            f"({type(reason).__name__}: {str(reason).strip().partition(chr(10))[0]}). "
            + ("" if absent else f"Here are {' and '.join(versions)}: they must be released for each other. ")
            + f"Install what fits with: {self.way}",
        )


_PAIR = ("torch", "torchvision")  # the one is compiled for a release of the other


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def install_command(extra: str) -> str:
    """The command that installs the packages of an extra, wherever headstart itself came from.

    `pip install "headstart[...]"` would need a release on an index, where a clone or a wheel is no source.
    """
    try:
        lines = metadata.requires("headstart") or []
    except metadata.PackageNotFoundError:  # read from a folder, without being installed
        lines = []
    pairs = [line.partition(";")[::2] for line in lines]
    wanted = [requirement.strip() for requirement, marker in pairs if _holds(marker, extra)]
    return f"pip install {shlex.join(wanted)}" if wanted else f'pip install ".[{extra}]" in a clone'


def _holds(marker: str, extra: str) -> bool:
    """Whether a requirement with this marker belongs to an extra, on this machine as far as can be told."""
    if not re.search(rf"extra == ['\"]{re.escape(extra)}['\"]", marker):
        return False
    try:
        from packaging.markers import Marker
    except ImportError:
        return True
    return bool(Marker(marker.strip()).evaluate({"extra": extra}))


class CannotWrite(HeadstartError, OSError):
    """A file or folder can't be written: no space left, no permission, or not empty."""

    code = 8


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The names most like one that is not known, the nearest first; letters count alike in either case.

    >>> nearest("status", ["Status", "State", "size"]), nearest("lable", ["label", "text"])
    (['Status', 'State'], ['label'])
    """
    folded: dict[str, list[str]] = {}
    for one in known:
        folded.setdefault(one.casefold(), []).append(one)
    near = difflib.get_close_matches(name.casefold(), folded, n=most, cutoff=0.5)
    return [one for fold in near for one in folded[fold]][:most]


def _either(names: list[str]) -> str:
    return " or ".join(repr(name) for name in names)
