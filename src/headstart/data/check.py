"""Look at the data before anything is trained: what can't be read, what stands there twice."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import final

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, Tokens
from headstart.data.near_duplicates import THUMBNAIL, Pair, groups_of_pairs, near_pairs, pairs_of_equals
from headstart.data.parallel import parallel_map

from .dataset import Dataset, digest
from .decode import prepare
from .findings import Finding, about_classes, about_shapes, about_twins, finding
from .labels import counted
from .number_findings import about_numbers
from .opening import size_of
from .records import about_columns
from .samples import Rows
from .tag_findings import about_tags
from .texts import essence, too_long

ABOUT = {"classes": about_classes, "tags": about_tags, "numbers": about_numbers}


@final
@dataclass(frozen=True, eq=False)
class Checked:
    """What is fit to be learned from, and what was noticed.

    Attributes:
        dataset: the readable rows; its groups hold duplicates and the user's groups together.
        rows: where they stood in the dataset that was checked.
        findings: what a report should say.
    """

    dataset: Dataset
    rows: Rows
    findings: tuple[Finding, ...]

    @property
    def groups(self) -> Rows:
        """(n,) group numbers of the readable rows; a group never stands on both sides."""
        assert self.dataset.groups is not None
        return self.dataset.groups

    @property
    def class_counts(self) -> dict[str, int]:
        """Readable rows of each class, or with each tag; nothing for numbers."""
        return counted(self.dataset.labels, self.dataset.classes)


@dataclass(frozen=True)
class _Look:
    """One row at a glance; `problem` says why it can't be read."""

    digest: str = ""
    size: tuple[int, int] = (0, 0)
    thumbnail: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, dtype=np.uint8))
    essence: str = ""
    problem: str = ""


def check(dataset: Dataset, *, near: bool = True, tokens: Tokens | None = None) -> Checked:
    """Read every row once, leave out what is unreadable and group what stands there twice.

    Args:
        dataset: pictures, texts or features.
        near: whether to look for near duplicates too: pictures of another size, compression or
            brightness, texts with other spaces, case or punctuation.
        tokens: how texts will be read, to count those that are too long.

    Raises:
        BadData: nothing can be read; a class has fewer than two readable rows, or none of them in the
            user's training part; all tags, or the numbers of a column, are the same in all rows.
    """
    looks = parallel_map(partial(_look, dataset), range(len(dataset)))
    rows = np.array([row for row, look in enumerate(looks) if not look.problem], dtype=np.int64)
    unreadable = [row for row, look in enumerate(looks) if look.problem]
    if len(rows) == 0:
        first = f" The first: {looks[0].problem}" if looks and not dataset.is_texts else ""
        raise BadData(f"None of the {len(looks)} rows of {dataset.name} can be read.{first}")
    kept = dataset.subset(rows).knowing(tuple(looks[row].digest for row in rows))
    found = []
    if unreadable:
        found.append(_about_unreadable(dataset, looks, unreadable))
    found += ABOUT[kept.label_kind](kept)
    if dataset.is_images:
        found += about_shapes(kept, [looks[row].size for row in rows])
    if kept.table is not None:
        found += about_columns(kept.table)
    if tokens is not None and kept.texts is not None:
        found += _about_length(kept, tokens)
    exact = pairs_of_equals(kept.digests)
    similar = _similar(kept, [looks[row] for row in rows]) if near else []
    found += about_twins(kept, exact, similar)
    own = [] if kept.groups is None else pairs_of_equals(kept.groups.tolist())
    groups = groups_of_pairs(len(kept), [*exact, *similar, *own])
    whole = replace(kept, groups=groups).knowing(kept.digests)
    return Checked(whole, rows, tuple(found))


def _look(dataset: Dataset, row: int) -> _Look:
    try:
        raw = dataset.raw(row)
        if isinstance(raw, str):
            return _Look(digest(raw), essence=essence(raw), problem="" if raw.strip() else "it is empty.")
        if not dataset.is_images:
            return _Look(digest(raw))
        thumbnail = prepare(raw, THUMBNAIL, name=dataset.items[row]).permute(1, 2, 0).numpy()
        return _Look(digest(raw), size_of(raw), thumbnail)
    except BadData as error:
        return _Look(problem=str(error))


def _similar(dataset: Dataset, looks: list[_Look]) -> list[Pair]:
    if dataset.is_images:
        return near_pairs(np.stack([look.thumbnail for look in looks]))
    return pairs_of_equals(look.essence for look in looks) if dataset.is_texts else []


def _about_length(dataset: Dataset, tokens: Tokens) -> list[Finding]:
    assert dataset.texts is not None
    cut = tokens.ids(dataset.texts)[1]
    items = [dataset.named(int(row)) for row in np.flatnonzero(cut)]
    return [finding("too-long", "note", too_long(cut, tokens.limit), items)] if items else []


def _about_unreadable(dataset: Dataset, looks: list[_Look], rows: list[int]) -> Finding:
    if dataset.is_texts:
        text = f"{len(rows)} of {len(looks)} texts are empty and are left out."
        return finding("empty", "warning", text, [dataset.items[row] for row in rows])
    text = (
        f"{len(rows)} of {len(looks)} pictures can't be read and are left out. "
        f"The first: {looks[rows[0]].problem}"
    )
    return finding("unreadable", "warning", text, [dataset.items[row] for row in rows])
