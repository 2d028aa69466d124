"""Read both domains, and decide which rows train, select and test; the labels of test rows are hidden."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from headstart.core import BadData, BadInput, HeadstartError, LabelKind, derive_seed
from headstart.data.check import Checked, check
from headstart.data.dataset import Dataset
from headstart.data.domains import of_same_labels
from headstart.data.kind_of_target import keeping_unlabelled
from headstart.data.kind_of_target import labelled as have_labels
from headstart.data.load import load
from headstart.data.naming import of_known_names
from headstart.data.overlap import rows_without_copies
from headstart.data.pooled import about_pooled
from headstart.data.splits import holdout
from headstart.data.train_test_split import Rows, train_and_test, training_rows
from headstart.data.unlabelled import CLASS, load_unlabelled, without_labels
from headstart.face import spell
from headstart.models.saved import is_run
from headstart.predictor.predictor import Predictor, open_model
from headstart.records.record import Interval
from headstart.session.scoring import difference, main_score
from headstart.studies._runner import UNLABELLED, beside, load_target
from headstart.studies.align import AlignSettings

FEWEST = 10  # rows of the target to train on
SOURCE_FREE = ("im", "bnm", "snd")  # scores that need no row of a source
OF_TARGET = ("im", "bnm", "snd", "consensus", "safe")  # rules that read answers of classes


@dataclass(frozen=True)
class HiddenTestLabels:
    """Labels (n,) of the test rows, which serve for scores alone; n is 0 for a target without labels.

    Rows of a group (n,) depend on each other.
    """

    _labels: Any = field(repr=False)
    groups: Rows | None
    seed: int

    def score(self, outputs: Tensor) -> Interval | None:
        """The main metric of outputs (n, outputs); None without labels."""
        return main_score(outputs, *self._truth) if len(self._labels) else None

    def gain(self, outputs: Tensor, baseline: Tensor) -> Interval | None:
        """How much better outputs are than those of a baseline on the same rows; None without labels."""
        return difference(outputs, baseline, *self._truth) if len(self._labels) else None

    @property
    def _truth(self) -> tuple[Any, Rows | None, int]:
        return self._labels, self.groups, self.seed


@dataclass(frozen=True)
class AlignData:
    """Rows of both domains, and what each is for."""

    source: Dataset  # labelled; readable rows without copies in the target
    train: Rows  # of the source, to train on
    held: Rows  # of the source, held out for model selection
    target: Dataset  # all readable rows, without labels
    learn: Rows  # of the target, to train on
    test: Rows  # of the target, held out for testing; none without labels
    test_labels: HiddenTestLabels
    target_labelled: Dataset | None  # labelled rows of the target to train on
    notes: list[str]  # what was left out


def load_saved_model(source: Any, settings: AlignSettings) -> Predictor | None:
    """The model in the place of a source: a `Predictor`, or a run or model folder; None of other sources.

    Raises:
        BadInput: it does not predict classes, the selection needs rows of a source, or it is one of several.
    """
    if isinstance(source, list):
        _refuse_models(source)
        return None
    model = source if isinstance(source, Predictor) else None
    if isinstance(source, str | Path):
        folder = Path(source).expanduser()
        if any((place / "config.json").is_file() for place in (folder, folder / "model")):
            model = open_model(folder)
    if model is None:
        return None
    if model.label_kind != "classes":
        raise BadInput(
            f"The saved model predicts {model.label_kind}; without its source only classes can be adapted."
        )
    if settings.select not in (None, *SOURCE_FREE):
        raise BadInput(
            f"{spell('select')} is {settings.select!r}, which needs rows of the source, and there is only a "
            "saved "
            f"model. Take one of {', '.join(SOURCE_FREE)}."
        )
    return model


def rule_for(settings: AlignSettings, kind: LabelKind, sourceless: bool) -> str:
    """The rule that selects, a key of `TITLES`: the one that was asked for, or the usual one.

    Raises:
        BadInput: it reads answers of classes, and the labels are tags or numbers.
    """
    if settings.select is None:
        return "im" if sourceless else "safe" if kind == "classes" else "iwv"
    if kind != "classes" and settings.select in OF_TARGET:
        raise BadInput(
            f"{spell('select')} is {settings.select!r}, which reads predictions of classes, and the source "
            f"has {kind} "
            f"as labels. Take iwv, dev, reverse or source, as in {spell('select', 'iwv')}."
        )
    return settings.select


def _refuse_models(sources: list[Any]) -> None:
    if models := [one for one in sources if isinstance(one, Predictor) or is_run(one)]:
        raise BadInput(
            f"One of the sources, {models[0]}, is a saved model, which takes the place of all of them. Give "
            "it alone, or data sets."
        )


def label_with_placeholders(target: Any, model: Predictor, source: Any) -> Dataset:
    """Rows of the target as if they had labels among the model's classes; the labels mean nothing."""
    rows = load_unlabelled(target)
    labels = np.arange(len(rows), dtype=np.int64) % len(model.classes)
    name = f"the model in {source}" if isinstance(source, str | Path) else "the saved model"
    return replace(rows, name=name, classes=model.classes, labels=labels, split=None)


