"""Shows how far imports are: by how many modules were looked for, of about as many as usual."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MODULES = 1450  # that are looked for until PyTorch, or timm with torchvision, is imported, about


class _Counter:
    """A finder that finds nothing, and counts what it is asked for."""

    def __init__(self, show: Callable[[float], None]) -> None:
        self.count, self.show = 0, show

    def find_spec(self, _name: str, _path: object = None, _target: object = None) -> None:
        self.count += 1
        self.show(min(1.0, self.count / MODULES))


@contextmanager
def counted_imports(show: Callable[[float], None]) -> Iterator[None]:
    """Inside, `show` is told which share of `MODULES` was looked for, in [0, 1], at each import."""
    counter = _Counter(show)
    sys.meta_path.insert(0, counter)
    try:
        yield
    finally:
        sys.meta_path.remove(counter)
