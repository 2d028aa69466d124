"""Check data before training: unreadable rows, duplicates, class sizes."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np

from headstart.core import BadData, Reader
from headstart.data.class_findings import about_classes, about_twins

from .dataset import Dataset
from .finding import Finding, finding
from .labels import counted
from .near_duplicates import Pair, groups_of_pairs, pairs_of_equals
from .number_findings import about_numbers
from .parallel import parallel_map
from .samples import Rows, digest
from .tag_findings import about_tags

CHAINED = 0.5  # share of the rows in one group from which copies are no reason to join groups of the user
REASONS = 3  # why rows can't be read, of which an example is told
ABOUT = {"tags": about_tags, "numbers": about_numbers}


@final
@dataclass(frozen=True, eq=False)
class Checked:
    """The readable rows of a dataset, and the findings of the check.

    Attributes:
        dataset: the readable rows; its groups join duplicates and the user's groups.
        rows: their indices in the dataset that was checked.
        findings: for the report.
    """

    dataset: Dataset
    rows: Rows
    findings: tuple[Finding, ...]

    @property
    def groups(self) -> Rows:
        """(n,) group numbers of the readable rows; a group is never split."""
        assert self.dataset.groups is not None
        return self.dataset.groups

    @property
    def class_counts(self) -> dict[str, int]:
        """Readable rows of each class, or with each tag; nothing for numbers."""
        return counted(self.dataset.labels, self.dataset.classes)


class Look(NamedTuple):
    """Summary of one row; `problem` is why it can't be read."""

    digest: str = ""
    glance: Any = None
    problem: str = ""


def check(
    dataset: Dataset,
    *,
    near: bool = True,
    reader: Reader | None = None,
    untested: bool = False,
    done: Callable[[int], None] = lambda _rows: None,
) -> Checked:
    """Read every row once, leave out unreadable ones and group duplicates.

    Args:
        dataset: pictures, texts or features.
        near: whether to look for near duplicates too: pictures of another size, compression or
            brightness, texts with other spaces, case or punctuation.
        reader: of the backbone, to count texts that are too long for it.
        untested: whether classes of one row are taken, beside two or more of several.
        done: is told how many more rows are read.

    Raises:
        BadData: no row is readable; a class has fewer than two readable rows, or none of them in the
            user's training part; all tags, or the numbers of a column, are the same in all rows.
    """
    if dataset.table is not None and len(dataset):  # all of it was read
        return _checked(dataset, np.arange(len(dataset)), [], list(dataset.findings), near, reader, untested)
    looks = look_at_rows(dataset, done)
    rows = np.array([row for row, look in enumerate(looks) if not look.problem], dtype=np.int64)
    unreadable = [row for row, look in enumerate(looks) if look.problem]
    if len(rows) == 0:
        first = f" The first: {looks[0].problem}" if looks else ""
        raise BadData(f"None of the {len(looks)} rows of {dataset.name} can be read.{first}")
    kept = dataset.subset(rows).knowing(tuple(looks[row].digest for row in rows))
    found = list(dataset.findings)
    if unreadable:
        found.append(_about_unreadable(dataset, looks, unreadable))
    try:
        return _checked(kept, rows, [looks[row].glance for row in rows], found, near, reader, untested)
    except BadData as error:
        first = f" The first that can't be read: {looks[unreadable[0]].problem}" if unreadable else ""
        raise BadData(f"{error}{first}") from error


def readable_rows(data: Dataset) -> tuple[Dataset, list[Look], list[str]]:
    """The rows that can be read, what was seen of them, and a note on the others.

    Raises:
        BadData: none can be read.
    """
    looks = look_at_rows(data)
    bad = [row for row, look in enumerate(looks) if look.problem]
    if not bad:
        return data, looks, []
    if len(bad) == len(data):
        raise BadData(f"None of the {len(data)} rows of {data.name} can be read. {looks[0].problem}")
    text = data.modality.unreadable(len(bad), len(data), looks[bad[0]].problem)[1]
    fine = [row for row, look in enumerate(looks) if not look.problem]
    return data.subset(fine), [looks[row] for row in fine], [text]


def look_at_rows(dataset: Dataset, done: Callable[[int], None] = lambda _rows: None) -> list[Look]:
    """Read every row once: what tells it from others, or why it can't be read; `done` is told how many."""
    return parallel_map(partial(_look, dataset), range(len(dataset)), done=done)


