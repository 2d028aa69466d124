"""What a record says of how it was made: the command and the versions."""

import shlex
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

PACKAGES = ("torch", "numpy", "safetensors", "Pillow", "timm", "torchvision", "tokenizers", "transformers")


def command() -> str:
    """What was typed, without what only says that it is typed again."""
    program, *words = sys.argv
    name = "headstart" if program.endswith("headstart/__main__.py") else Path(program).name
    return shlex.join([name, *(word for word in words if word != "--resume")])


def versions() -> dict[str, str]:
    """Of the packages that matter, as far as they are installed."""
    return dict(_versions())


def _versions() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        try:
            yield package, metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
