"""Floor 2: data loading, checks, splits and batch streams; every batch is a function of (seed, step).

Each name is imported when it is first used, so that new items can be read without torch.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import streams as streams
    from .augment import Augment as Augment
    from .check import check as check
    from .confounded import confounded as confounded
    from .dataset import Dataset as Dataset
    from .domains import Domains as Domains
    from .glyphs import glyphs as glyphs
    from .image_text_pairs import ImageTextPairs as ImageTextPairs
    from .label_fixes import fix_labels as fix_labels
    from .load import load as load
    from .load_pairs import load_pairs as load_pairs
    from .pooled import pool as pool
    from .published.download import download as download
    from .shifts import shifted as shifted
    from .unlabelled import load_unlabelled as load_unlabelled

_FOUND = {
    "Augment": "augment",
    "Dataset": "dataset",
    "Domains": "domains",
    "ImageTextPairs": "image_text_pairs",
    "check": "check",
    "confounded": "confounded",
    "download": "published.download",
    "fix_labels": "label_fixes",
    "glyphs": "glyphs",
    "load": "load",
    "load_pairs": "load_pairs",
    "load_unlabelled": "unlabelled",
    "pool": "pooled",
    "shifted": "shifts",
    "streams": "",
}

__all__ = [
    "Augment",
    "Dataset",
    "Domains",
    "ImageTextPairs",
    "check",
    "confounded",
    "download",
    "fix_labels",
    "glyphs",
    "load",
    "load_pairs",
    "load_unlabelled",
    "pool",
    "shifted",
    "streams",
]


class _Package(ModuleType):
    """A package in which a function stands for the file of its name, such as `load` for `load.py`."""

    def __getattr__(self, name: str) -> Any:
        if name not in _FOUND:
            raise AttributeError(f"{self.__name__} has no {name!r}")
        place = _FOUND[name]
        found = import_module(f"{self.__name__}.{place or name}")
        value = getattr(found, name) if place else found
        super().__setattr__(name, value)  # the next time it is there
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if not (isinstance(value, ModuleType) and _FOUND.get(name)):  # as importing a file would
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return __all__


sys.modules[__name__].__class__ = _Package
