"""Print the lock for pip; a build of torch that somebody put into this environment first is kept.

    python tools/constraints.py constraints.txt

torch's own index has builds for the processor alone ("2.14.1+cpu") and for other versions of CUDA. What
follows the plus sign tells them. torch and torchvision must be one pair.
"""

import re
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PAIR = ("torch", "torchvision")


def installed(name: str) -> str | None:
    """The version of a package in this environment."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def constraints(lock: str, installed: Callable[[str], str | None] = installed) -> str:
    """The lines of a lock, with torch and torchvision as they are installed if torch is such a build.

    Raises:
        SystemExit: its torchvision is missing.
    """
    torch, torchvision = (installed(name) for name in PAIR)
    if torch is None or "+" not in torch:
        return lock
    if torchvision is None:
        raise SystemExit(
            f"torch {torch} is here without its torchvision. Install the one that belongs to it from the "
            f"same place; README.md has the command."
        )
    others = [line for line in lock.splitlines() if re.split(r"[=<>~; \[]", line, maxsplit=1)[0] not in PAIR]
    return "\n".join([*others, f"torch=={torch}", f"torchvision=={torchvision}", ""])


if __name__ == "__main__":
    sys.stdout.write(constraints(Path(sys.argv[1]).read_text("utf-8")))
