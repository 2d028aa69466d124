"""The classes of a package that are written to be found: registers without a list to maintain."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any


def final_classes(package: str, base: type[Any]) -> Iterator[type[Any]]:
    """Every class in a package, at any depth, that is marked `typing.final` and derives from a base."""
    root = importlib.import_module(package)
    for info in pkgutil.walk_packages(root.__path__, package + "."):
        for value in vars(importlib.import_module(info.name)).values():
            if (
                isinstance(value, type)
                and issubclass(value, base)
                and value.__module__ == info.name
                and getattr(value, "__final__", False)
            ):
                yield value