def read_target(
    target: Any, source: Dataset, settings: AlignSettings, columns: Mapping[str, Any]
) -> tuple[Dataset, Dataset | None, str]:
    """The target without labels; with them if there are any to report on; why there are none.

    Raises:
        BadData: labels that the source lacks, which are named, or rows of another kind or shape.
    """
    labelled, why = None, ""
    if not settings.unlabelled:
        labelled, why = _load_labelled(target, source, columns)
    if labelled is None:
        return load_target(target, source, columns), None, why
    try:
        of_same_labels(labelled, source, settings.overlap)
    except BadData as error:
        raise BadData(f"{error} Or ignore the labels of the target: {spell('unlabelled', True)}.") from error
    return load_unlabelled(labelled, source), labelled, ""


def _load_labelled(target: Any, source: Dataset, columns: Mapping[str, Any]) -> tuple[Dataset | None, str]:
    """The target with its labels, of one class, too, if it has any; else None and the reason."""
    if isinstance(target, Dataset):
        return (None, "") if target.classes == (CLASS,) else (target, "")
    folder = isinstance(target, str | Path) and Path(target).is_dir()
    if folder:  # the columns are those of the source
        columns = {name: value for name, value in columns.items() if name not in UNLABELLED}
    given = isinstance(target, tuple) and len(target) == 2 and target[1] is not None
    try:
        with of_known_names(), keeping_unlabelled():
            found = load(target, **beside(columns))
    except HeadstartError as error:  # if it can't be read at all, reading it without labels raises why
        if given:
            raise
        return None, f"The target is taken as unlabelled. {error}" if isinstance(target, str | Path) else ""
    if folder and len(found.classes) == 1 and found.classes[0] not in source.classes:
        return None, f"The only folder of {found.name}, {found.classes[0]!r}, is no class of the source."
    return found, ""


