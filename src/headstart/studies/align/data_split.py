"""Which rows of both domains train, select and test; the labels of test rows are hidden from all else."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from torch import Tensor

from headstart.core import BadData, HeadstartError, derive_seed
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.domains import of_same_labels
from headstart.data.load import load
from headstart.data.overlap import copies
from headstart.data.splits import holdout
from headstart.data.train_test_split import Rows, train_and_test
from headstart.data.unlabelled import CLASS, load_unlabelled, without_labels
from headstart.records.record import Interval
from headstart.session.scoring import difference, main_score
from headstart.studies.align import AlignSettings

FEWEST = 10  # rows of the target that are learned from


@dataclass(frozen=True)
class HiddenTestLabels:
    """Labels of test rows that figures are made of, and nothing else.

    Attributes:
        rows: how many there are; 0: no labels.
    """

    _labels: Any = field(repr=False)
    seed: int = 0

    @property
    def rows(self) -> int:
        """How many rows are judged."""
        return 0 if self._labels is None else len(self._labels)

    def score(self, outputs: Tensor) -> Interval | None:
        """The main figure of outputs (rows, outputs)."""
        return main_score(outputs, self._labels, self.seed) if self.rows else None

    def gain(self, ours: Tensor, theirs: Tensor) -> Interval | None:
        """How much better the first outputs are than the second, on the same rows."""
        return difference(ours, theirs, self._labels, self.seed) if self.rows else None


@dataclass(frozen=True)
class AlignData:
    """Rows of both domains, and what each is for.

    Attributes:
        source: labelled; readable rows that do not stand in the target.
        train: rows of the source that are learned from.
        held: rows of the source that models are chosen by.
        target: all readable rows, without labels.
        learn: rows of the target that are learned from.
        test: rows of the target that the report judges; none without labels.
        test_labels: the labels of `test`.
        target_labelled: labelled rows of the target to learn from; None: none.
        notes: what was left out.
    """

    source: Dataset
    train: Rows
    held: Rows
    target: Dataset
    learn: Rows
    test: Rows
    test_labels: HiddenTestLabels
    target_labelled: Dataset | None = None
    notes: list[str] = field(default_factory=list)


def read_target(
    target: Any, like: Dataset, settings: AlignSettings, columns: Mapping[str, Any]
) -> tuple[Dataset, Dataset | None]:
    """The target without labels, and with them if there are any that may be reported on.

    Raises:
        BadData: labels that the source has not, which are named, or rows of another kind or shape.
    """
    if settings.unlabelled:
        return load_unlabelled(target, like, **_known(columns)), None
    if isinstance(target, Dataset):
        labelled = None if target.classes == (CLASS,) else target
    else:
        try:
            labelled = load(target, **columns)
        except HeadstartError:  # no class folders or no labels; what can't be read at all is told below
            labelled = None
    if labelled is None:
        return load_unlabelled(target, like, **_known(columns)), None
    try:
        of_same_labels(labelled, like, settings.overlap)
    except BadData as error:
        raise BadData(f"{error} Or pass over the labels of the target: --unlabelled.") from error
    return load_unlabelled(labelled, like), labelled


def split_domains(
    source: Dataset,
    target: Dataset,
    labelled: Dataset | None,
    target_labelled: Dataset | None,
    settings: AlignSettings,
    sourceless: bool = False,
) -> AlignData:
    """Decide which rows train, which select and which test.

    `sourceless`: there is no source, and `source` only says the classes.
    """
    if sourceless:
        return _sourceless(source, target, labelled, settings)
    looked, notes = check(source), list[str]()
    mine = looked.dataset
    if mine.split is not None:
        mine = mine.subset(np.flatnonzero(np.array(mine.split) != "test"))
    theirs = check(target)
    for one in (looked, theirs):
        notes += [found.text for found in one.findings if found.kind in ("unreadable", "empty")]
    mine, said = _without_copies(mine, theirs.dataset)
    notes += said
    train, held = train_and_test(replace(mine, split=None), settings.held, derive_seed(settings.seed, "held"))
    learn, test = np.arange(len(theirs.dataset)), np.zeros(0, np.int64)
    labels: Any = None
    if labelled is not None:
        learn, test, labels = _judged(
            labelled.subset(theirs.rows), theirs.dataset, mine, target_labelled, settings
        )
        notes += _about_test(learn, test, theirs.dataset)
    if len(learn) < FEWEST:
        raise BadData(
            f"{target.name} has {len(learn)} rows to learn from. Give {FEWEST} or more, or train on the "
            "source alone: headstart adapt."
        )
    unseen = without_labels(theirs.dataset)
    return AlignData(
        mine,
        train,
        held,
        unseen,
        learn,
        test,
        HiddenTestLabels(labels, settings.seed),
        target_labelled,
        notes,
    )


def _sourceless(
    like: Dataset, target: Dataset, labelled: Dataset | None, settings: AlignSettings
) -> AlignData:
    """The rows of a target alone; those that are learned from stand for the source, which is gone."""
    checked = check(target)
    learn, test, labels = np.arange(len(checked.dataset)), np.zeros(0, np.int64), None
    mine = replace(like.subset(checked.rows), groups=checked.dataset.groups)
    if labelled is not None:
        learn, test, labels = _judged(labelled.subset(checked.rows), checked.dataset, mine, None, settings)
    notes = [found.text for found in checked.findings if found.kind in ("unreadable", "empty")]
    nobody = np.zeros(0, np.int64)
    test_labels = HiddenTestLabels(labels, settings.seed)
    return AlignData(
        mine, learn, nobody, without_labels(checked.dataset), learn, test, test_labels, None, notes
    )


def _judged(
    labelled: Dataset,
    checked: Dataset,
    source: Dataset,
    target_labelled: Dataset | None,
    settings: AlignSettings,
) -> tuple[Rows, Rows, Any]:
    """Rows to learn from and rows to judge, and the labels of the latter, told as the source tells them."""
    if labelled.split is not None:
        side = np.array(labelled.split) == "test"
        learn, test = np.flatnonzero(~side), np.flatnonzero(side)
    else:  # not stratified: nobody has looked at the labels
        learn, test = holdout(
            np.zeros(len(labelled), np.int64),
            checked.groups,
            settings.test,
            derive_seed(settings.seed, "test"),
        )
    if target_labelled is not None:
        exact, near = copies(labelled.subset(test), target_labelled)
        known = {row for row, _ in (*exact, *near)}
        test = np.array([row for place, row in enumerate(test) if place not in known], dtype=np.int64)
    rows = labelled.subset(test)
    if source.label_kind == "classes":
        there = np.array([name in source.classes for name in rows.classes])[rows.labels]
        test, rows = test[there], rows.subset(np.flatnonzero(there))
    labels = of_same_labels(rows, source, True).labels if len(rows) else None
    return learn, test, labels


def _about_test(learn: Rows, test: Rows, target: Dataset) -> list[str]:
    left = len(target) - len(learn) - len(test)
    if not left:
        return []
    return [
        f"{left} rows of {target.name} are neither learned from nor judged: the source has no such class."
    ]


def _without_copies(source: Dataset, target: Dataset) -> tuple[Dataset, list[str]]:
    """The source without rows that stand in the target too, whose labels would be known beforehand."""
    exact, near = copies(source, target)
    twins = {row for row, _ in (*exact, *near)}
    if not twins:
        return source, []
    kept = np.array([row for row in range(len(source)) if row not in twins], dtype=np.int64)
    if len(kept) < len(source) / 2:
        raise BadData(
            f"{len(twins)} of {len(source)} rows of {source.name} stand in {target.name} too, so there is "
            "next to nothing to bring together. Give a source of elsewhere."
        )
    many = f"{len(twins)} of {len(source)} rows of the source stand in the target too and are left out of it."
    return source.subset(kept), [many]


def _known(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `load` that `load_unlabelled` has too."""
    names = ("path_column", "text_column", "label_column", "group_column", "split_column", "categorical")
    return {name: columns[name] for name in names if name in columns}
