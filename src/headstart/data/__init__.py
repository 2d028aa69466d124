"""Floor 2: data loading, checks, splits and batch streams; every batch is a function of (seed, step)."""

from . import streams as streams
from .augment import Augment as Augment
from .check import check as check
from .confounded import confounded as confounded
from .dataset import Dataset as Dataset
from .domains import Domains as Domains
from .label_fixes import fix_labels as fix_labels
from .load import load as load
from .pooled import pool as pool
from .published.download import download as download
from .shifts import shifted as shifted
from .unlabelled import load_unlabelled as load_unlabelled

__all__ = [
    "Augment",
    "Dataset",
    "Domains",
    "check",
    "confounded",
    "download",
    "fix_labels",
    "load",
    "load_unlabelled",
    "pool",
    "shifted",
    "streams",
]


def __dir__() -> list[str]:
    return __all__
