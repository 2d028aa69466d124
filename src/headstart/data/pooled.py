"""Several labelled data sets: read as a list, and pooled to one that knows which row is from where."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput

from .dataset import Dataset
from .frames import are_tables
from .labels import Labels
from .load import load
from .naming import natural, some
from .samples import Array, Joined, Rows, Samples, Texts
from .similarity import require_same_kind
from .tables import Table

Given = str | Path | Dataset | tuple[Any, Any]  # one data set, as `load` takes it
SEVERAL = "a list with one or more labelled data sets"


def load_each(given: Given | Sequence[Given], columns: Mapping[str, Any] | None = None) -> list[Dataset]:
    """The data sets of a list, or the only one; those that share a name are numbered.

    Args:
        given: anything that `load` takes, or a list of that. A list of rows as mappings is one table.
        columns: of files, as `load` takes them.

    Raises:
        BadInput: the list is empty, or as `load`.
        BadData: as `load`.
    """
    several = list(given) if isinstance(given, list) and not are_tables(given) else [given]
    if not several:
        raise BadInput(f"The source is {given!r}; it must be a data set, or {SEVERAL}.")
    found = [one if isinstance(one, Dataset) else load(one, **(columns or {})) for one in several]
    names = [one.name for one in found]
    return [
        one if (before := names[:place].count(one.name)) == 0 else _renamed(one, f"{one.name} {before + 1}")
        for place, one in enumerate(found)
    ]


def _renamed(data: Dataset, name: str) -> Dataset:
    known, renamed = data.__dict__.get("digests"), replace(data, name=name)
    return renamed if known is None else renamed.knowing(known)


def why_not_pooled(data: Sequence[Dataset]) -> str:
    """Why one head can't learn the labels of all, as a clause; "" if it can."""
    first = data[0]
    for other in data[1:]:
        if other.label_kind != first.label_kind:
            return f"{first.name} has {first.label_kind} as labels and {other.name} {other.label_kind}"
        if first.label_kind != "classes" and (odd := sorted(set(first.classes) ^ set(other.classes))):
            owner, lacks = (first, other) if odd[0] in first.classes else (other, first)
            return f"{owner.name} has the {first.label_kind} {odd[0]!r}, which {lacks.name} has not"
    return ""


def pool(data: Sequence[Dataset]) -> Dataset:
    """The rows of all data sets as one; a single one is returned as it is.

    Labels are matched by name: classes are those of any of them, tags and columns of numbers must be the same
    in all. The attribute of a row is the name of the data set that it is from, in the place of any other.

    Raises:
        BadData: labels or samples that do not go together; the text names them.
    """
    first, *others = data
    if not others:
        return first
    if why := why_not_pooled(data):
        raise BadData(f"The sources can't be pooled: {why}. Give sources with the same kind of labels.")
    parts = [first, *(require_same_kind(other, first) for other in others)]
    classes = first.classes
    if any(set(part.classes) != set(classes) for part in others):
        classes = tuple(sorted({name for part in parts for name in part.classes}, key=natural))
    pooled = Dataset(
        name=" + ".join(part.name for part in parts),
        classes=classes,
        labels=np.concatenate([_labels(part, classes) for part in parts]),
        items=tuple(f"{part.name}: {item}" for part in parts for item in part.items),
        samples=_samples([part.samples for part in parts]),
        groups=_groups(parts),
        split=_split(parts),
        attributes=np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        attribute_names=tuple(part.name for part in parts),
        findings=tuple(finding for part in parts for finding in part.findings),
        window=first.window,
        mixed=any(part.mixed for part in parts),
    )
    known = [part.__dict__.get("digests") for part in data]
    if pooled.table is not None or not all(known):
        return pooled
    return pooled.knowing(tuple(digest for digests in known for digest in digests or ()))


def rows_from(data: Dataset, rows: Rows) -> dict[str, int]:
    """How many of the rows (n,) of pooled data are from each data set; of one data set, all of them."""
    if data.attributes is None or " + ".join(data.attribute_names) != data.name:
        return {data.name: len(rows)}
    counts = np.bincount(data.attributes[rows], minlength=len(data.attribute_names))
    return dict(zip(data.attribute_names, counts.tolist(), strict=True))


def about_pooled(data: Dataset, rows: Rows) -> list[str]:
    """A sentence on the data sets that rows (n,) are pooled from; none if there is only one."""
    counts = rows_from(data, rows)
    if len(counts) == 1:
        return []
    named = ", ".join(f"{name} ({count} rows)" for name, count in counts.items())
    text = f"The source is pooled from {named}."
    if data.label_kind == "classes" and data.attributes is not None:
        pairs = set(zip(data.attributes[rows].tolist(), data.labels[rows].tolist(), strict=True))
        domains = [[pair[1] for pair in pairs].count(label) for label in range(len(data.classes))]
        odd = [name for name, many in zip(data.classes, domains, strict=True) if many < len(counts)]
        text += f" Not in all of them: the classes {some(odd)}." if odd else ""
    return [text]


def _labels(part: Dataset, classes: tuple[str, ...]) -> Labels:
    if part.label_kind != "classes":
        return part.labels[:, [part.classes.index(name) for name in classes]]
    return np.array([classes.index(name) for name in part.classes], dtype=np.int64)[part.labels]


def _samples(parts: Sequence[Samples]) -> Samples:
    tables = [part for part in parts if isinstance(part, Table)]
    texts = [part for part in parts if isinstance(part, Texts)]
    arrays = [part for part in parts if isinstance(part, Array) and not part.are_images]
    if len(tables) == len(parts):
        return _table(tables)
    if len(texts) == len(parts):
        return Texts(tuple(text for part in texts for text in part.texts))
    if len(arrays) == len(parts):
        return Array(np.concatenate([part.array for part in arrays]), False)
    return Joined(parts, np.arange(sum(map(len, parts))), parts[0].kind)


def _table(parts: Sequence[Table]) -> Table:
    """The rows of tables below each other, with the columns of the first."""
    first = parts[0]
    words = {
        name: tuple(dict.fromkeys(word for part in parts for word in part.words.get(name, ())))
        for name in first.words
    }
    return replace(
        first,
        values=np.concatenate([_values(part, first.names, words) for part in parts]),
        words=words,
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )


def _values(part: Table, names: Sequence[str], words: Mapping[str, tuple[str, ...]]) -> NDArray[Any]:
    """The cells of a table in columns of these names, words as positions in `words`; NaN in absent ones."""
    values = np.full((len(part), len(names)), np.nan)
    for place, name in enumerate(names):
        if name not in part.names:
            continue
        cells = np.asarray(part.values[:, part.names.index(name)], dtype=np.float64)
        if name in words and len(part.words[name]):
            places = np.array([words[name].index(word) for word in part.words[name]], dtype=np.float64)
            there = ~np.isnan(cells)
            cells = cells.copy()
            cells[there] = places[cells[there].astype(np.int64)]
        values[:, place] = cells
    return values


def _groups(parts: Sequence[Dataset]) -> Rows | None:
    if all(part.groups is None for part in parts):
        return None
    found, first = [], 0
    for part in parts:
        numbers = (
            np.arange(len(part)) if part.groups is None else np.unique(part.groups, return_inverse=True)[1]
        )
        found.append(numbers + first)
        first += int(numbers.max(initial=-1)) + 1
    return np.concatenate(found).astype(np.int64)


def _split(parts: Sequence[Dataset]) -> tuple[str, ...] | None:
    if all(part.split is None for part in parts):
        return None
    return tuple(side for part in parts for side in part.split or ["train"] * len(part))
