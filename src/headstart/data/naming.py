"""Parse class names, groups and split names from user input."""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from headstart.core import BadData

from .samples import Rows

TRAIN_NAMES = ("train", "training")
TEST_NAMES = ("test", "testing")
MIDDLE_NAMES = ("val", "valid", "validation", "dev")  # used as the test part if there is no other


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key of natural order, in which img2 comes before img10.

    >>> sorted(["b10", "b2", "A"], key=natural)
    ['A', 'b2', 'b10']
    """
    parts = re.split(r"([0-9]+)", text.casefold())
    folded = tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p)
    return (*folded, (2, 0, text))


def numbered(names: Sequence[str], what: str) -> tuple[tuple[str, ...], Rows]:
    """The class names in natural order, and the position of each row's class among them.

    Raises:
        BadData: there are fewer than two classes.
    """
    classes = tuple(sorted(set(names), key=natural))
    if len(classes) < 2:
        only = f"only one class, {classes[0]!r}" if classes else "no rows"
        raise BadData(f"{what} has {only}. A classifier needs at least two.")
    place = {name: number for number, name in enumerate(classes)}
    return classes, np.array([place[name] for name in names], dtype=np.int64)


def grouped(names: Iterable[object]) -> Rows:
    """Number distinct names from 0 in order of appearance."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def sides(names: Sequence[str], what: str) -> tuple[str, ...]:
    """Map split names to "train" or "test"; validation joins train if there is a test part.

    Raises:
        BadData: a name is neither, or one of the sides is empty.
    """
    plain = [name.strip().casefold() for name in names]
    middle = "train" if any(name in TEST_NAMES for name in plain) else "test"
    side = dict.fromkeys(TRAIN_NAMES, "train") | dict.fromkeys(TEST_NAMES, "test")
    side |= dict.fromkeys(MIDDLE_NAMES, middle)
    for row, name in enumerate(plain):
        if name not in side:
            raise BadData(f"{what}: row {row + 1} has the split {names[row]!r}. Write train, test or val.")
    found = tuple(side[name] for name in plain)
    for wanted in ("train", "test"):
        if wanted not in found:
            raise BadData(f"{what}: its split has no {wanted} rows.")
    return found
