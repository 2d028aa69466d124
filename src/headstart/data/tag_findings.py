"""Findings of the data check on tags."""

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData
from headstart.data.class_findings import FEW, about_names
from headstart.data.naming import some

from .dataset import Dataset
from .finding import Finding, finding

RARE = 2  # smallest number of rows of a tag: one for training, one for testing


def about_tags(dataset: Dataset) -> list[Finding]:
    """Findings on rare, constant or always co-occurring tags, and on rows without tags.

    Raises:
        BadData: fewer than two rows, or every tag is the same in all rows.
    """
    counts, rows = dataset.labels.sum(0), len(dataset)
    if rows < RARE or not ((counts > 0) & (counts < rows)).any():
        raise BadData(
            f"Nothing can be learned of the tags {some(dataset.classes)}: each is in all {rows} readable "
            "rows or in none. Add rows that differ."
        )
    found = [*_about_split(dataset), *about_names(dataset)]
    found += _named(dataset, counts < RARE, "rare-tags", "warning", f"fewer than {RARE} rows", _LOST)
    scarce = (counts >= RARE) & (counts < FEW)
    found += _named(dataset, scarce, "few-examples", "warning", f"fewer than {FEW} rows", _SHAKY)
    found += _named(dataset, counts == rows, "constant-tags", "warning", "all rows", _SILENT)
    return [*found, *_about_twins(dataset), *_about_untagged(dataset)]


_LOST = "What has none to learn from, or none to test with, can't be judged."
_SHAKY = "Their scores will be uncertain."
_SILENT = "There is nothing to learn about them; leave them out."


def _named(
    dataset: Dataset, which: NDArray[np.bool_], kind: str, severity: str, have: str, why: str
) -> list[Finding]:
    names = [dataset.classes[place] for place in np.flatnonzero(which)]
    if not names:
        return []
    text = f"{'1 tag has' if len(names) == 1 else f'{len(names)} tags have'} {have}: {some(names)}. {why}"
    return [finding(kind, severity, text, names)]


def _about_twins(dataset: Dataset) -> list[Finding]:
    """Tags that always occur together."""
    alike: dict[bytes, list[str]] = {}
    for name, column in zip(dataset.classes, dataset.labels.T, strict=True):
        if RARE <= column.sum() < len(column):
            alike.setdefault(column.tobytes(), []).append(name)
    sets = [" = ".join(map(repr, names)) for names in alike.values() if len(names) > 1]
    if not sets:
        return []
    text = f"Tags that always come together: {', '.join(sets[:5])}. Nothing tells them apart."
    return [finding("twin-tags", "note", text, sets)]


def _about_untagged(dataset: Dataset) -> list[Finding]:
    bare = np.flatnonzero(~dataset.labels.any(1))
    if not len(bare):
        return []
    have = "1 row has" if len(bare) == 1 else f"{len(bare)} rows have"
    text = f"{have} no tag at all, and that is what is learned. Leave out rows whose tags are not known."
    return [finding("untagged", "note", text, [dataset.named(int(row)) for row in bare])]


def _about_split(dataset: Dataset) -> list[Finding]:
    """Tags that are missing on one side of the user's own split."""
    if dataset.split is None:
        return []
    side, found = np.array(dataset.split), []
    for part, kind in (("train", "untrained-tags"), ("test", "untested-classes")):
        gone = dataset.labels.any(0) & ~dataset.labels[side == part].any(0)
        names = [dataset.classes[place] for place in np.flatnonzero(gone)]
        if names:
            text = f"Your split has no readable {part} row with the tag {some(names)}."
            found.append(finding(kind, "warning", text, names))
    return found
