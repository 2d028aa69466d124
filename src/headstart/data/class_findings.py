"""Findings of the data check on classes, shapes and duplicates."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData
from headstart.data.cells import as_number
from headstart.data.dataset import Dataset
from headstart.data.finding import EXAMPLES, Finding, finding
from headstart.data.naming import some
from headstart.data.near_duplicates import Pair, groups_of_pairs
from headstart.data.samples import Rows
from headstart.face import spell

FEW = 10  # rows of a class below which results are unreliable
UNEVEN = 10  # largest unremarkable ratio of the largest to the smallest class
AMOUNTS = 10  # number of classes above which numeric names may be regression labels
TINY = 16  # pixels
SLIM = 4  # longer side over shorter side


def about_classes(dataset: Dataset, untested: bool = False) -> list[Finding]:
    """Findings on small classes, class imbalance and nearly equal class names.

    Args:
        dataset: with classes.
        untested: whether a class may have one row, which is learned from and never tested, beside two or
            more classes of several.

    Raises:
        BadData: a class with fewer than two rows, unless that may be; or one without training or test rows
            in the user's own split.
    """
    counts = _counts(dataset, np.arange(len(dataset)))
    single = [name for name, count in counts.items() if count < 2]
    tagged = any(re.search("[;|]", name) for name in single)
    hint = (
        f" To learn several tags a row, say {spell('task', 'multilabel')}." if tagged else _amounts(dataset)
    )
    if single and (hint or not untested or len(counts) - len(single) < 2 or not all(counts.values())):
        raise BadData(
            f"Too few readable rows of the class {some(single)}: two are needed at least, one to "
            f"learn from and one to test with. Add more, or remove the class.{hint}"
        )
    found = [*_about_split(dataset), *about_names(dataset)]
    if single:
        text = (
            f"{_classes(len(single))} one row alone: {some(single)}. It is learned from and never tested, so "
            "nothing is known of how well it is told from the others. A second one would be tested."
        )
        found.append(finding("one-example", "warning", text, single))
    if (hint := _amounts(dataset)) and len(dataset) < FEW * len(counts):
        found.append(finding("looks-like-numbers", "warning", hint.strip(), list(dataset.classes)))
    if small := [name for name, count in counts.items() if count < FEW]:
        text = f"{_classes(len(small))} fewer than {FEW} rows: {some(small)}. Their scores will be uncertain."
        found.append(finding("few-examples", "warning", text, small))
    most, least = max(counts, key=lambda n: counts[n]), min(counts, key=lambda n: counts[n])
    if counts[most] > UNEVEN * counts[least]:
        text = (
            f"The classes are uneven: {counts[most]} rows of {most!r}, {counts[least]} of "
            f"{least!r}. Look at the balanced accuracy."
        )
        found.append(finding("imbalance", "note", text, [most, least]))
    return found


def rows_alone(dataset: Dataset) -> NDArray[np.bool_]:
    """Which rows (n,) are the only ones of their class."""
    if dataset.label_kind != "classes":
        return np.zeros(len(dataset), dtype=bool)
    alone: NDArray[np.bool_] = np.bincount(dataset.labels)[dataset.labels] == 1
    return alone


def about_shapes(dataset: Dataset, sizes: Sequence[tuple[int, int]]) -> list[Finding]:
    """Findings on tiny or elongated pictures."""
    found = []
    tiny = [row for row, size in enumerate(sizes) if min(size) < TINY]
    if tiny:
        text = f"{_pictures(len(tiny))} less than {TINY} pixels wide or high."
        found.append(finding("tiny", "note", text, [dataset.items[row] for row in tiny]))
    slim = [row for row, size in enumerate(sizes) if max(size) > SLIM * min(size)]
    if slim:
        text = (
            f"{_pictures(len(slim))} more than {SLIM} times as long as wide; cutting the centre "
            "out loses most of them."
        )
        found.append(finding("extreme-shape", "note", text, [dataset.items[row] for row in slim]))
    return found


def about_twins(dataset: Dataset, exact: list[Pair], similar: list[Pair]) -> list[Finding]:
    """Findings on duplicates, label conflicts among them, and leakage across the split."""
    known = set(exact)
    near = [pair for pair in similar if pair not in known]
    thing = dataset.modality.rows
    found = []
    for kind, pairs, what in (
        ("exact-duplicates", exact, f"{thing} stand there more than once"),
        ("near-duplicates", near, f"{thing} {dataset.modality.near}"),
    ):
        if pairs:
            rows = sorted({row for pair in pairs for row in pair})
            text = f"{len(rows)} {what}. Copies are kept on the same side of every split."
            items = _pairs(dataset, pairs)
            found.append(Finding(kind, "note", text, items, len(rows)))
    found += _about_conflicts(dataset, exact, thing)
    return found + _about_leaks(dataset, [*exact, *near], thing)


def _about_conflicts(dataset: Dataset, exact: list[Pair], thing: str) -> list[Finding]:
    labels = dataset.labels
    wrong = [(i, j) for i, j in exact if np.any(labels[i] != labels[j])]
    if not wrong:
        return []
    items = [
        f"{dataset.named(i)} ({dataset.said(i)}) = {dataset.items[j]} ({dataset.said(j)})" for i, j in wrong
    ]
    one = len(wrong) == 1
    equal = f"{'A pair' if one else f'{len(wrong):,} pairs'} of equal {thing} {'has' if one else 'have'}"
    text = f"{equal} different labels. One of {'them' if one else 'each'} is wrong."
    if dataset.label_kind == "numbers":
        text = (
            f"{equal} different numbers. If these are not repeated measurements, one of "
            f"{'them' if one else 'each'} is wrong."
        )
    return [finding("conflicting-labels", "warning", text, items)]


def _about_leaks(dataset: Dataset, pairs: list[Pair], thing: str) -> list[Finding]:
    """Findings on test rows that are copies of training rows, or of a group with training rows."""
    found = []
    if seen := _tested_of_trained(dataset, groups_of_pairs(len(dataset), pairs)):
        text = (
            f"{len(seen)} test {thing} of your split are copies of training {thing}: the test score "
            "will be too good."
        )
        found.append(finding("split-leak", "warning", text, [dataset.named(row) for row in seen]))
    if dataset.groups is not None and (cut := _tested_of_trained(dataset, dataset.groups)):
        count = len(set(dataset.groups[cut].tolist()))
        text = (
            f"{len(cut)} test {thing} of your split belong to {count} of your groups that "
            f"{'has' if count == 1 else 'have'} training {thing}, too: the test score will be too good for "
            "new groups. Put whole groups into one part, or leave the split out: headstart cuts no group."
        )
        found.append(finding("split-groups", "warning", text, [dataset.named(row) for row in cut]))
    return found


def _tested_of_trained(dataset: Dataset, groups: Rows) -> list[int]:
    """Test rows of the user's split whose group has training rows."""
    split = dataset.split or ()
    trained = {int(groups[row]) for row, part in enumerate(split) if part == "train"}
    return [row for row, part in enumerate(split) if part == "test" and int(groups[row]) in trained]


