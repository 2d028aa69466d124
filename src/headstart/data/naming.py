"""Parse class names, groups and split names from user input."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from headstart.core import BadData

from .samples import Rows

PARTS = {
    "train": ("train", "training", "trainval", "labelled", "labeled"),
    "val": ("val", "valid", "validation", "dev", "development"),
    "test": ("test", "testing", "eval", "evaluation"),
    "unlabelled": ("pred", "predict", "prediction", "unlabelled", "unlabeled", "unsup", "unsupervised"),
}
_ROLES = {word: part for part, words in PARTS.items() for word in words}
_BESIDE = {"set", "sets", "data", "dataset", "split", "seg", "part", "images", "imgs", "pictures", "folder"}


def part_of(name: str) -> str | None:
    """Part of a split that a name stands for: "train", "val", "test" or "unlabelled"; None if it is none.

    >>> [part_of(name) for name in ("training_set", "seg_test", "trainset", "Val2017", "trains")]
    ['train', 'test', 'train', 'val', None]
    """
    words = [word for word in re.split(r"[\W_0-9]+", name.casefold()) if word]
    words = [re.sub(r"(?<=[a-z]{3})(set|data)$", "", word) for word in words if word not in _BESIDE]
    return _ROLES.get(words[0]) if len(words) == 1 else None


def some(names: Sequence[str]) -> str:
    """The first five of the names, and the number of others."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(repr, names[:5])) + more


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key of natural order, in which img2 comes before img10.

    >>> sorted(["b10", "b2", "A"], key=natural)
    ['A', 'b2', 'b10']
    """
    parts = re.split(r"([0-9]+)", text.casefold())
    folded = tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p)
    return (*folded, (2, 0, text))


_known_names = ContextVar("known_names", default=False)


@contextmanager
def of_known_names() -> Iterator[None]:
    """Within it, rows are read that a model is evaluated on: few or equal ones, of one class or tag alone."""
    token = _known_names.set(True)
    try:
        yield
    finally:
        _known_names.reset(token)


def names_are_known() -> bool:
    """Whether nothing is to be learned from the rows that are read; see `of_known_names`."""
    return _known_names.get()


def too_few(names: Sequence[str]) -> bool:
    """Whether classes or tags are too few to learn from; see `of_known_names`."""
    return len(names) < (1 if names_are_known() else 2)


def numbered(names: Sequence[str], what: str) -> tuple[tuple[str, ...], Rows]:
    """The class names in natural order, and the position of each row's class among them.

    Raises:
        BadData: there are fewer than two classes.
    """
    classes = tuple(sorted(set(names), key=natural))
    if too_few(classes):
        only = f"only one class, {classes[0]!r}" if classes else "no rows"
        raise BadData(f"{what} has {only}. A classifier needs at least two.")
    place = {name: number for number, name in enumerate(classes)}
    return classes, np.array([place[name] for name in names], dtype=np.int64)


def class_numbers(names: Sequence[object], classes: Sequence[str], what: str) -> Rows:
    """The position of each name (n,) among the classes of a model; whole numbers are names too.

    1 and 1.0 name the same class.

    Raises:
        BadData: a name is none of the classes.
    """
    place = {name: number for number, name in enumerate(classes)}
    texts = [str(int(n)) if isinstance(n, float) and n.is_integer() else str(n) for n in names]
    if unknown := sorted(set(texts) - place.keys(), key=natural):
        many = "a class" if len(unknown) == 1 else f"{len(unknown)} classes"
        raise BadData(
            f"{what} has {many} that the model lacks: {', '.join(map(repr, unknown[:5]))}; it has "
            f"{', '.join(map(repr, classes[:10]))}. Labels are matched by name, never by position: write the "
            f"names of the model's classes."
        )
    return np.array([place[text] for text in texts], dtype=np.int64)


def grouped(names: Iterable[object]) -> Rows:
    """Number distinct names from 0 in order of appearance."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def sides(names: Sequence[str], what: str, first: int = 1) -> tuple[str, ...]:
    """Map split names to "train" or "test"; validation joins train if there is a test part.

    Raises:
        BadData: a name is neither, or one of the sides is empty.
    """
    parts = {name: part_of(name) for name in dict.fromkeys(names)}
    middle = "train" if "test" in parts.values() else "test"
    side = {"train": "train", "test": "test", "val": middle}
    for row, name in enumerate(names, first):
        if parts[name] not in side:
            raise BadData(f"{what}: row {row} has the split {name!r}. Write train, test or val.")
    found = tuple(side[str(parts[name])] for name in names)
    for wanted in ("train", "test"):
        if wanted not in found:
            raise BadData(f"{what}: its split has no {wanted} rows.")
    return found
