"""The rows of a source that may be learned from: readable, no copy of the target's, labels told alike."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import BadData
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.findings import Finding, finding
from headstart.data.load import load
from headstart.data.overlap import copies
from headstart.data.train_test_split import Rows
from headstart.session.inputs import alike


def loaded_source(source: str | Path | Dataset | tuple[Any, Any] | None, target: Dataset) -> Dataset | None:
    """The source that was given, if one was, with its labels in the target's order if they are the same.

    Raises:
        BadData: it can't be read, or one backbone can't take the samples of both.
    """
    if source is None:
        return None
    return told_alike(source if isinstance(source, Dataset) else load(source), target)


def told_alike(source: Dataset, target: Dataset) -> Dataset:
    """The source, with its labels in the target's order if the two have the same ones.

    Raises:
        BadData: one backbone can't take the samples of both.
    """
    alike([source, target])
    same = source.label_kind == target.label_kind and source.classes != target.classes
    if not same or sorted(source.classes) != sorted(target.classes):
        return source
    places = [target.classes.index(name) for name in source.classes]
    if source.label_kind == "classes":
        labels = np.array(places, dtype=np.int64)[source.labels]
    else:
        labels = source.labels[:, np.argsort(places)]
    known = source.__dict__.get("digests")
    told = replace(source, classes=target.classes, labels=labels)
    return told if known is None else told.knowing(known)


def fit_to_learn(source: Dataset, target: Dataset, test: Rows) -> tuple[Dataset, list[Finding]]:
    """The rows of a source that a study may learn from, and what is to be said of it.

    Left out are rows that can't be read, those that the user keeps for testing, and copies of any row of the
    target: of those in the test part lest it is known beforehand, of the others lest a fold is.

    Args:
        source: as `loaded_source` gave it.
        target: as `check` gave it, with training and test part.
        test: rows of the target's test part.

    Raises:
        BadData: no row is left, or there is too little of a class.
    """
    checked = check(source)
    data = checked.dataset
    if data.split is not None:
        data = data.subset(np.flatnonzero(np.array(data.split) != "test"))
    exact, near = copies(data, target)
    twins = {row for row, _ in (*exact, *near)}
    kept = np.array([row for row in range(len(data)) if row not in twins], dtype=np.int64)
    if len(kept) == 0:
        raise BadData(
            f"Nothing is left of the source {source.name}: all of its {len(data)} rows stand in "
            f"{target.name} too. Give other data as the source."
        )
    found = [*_about(data.subset(kept)), *_about_copies(data, target, exact, near, test)]
    found += [
        replace(one, text=f"Of the source: {one.text}")
        for one in checked.findings
        if one.kind in ("unreadable", "empty", "conflicting-labels")
    ]
    return data.subset(kept), found


def _about(source: Dataset) -> Iterator[Finding]:
    what = f"{len(source)} rows of {source.name} with {len(source.classes)} {source.label_kind}"
    text = f"Methods that learn from a source task too had {what}."
    yield finding("source", "note", text, list(source.classes))


def _about_copies(
    source: Dataset,
    target: Dataset,
    exact: list[tuple[int, int]],
    near: list[tuple[int, int]],
    test: Rows,
) -> Iterator[Finding]:
    pairs = [*exact, *near]
    if not pairs:
        return
    held = set(test.tolist())
    rows, tested = {i for i, _ in pairs}, {i for i, j in pairs if j in held}
    text = (
        f"{len(rows)} of {len(source)} rows of the source stand in the data too, {len(exact)} of them "
        f"exactly; {len(tested)} are copies of rows in the test part. They are left out of the source."
    )
    items = [f"{source.named(i)} = {target.items[j]}" for i, j in pairs]
    yield replace(finding("source-copies", "warning", text, items), count=len(rows))
