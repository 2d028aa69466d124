"""All faults that are planted: those in every `faults.py` and `*_faults.py` under tests/."""

import os
import zlib
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from tests.faults import Fault

HERE = Path(__file__).parent
SHARES = 3  # planting all takes a third of the time of all tests
FILES = sorted({*HERE.rglob("faults.py"), *HERE.rglob("*_faults.py")} - {HERE / "test_faults.py"})


def faults_in(path: Path) -> tuple[Fault, ...]:
    """The faults of one file, in its order."""
    name = ".".join(path.relative_to(HERE.parent).with_suffix("").parts)
    groups = [value for value in vars(import_module(name)).values() if isinstance(value, tuple)]
    return tuple(fault for group in groups for fault in group if isinstance(fault, Fault))


def all_faults() -> tuple[Fault, ...]:
    """Every fault, file by file."""
    return tuple(fault for path in FILES for fault in faults_in(path))


def share_of(faults: Sequence[Fault], package: Path) -> tuple[Fault, ...]:
    """Every third fault, from a place that each change of the package moves; with `FAULTS=all` every one."""
    if os.environ.get("FAULTS") == "all":
        return tuple(faults)
    contents = b"".join(path.read_bytes() for path in sorted(package.rglob("*.py")))
    return tuple(faults[zlib.crc32(contents) % SHARES :: SHARES])
