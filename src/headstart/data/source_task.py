"""The rows of source tasks to learn from: readable, no copy of the target's, labels in its order."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from headstart.core import BadData
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.finding import Finding, finding
from headstart.data.overlap import copies
from headstart.data.pooled import Given, load_each
from headstart.data.train_test_split import Rows, training_rows


def load_sources(source: Given | Sequence[Given] | None, target: Dataset) -> list[Dataset]:
    """The source, or each of a list, with its labels in the target's order if they are the same.

    Raises:
        BadData: one can't be read, or one backbone can't take the samples of all.
    """
    return [] if source is None else [align_labels(one, target) for one in load_each(source)]


def align_labels(source: Dataset, target: Dataset) -> Dataset:
    """The source, with its labels in the target's order if the two have the same ones.

    Raises:
        BadData: one backbone can't take the samples of both.
    """
    require_same_inputs([source, target])
    same = source.label_kind == target.label_kind and source.classes != target.classes
    if not same or sorted(source.classes) != sorted(target.classes):
        return source
    places = [target.classes.index(name) for name in source.classes]
    if source.label_kind == "classes":
        labels = np.array(places, dtype=np.int64)[source.labels]
    else:
        labels = source.labels[:, np.argsort(places)]
    digests = source.__dict__.get("digests")
    aligned = replace(source, classes=target.classes, labels=labels)
    return aligned if digests is None else aligned.knowing(digests)


def usable_sources(
    sources: Sequence[Dataset], target: Dataset, test: Rows
) -> tuple[list[Dataset], list[Finding]]:
    """The same of each of several sources, with labels in the target's order; see `usable_source`."""
    found = [usable_source(align_labels(source, target), target, test) for source in sources]
    return [kept for kept, _ in found], [finding for _, said in found for finding in said]


def usable_source(source: Dataset, target: Dataset, test: Rows) -> tuple[Dataset, list[Finding]]:
    """The rows of a source that a study may learn from, and what is to be said of it.

    Left out are rows that can't be read, those that the user keeps for testing, and copies of any row of the
    target: of those in the test part lest it is known beforehand, of the others lest a fold is.

    Args:
        source: as `load_sources` gave it.
        target: as `check` gave it, with training and test part.
        test: rows of the target's test part.

    Raises:
        BadData: no row is left, or there is too little of a class.
    """
    checked = check(source)
    data = checked.dataset
    if data.split is not None:
        data = data.subset(training_rows(data))
    exact, near = copies(data, target)
    twins = {row for row, _ in (*exact, *near)}
    kept = np.array([row for row in range(len(data)) if row not in twins], dtype=np.int64)
    if len(kept) == 0:
        raise BadData(
            f"Nothing is left of the source {source.name}: all of its {len(data)} rows stand in "
            f"{target.name} too. Give other data as the source."
        )
    kept_data = data.subset(kept)
    what = f"{len(kept)} rows of {data.name} with {len(data.classes)} {data.label_kind}"
    text = f"Methods that learn from a source task too had {what}."
    findings = [finding("source", "note", text, list(kept_data.classes))]
    findings += _copies(data, target, exact, near, test)
    findings += [
        replace(each, text=f"Of the source {data.name}: {each.text}")
        for each in checked.findings
        if each.kind in ("unreadable", "empty", "conflicting-labels")
    ]
    return kept_data, findings


def _copies(
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
        f"{len(rows)} of {len(source)} rows of the source {source.name} stand in the data too, {len(exact)} "
        f"of them exactly; {len(tested)} are copies of rows in the test part. They are left out of it."
    )
    items = [f"{source.named(i)} = {target.items[j]}" for i, j in pairs]
    yield replace(finding("source-copies", "warning", text, items), count=len(rows))


def require_same_inputs(data: Sequence[Dataset]) -> None:
    """Refuse tasks whose samples one network can't take.

    Raises:
        BadData: pictures and numbers, or rows of another shape.
    """
    shapes = {(each.kind, each.modality.shape(each)) for each in data}
    if len(shapes) > 1:
        named = " and ".join(f"{each.name} has {each.kind}" for each in data)
        raise BadData(
            f"One network can't take both tasks: {named}, in rows of different shapes. "
            "Give tasks of one kind."
        )