def about_names(dataset: Dataset) -> list[Finding]:
    """Names of classes or tags that differ only by case, spaces, hyphens or underscores."""
    meant: dict[str, list[str]] = {}
    for name in dataset.classes:
        folded = unicodedata.normalize("NFKC", name).casefold()
        meant.setdefault(" ".join(re.sub(r"[-_]", " ", folded).split()), []).append(name)
    pairs = [" = ".join(map(repr, names)) for names in meant.values() if len(names) > 1]
    if not pairs:
        return []
    text = (
        f"Names of {dataset.label_kind} differ by case or spaces alone: {', '.join(pairs[:5])}. They are "
        f"learned as different {dataset.label_kind}; give them one name if they are the same."
    )
    return [finding("similar-classes", "warning", text, pairs)]


def _about_split(dataset: Dataset) -> list[Finding]:
    if dataset.split is None:
        return []
    side = np.array(dataset.split)
    train = _counts(dataset, np.flatnonzero(side == "train"))
    test = _counts(dataset, np.flatnonzero(side == "test"))
    if absent := [name for name, count in train.items() if count == 0]:
        raise BadData(f"Your split has no readable training rows of the class {some(absent)}.")
    if untested := [name for name, count in test.items() if count == 0]:
        text = f"Your split has no readable test rows of the class {some(untested)}."
        return [finding("untested-classes", "warning", text, untested)]
    return []


def _amounts(dataset: Dataset) -> str:
    """A hint if the class names are mostly distinct numbers."""
    amounts = [name for name in dataset.classes if as_number(name) is not None]
    if len(dataset.classes) <= AMOUNTS or len(amounts) < 0.9 * len(dataset.classes):
        return ""
    others = [name for name in dataset.classes if name not in amounts]
    but = f", but for {some(others)}," if others else ","
    return (
        f" The labels are {len(dataset.classes)} different numbers{but} so they may be amounts: to learn "
        f"these, say {spell('task', 'regression')}."
    )


def _counts(dataset: Dataset, rows: Rows) -> dict[str, int]:
    counts = np.bincount(dataset.labels[rows], minlength=len(dataset.classes))
    return dict(zip(dataset.classes, counts.tolist(), strict=True))


def _pairs(dataset: Dataset, pairs: list[Pair]) -> list[str]:
    return [f"{dataset.named(i)} = {dataset.items[j]}" for i, j in pairs[:EXAMPLES]]


def _classes(count: int) -> str:
    return "1 class has" if count == 1 else f"{count} classes have"


def _pictures(count: int) -> str:
    return "1 picture is" if count == 1 else f"{count} pictures are"