def dependent_rows(dataset: Dataset, looks: Sequence[Look] | None = None, *, near: bool = True) -> Rows:
    """Group numbers (n,): the user's groups, and exact and near duplicates, joined; rows are not judged.

    Args:
        dataset: n rows; those of a table need no reading.
        looks: of these rows, where they were read already.
        near: as for `check`.

    Raises:
        BadData: a row can't be read; the text names it.
    """
    glances = []
    if dataset.table is None:
        looks = look_at_rows(dataset) if looks is None else looks
        for item, look in zip(dataset.items, looks, strict=True):
            if look.problem:
                known = item in look.problem
                raise BadData(look.problem if known else f"{item} of {dataset.name}: {look.problem}")
        glances = [look.glance for look in looks]
        dataset = dataset.subset(np.arange(len(dataset))).knowing(tuple(look.digest for look in looks))
    return _groups(dataset, *_duplicates(dataset, glances, near))


def _duplicates(dataset: Dataset, glances: list[Any], near: bool) -> tuple[list[Pair], list[Pair]]:
    """Pairs of exact and of near duplicates."""
    return pairs_of_equals(dataset.digests), dataset.modality.near_duplicates(glances) if near else []


def _groups(dataset: Dataset, exact: list[Pair], similar: list[Pair]) -> Rows:
    """The user's groups and duplicates, joined; the user's alone where duplicates chain most of them."""
    if dataset.groups is None:
        return groups_of_pairs(len(dataset), [*exact, *similar])
    own = pairs_of_equals(dataset.groups.tolist())
    joined, alone = (
        groups_of_pairs(len(dataset), [*exact, *similar, *own]),
        groups_of_pairs(len(dataset), own),
    )
    return alone if _largest(joined) > CHAINED >= _largest(alone) else joined


def _largest(groups: Rows) -> float:
    """Share of the rows that are in the largest group."""
    return float(np.bincount(groups).max() / len(groups))


def _checked(
    kept: Dataset,
    rows: Rows,
    glances: list[Any],
    found: list[Finding],
    near: bool,
    reader: Reader | None,
    untested: bool,
) -> Checked:
    """Findings on the readable rows, and duplicates as groups."""
    about = ABOUT.get(kept.label_kind)
    found = [*found, *(about(kept) if about else about_classes(kept, untested))]
    found += kept.modality.findings(kept, glances, reader)
    exact, similar = _duplicates(kept, glances, near)
    found += about_twins(kept, exact, similar)
    groups = _groups(kept, exact, similar)
    if kept.groups is not None and any(groups[i] != groups[j] for i, j in [*exact, *similar]):
        text = (
            f"Copies would chain most of your groups into one, so that they could not be split. Only your "
            f"{groups.max() + 1} groups are kept together; equal {kept.modality.rows} of two of them count "
            "as chance."
        )
        found.append(finding("chained-groups", "warning", text, []))
    whole = replace(kept, groups=groups).knowing(kept.digests)
    return Checked(whole, rows, tuple(found))


def _look(dataset: Dataset, row: int) -> Look:
    try:
        raw = dataset.raw(row)
        return Look(digest(raw), dataset.modality.glance(dataset.shown(row, raw), dataset.items[row]))
    except BadData as error:
        return Look(problem=str(error))


def _reason(problem: str, item: str) -> str:
    """Why a row can't be read, without the names of its file."""
    return problem.replace(item, "").replace(Path(item).name, "")


def _about_unreadable(dataset: Dataset, looks: list[Look], rows: list[int]) -> Finding:
    first: dict[str, str] = {}  # of each reason, without the name of a file
    reasons = [_reason(looks[row].problem, dataset.items[row]) for row in rows]
    for reason, row in zip(reasons, rows, strict=True):
        first.setdefault(reason, looks[row].problem)
    often = Counter(reasons).most_common(REASONS)
    told = [f"{count} like this: {first[reason]}" for reason, count in often]
    why = " ".join(told) if len(first) > 1 else f"The first: {looks[rows[0]].problem}"
    kind, text = dataset.modality.unreadable(len(rows), len(looks), why)
    return finding(kind, "warning", text, [dataset.items[row] for row in rows])
