"""What does a model go by? The groups that it fails, and what is left of it when a cue is taken away."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import headstart
from headstart.core import BadData, BadInput, derive_seed
from headstart.data.attributes import association, class_by_attribute_groups
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.metrics.groups import GroupAccuracy, group_accuracy
from headstart.predictor.predictor import Predictor, open_model
from headstart.records.provenance import command, versions
from headstart.records.record import Interval
from headstart.run.checkpoint import write_atomically
from headstart.run.progress import Progress
from headstart.studies._store import merge_options, require_empty
from headstart.studies.shortcuts.asked import Asked, Before
from headstart.studies.shortcuts.columns import MOST, chosen, column_changes, names_of
from headstart.studies.shortcuts.pictures import conflicts, cue_changes, drawn
from headstart.studies.shortcuts.record import SCHEMA, Change, Conflict, GroupTold, Shortcuts
from headstart.studies.shortcuts.settings import ShortcutsSettings
from headstart.studies.shortcuts.words import word_changes

FILE = "shortcuts.json"
LEAST = 4  # rows


def shortcuts(
    model: str | Path | Predictor,
    data: str | Path | Dataset | tuple[Any, Any],
    *,
    out: str | Path | None = None,
    settings: ShortcutsSettings | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Shortcuts:
    """Look for shortcuts of a model of classes: what it goes by, and whom that costs.

    With attributes (`attribute_column=` or `attribute=` of `hs.data.load`), the accuracy of every group of
    class and attribute, the worst of them and the gap. Of pictures, cue conflicts (arXiv:1811.12231): the
    shape of one class with the texture or the colour of another, and the accuracy where a cue is taken away
    or a tag stamped in. Of tables and rows of numbers, each column shuffled over all rows and within classes.
    Of texts, the words that you name taken out and put in.

    Args:
        model: a run folder, the model folder in it, or a predictor; never changed.
        data: labelled rows that the model was not trained on: whatever `hs.data.load` takes, or what it gave.
            If they have a split, those of its test part are taken.
        out: folder for the record `shortcuts.json`; empty or new. None writes nothing.
        settings: or the same as keyword options: `words`, `features`, `rounds`, `rows`, `seed`.
        progress: shows what is going on; None: silent.
        **options: fields of `ShortcutsSettings` by name.

    Returns:
        The record; its intervals are of 95 %.

    Raises:
        Unknown: an option or a column that nothing goes by.
        BadInput: no model in the folder, a setting out of range, a model or data without classes, classes
            that the model does not know, words for what are no texts.
        BadData: fewer than 4 rows, or nothing readable.
        CannotWrite: the folder is not empty or can't be written to.
    """
    made = merge_options(settings, ShortcutsSettings(), options)
    folder = None if out is None else Path(out)
    if folder is not None:
        require_empty(folder, False)
    predictor = model if isinstance(model, Predictor) else open_model(model)
    part = _part(data if isinstance(data, Dataset) else load(data))
    asked = Asked.about(predictor, part)
    _check(part, made)
    progress = progress or Progress()
    try:
        record = _Study(made, asked, part, progress).run()
    finally:
        progress.close()
    if folder is not None:
        write_atomically(folder / FILE, record.to_json().encode())
    return record


def _part(data: Dataset) -> Dataset:
    if data.split is not None:
        data = data.subset(np.flatnonzero(np.array(data.split) == "test"))
    if len(data) < LEAST:
        raise BadData(f"{data.name} has {len(data)} rows, and this needs {LEAST}. Give more of them.")
    return data


def _check(data: Dataset, settings: ShortcutsSettings) -> None:
    if settings.words and not data.is_texts:
        raise BadInput(f"--word goes with texts, and {data.name} holds {data.kind}. Leave it out.")
    if settings.features:
        if not names_of(data):
            raise BadInput(f"--feature goes with tables, and {data.name} holds {data.kind}. Leave it out.")
        chosen(data, settings.features)


@dataclass(frozen=True)
class _Study:
    """The steps of `shortcuts`."""

    settings: ShortcutsSettings
    asked: Asked
    data: Dataset
    progress: Progress

    def run(self) -> Shortcuts:
        seed = self.settings.seed
        with self.progress.step("answer the rows"):
            whole = Before(self.data, self.asked.tell(self.data), seed)
        few = self._few()
        found: tuple[list[Conflict], list[Change]] = ([], [])
        if self.data.is_images:
            with self.progress.step("take cues away"):
                part = drawn(self.data.subset(few))
                before = Before(part, self.asked.tell(part), seed)
                found = (list(conflicts(self.asked, before)), list(cue_changes(self.asked, before)))
        else:
            with self.progress.step("change columns or words"):
                before = Before(self.data.subset(few), whole.told[few], seed)
                found = ([], list(self._changes(before)))
        return self._record(whole, *found, list(self._notes(few)))

    def _changes(self, before: Before) -> Iterator[Change]:
        if self.data.is_texts:
            yield from word_changes(self.asked, before, self.settings.words)
        elif names_of(self.data):
            yield from column_changes(self.asked, before, self.settings.features, self.settings.rounds)

    def _few(self) -> np.ndarray:
        """The rows of which changed copies are made: all, or some drawn by the seed."""
        if len(self.data) <= self.settings.rows:
            return np.arange(len(self.data))
        draw = np.random.default_rng(derive_seed(self.settings.seed, "rows"))
        return np.sort(draw.choice(len(self.data), self.settings.rows, replace=False))

    def _notes(self, few: np.ndarray) -> Iterator[str]:
        if self.data.attributes is None:
            yield (
                "The data have no attribute, so no groups were compared. Name one with --attribute-column, "
                "such as the background or the hospital."
            )
        if len(few) < len(self.data):
            yield f"Changed copies were made of {len(few)} of the {len(self.data)} rows."
        if self.data.is_texts and not self.settings.words:
            yield "No word was named, so none was taken out. Name some that should not matter with --word."
        many = len(names_of(self.data))
        if many > MOST and not self.settings.features:
            yield f"The first {MOST} of {many} columns were shuffled. Name others with --feature."

    def _record(
        self, whole: Before, mixed: list[Conflict], changes: list[Change], notes: list[str]
    ) -> Shortcuts:
        data, right = self.data, whole.right
        grouped = (
            None
            if data.attributes is None
            else group_accuracy(right, class_by_attribute_groups(data).numbers)
        )
        mapping: Any = self.asked.predictor.model.backbone
        return Shortcuts(
            schema=SCHEMA,
            headstart=headstart.__version__,
            command=command(),
            task=data.name,
            model=str(getattr(mapping, "name", type(mapping).__name__)),
            kind=data.kind,
            classes=list(data.classes),
            rows=len(data),
            accuracy=Interval(*group_accuracy(right, np.zeros(len(data), np.int64)).average),
            chance=float(np.bincount(data.labels).max() / len(data)),
            attributes=list(data.attribute_names),
            association=None if grouped is None else association(data),
            groups=[] if grouped is None else list(_groups(data, grouped)),
            balanced=None if grouped is None else grouped.balanced,
            worst=None if grouped is None else Interval(*grouped.worst),
            gap=None if grouped is None else Interval(*grouped.gap),
            conflicts=mixed,
            changes=changes,
            notes=notes,
            settings=self.settings.record(),
            seed=self.settings.seed,
            versions=versions(),
        )


def _groups(data: Dataset, found: GroupAccuracy) -> Iterator[GroupTold]:
    names = class_by_attribute_groups(data).names
    values = len(data.attribute_names)
    for number, rows, accuracy in zip(found.groups, found.rows, found.each, strict=True):
        label, attribute = data.classes[number // values], data.attribute_names[number % values]
        yield GroupTold(names[number], label, attribute, rows, Interval(*accuracy))
