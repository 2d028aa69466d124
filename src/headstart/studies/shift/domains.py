"""The two domains as a study takes them: read, the same number of rows drawn, what is unreadable left out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, HeadstartError
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.labels import Labels
from headstart.data.load import load
from headstart.data.random_draws import shuffled
from headstart.data.samples import Rows
from headstart.data.unlabelled import CLASS, load_unlabelled, without_labels


@dataclass(frozen=True)
class Domain:
    """The rows of a domain that are used.

    Attributes:
        data: these rows, without labels. Rows that belong together are in one group, and so are pictures and
            texts that are the same or nearly; rows of numbers may be the same by chance.
        rows: (n,) where they stood.
        total: rows that there are.
        unreadable: of those that were drawn.
    """

    data: Dataset
    rows: Rows
    total: int
    unreadable: int

    def __len__(self) -> int:
        return len(self.data)

    @property
    def groups(self) -> NDArray[np.int64]:
        """(n,) which rows belong together."""
        assert self.data.groups is not None
        return self.data.groups

    def notes(self) -> Iterator[str]:
        """What was left out."""
        if self.total > len(self.data) + self.unreadable:
            drawn = f"{len(self.data):,} drawn at random were used"
            yield f"Of {self.total:,} rows of {self.data.name}, {drawn}."
        if self.unreadable:
            many = "1 row" if self.unreadable == 1 else f"{self.unreadable:,} rows"
            yield f"{many} of {self.data.name} can't be read and {_are(self.unreadable)} left out."


def read_source(data: Any, **options: Any) -> Dataset:
    """A source with its labels, or if it has none without.

    Raises:
        HeadstartError: it can't be read either way; the error is that of reading it with labels.
    """
    if isinstance(data, Dataset):
        return data
    try:
        return load(data, **options)
    except HeadstartError as error:
        if options.get("label_column", "label") != "label":
            raise
        try:
            return load_unlabelled(data)
        except HeadstartError:
            raise error from None


def draw_rows(data: Dataset, most: int, seed: int, what: str) -> Domain:
    """At most so many rows of a domain, without its labels, the readable ones of them.

    Raises:
        BadData: fewer than two rows can be read.
    """
    rows = np.arange(len(data))
    if len(data) > most:
        rows = np.sort(shuffled(len(data), seed, "rows", what)[:most])
    part = without_labels(data.subset(rows))
    if part.modality.by_columns:
        groups = np.arange(len(part)) if part.groups is None else part.groups
        return Domain(replace(part, groups=groups), rows, len(data), 0)
    try:
        checked = check(part)
    except BadData as error:
        raise BadData(f"{data.name} has fewer than two rows that can be read. {error}") from error
    return Domain(checked.dataset, rows[checked.rows], len(data), len(part) - len(checked.rows))


def classes_of(data: Dataset, domain: Domain) -> Labels | None:
    """The classes (n,) of the rows of a domain; None if it has none."""
    if data.label_kind != "classes" or data.classes == (CLASS,):
        return None
    return data.labels[domain.rows]


def name_in_command(given: Any, otherwise: str) -> str:
    """How a command names a domain."""
    return str(given) if isinstance(given, str | Path) else otherwise


def _are(many: int) -> str:
    return "is" if many == 1 else "are"
