"""Datasets of the parts of published data."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from headstart.core import BadData
from headstart.data.dataset import Dataset
from headstart.data.finding import Finding
from headstart.data.naming import numbered
from headstart.data.samples import Texts


class Row(NamedTuple):
    """A text and its class."""

    label: str
    text: str


def of_texts(
    parts: Mapping[str, Sequence[Row]], name: str, findings: Iterable[Finding] = (), items: Sequence[str] = ()
) -> Dataset:
    """A dataset of the texts of the parts "train" and "test", or of one of them, which is no split."""
    rows = [row for part in parts.values() for row in part]
    classes, labels = numbered([row.label for row in rows], name)
    places = [f"{part} row {number}" for part, inner in parts.items() for number in range(1, len(inner) + 1)]
    texts = Texts([row.text for row in rows])
    split = split_of({part: len(inner) for part, inner in parts.items()})
    return Dataset(name, classes, labels, tuple(items or places), texts, split=split, findings=(*findings,))


def split_of(lengths: Mapping[str, int]) -> tuple[str, ...] | None:
    """The part of each row; None if there is only one."""
    if len(lengths) < 2:
        return None
    return tuple(part for part, length in lengths.items() for _ in range(length))


def class_named(names: Sequence[str], number: str, first: int, place: str) -> str:
    """The name of a class by its number.

    Raises:
        BadData: it is no number of one.
    """
    place_in = int(number) - first if number.strip().isdecimal() else -1
    if not 0 <= place_in < len(names):
        last = first + len(names) - 1
        raise BadData(f"{place} has the class {number!r}; classes are the numbers {first} to {last}.")
    return names[place_in]


def lines_of(file: Path) -> list[str]:
    """The lines of a file of names, without empty ones.

    Raises:
        BadData: there is no such file.
    """
    try:
        return [line.strip() for line in file.read_text("utf-8-sig").splitlines() if line.strip()]
    except OSError as error:
        raise BadData(f"{file} can't be read: {error.strerror}. It names the classes.") from error