def split_domains(
    source: Dataset,
    target: Dataset,
    labelled: Dataset | None,
    target_labelled: Dataset | None,
    settings: AlignSettings,
    sourceless: bool,
) -> AlignData:
    """Decide which rows train, which select and which test.

    `labelled` is the target with its labels, if it has any to test on. With `sourceless`, `source` is that of
    `label_with_placeholders`: the target's rows to train on stand for the source, and none is held out.

    Raises:
        BadData: too few rows of the target, or too many copies of them in the source.
    """
    notes: list[str] = []
    if not sourceless:
        whole = check(source)
        source, notes = whole.dataset, _unreadable(whole)
        if source.split is not None:
            source = source.subset(training_rows(source))
    checked = check(target)
    rows, notes = checked.dataset, notes + _unreadable(checked)
    if sourceless:
        source, target_labelled = replace(source.subset(checked.rows), groups=rows.groups), None
    else:
        source = _without_copies(source, rows, notes)
    learn, test, labels = np.arange(len(rows)), np.zeros(0, np.int64), np.zeros(0)
    if labelled is not None:
        labelled = labelled.subset(checked.rows)
        learn, test, labels = _hold_out(labelled, rows, source, target_labelled, settings)
    train, held = learn, np.zeros(0, np.int64)
    if not sourceless:
        notes += _unused(learn, test, rows)
        seed = derive_seed(settings.seed, "held")
        train, held = train_and_test(replace(source, split=None), settings.validation, seed)
        notes += about_pooled(source, train)
    test_labels = HiddenTestLabels(labels, rows.groups_of(test), settings.seed)
    unseen = without_labels(rows)
    return AlignData(source, train, held, unseen, learn, test, test_labels, target_labelled, notes)


def _unreadable(checked: Checked) -> list[str]:
    return [finding.text for finding in checked.findings if finding.kind in ("unreadable", "empty")]


def _without_copies(source: Dataset, target: Dataset, notes: list[str]) -> Dataset:
    """The source without rows of which the target has copies: their labels would be known beforehand."""
    kept = rows_without_copies(source, target)
    copied = f"{len(source) - len(kept)} of {len(source)} rows"
    if len(kept) == len(source):
        return source
    if len(kept) < len(source) / 2:
        raise BadData(
            f"{copied} of {source.name} are in {target.name} too, so there is hardly a shift to adapt "
            "to. Give a source with other rows."
        )
    notes.append(f"{copied} of the source stand in the target too and are left out of it.")
    return source.subset(kept)


def _hold_out(
    labelled: Dataset,
    target: Dataset,
    source: Dataset,
    target_labelled: Dataset | None,
    settings: AlignSettings,
) -> tuple[Rows, Rows, Any]:
    """Rows to train on, rows to test on, and the labels of the latter in the encoding of the source."""
    there = have_labels(labelled.labels)
    if labelled.split is not None:
        side = np.array(labelled.split) == "test"
        learn, test = np.flatnonzero(~side), np.flatnonzero(side & there)
    else:
        learn, test = _draw_test(np.flatnonzero(there), target, settings)
    if target_labelled is not None:
        test = test[rows_without_copies(labelled.subset(test), target_labelled)]
    rows = labelled.subset(test)
    if source.label_kind == "classes":
        shared = np.array([name in source.classes for name in rows.classes])[rows.labels]
        test, rows = test[shared], rows.subset(np.flatnonzero(shared))
    return learn, test, of_same_labels(rows, source, True).labels if len(rows) else np.zeros(0)


def _draw_test(there: Rows, target: Dataset, settings: AlignSettings) -> tuple[Rows, Rows]:
    """Rows to train on, and test rows among those `there` with a label, as many as of labels for all rows."""
    share = settings.test * len(target) / len(there)
    test = there
    if share < 1:  # not stratified, which would use the labels
        seed = derive_seed(settings.seed, "test")
        test = there[holdout(np.zeros(len(there), np.int64), target.groups_of(there), share, seed)[1]]
    learn = np.setdiff1d(np.arange(len(target)), test)
    groups = target.groups
    return (learn if groups is None else learn[~np.isin(groups[learn], groups[test])]), test


def _unused(learn: Rows, test: Rows, target: Dataset) -> list[str]:
    """What is to be said of rows that serve for nothing.

    Raises:
        BadData: too few rows to train on.
    """
    if len(learn) < FEWEST:
        raise BadData(
            f"{target.name} has {len(learn)} rows to learn from. Give {FEWEST} or more, or train on the "
            "source alone: headstart adapt."
        )
    unused = len(target) - len(learn) - len(test)
    why = "serve neither for training nor for testing: the source has no such class, or a group is tested."
    return [f"{unused} rows of {target.name} {why}"] if unused else []
