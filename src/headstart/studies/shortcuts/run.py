"""How `shortcuts` is computed: predictions for the rows, and for copies of them that lack a cue."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from headstart.core import BadData, BadInput, derive_seed
from headstart.data.attributes import association, class_by_attribute_groups
from headstart.data.check import dependent_rows, readable_rows
from headstart.data.cues import CONFLICTS, CUES
from headstart.data.dataset import Dataset
from headstart.data.samples import Rows
from headstart.data.window import with_window
from headstart.face import spell
from headstart.metrics.groups import group_accuracy
from headstart.metrics.intervals import share
from headstart.predictor.predictor import Predictor, open_model
from headstart.records.record import Interval
from headstart.studies._runner import Job, Trial, load_labelled
from headstart.studies._spec import Study
from headstart.studies.shortcuts import Change, Conflict, GroupScore, ShortcutsSettings, changes
from headstart.studies.shortcuts.changes import Baseline, ClassifierUnderTest

FEWEST = 4  # rows


def load(
    spec: Study, given: Mapping[str, Any], settings: ShortcutsSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The model, and the rows that its own split keeps for testing, if there is one."""
    model = given["model"] if isinstance(given["model"], Predictor) else open_model(given["model"])
    column = columns.get("attribute_column")
    if model.schema is not None and column in model.schema.names:
        raise BadInput(
            f"The model learned from the column {column!r}, and no model is given an attribute. Fit it with "
            f"{spell('attribute_column', column)}, too; or see what the column is worth to this one: "
            f"{spell('features', [column])}."
        )
    labelled = load_labelled(given["data"], columns, given.get("label_fixes"))
    data, _, unread = readable_rows(_test_part(labelled))
    if model.preprocess is not None:
        data = with_window(data, model.preprocess.window)
    return {"model": model, "data": data, "_unread": unread}


def check(settings: ShortcutsSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse a model and data that don't fit, and words or columns that the data can't have."""
    data = inputs["data"]
    ClassifierUnderTest.of(inputs["model"], data)
    if settings.words and not data.is_texts:
        raise BadInput(f"{spell('words')} goes with texts, and {data.name} holds {data.kind}. Leave it out.")
    if settings.features:
        if not changes.names_of(data):
            raise BadInput(
                f"{spell('features')} goes with tables, and {data.name} holds {data.kind}. Leave it out."
            )
        changes.choose_columns(data, settings.features)


def compute(job: Job[ShortcutsSettings]) -> dict[str, Any]:
    """The record's own fields."""
    data, settings = job.inputs["data"], job.settings
    model = ClassifierUnderTest.of(job.inputs["model"], data, job.engine.device)
    with job.step("predict the rows"):
        baseline = Baseline.of(model, replace(data, groups=dependent_rows(data)), settings.seed)
    rows = _rows_to_change(data, settings)
    part = baseline.subset(rows)
    if data.is_images:
        with job.step("predict the pictures that are changed"):
            part = Baseline.of(model, changes.in_memory(part.data), settings.seed)
    results = job.trials(_trials(settings, part))
    job.notes += [*job.inputs["_unread"], *_notes(data, settings, rows)]
    return {
        "task": data.name,
        "model": model.name,
        "kind": data.kind,
        "classes": list(data.classes),
        "rows": len(data),
        "accuracy": Interval(*share(baseline.correct, baseline.data.groups)),
        "chance": float(np.bincount(data.labels).max() / len(data)),
        "attributes": list(data.attribute_names),
        **_by_group(baseline),
        "conflicts": _records(results, Conflict),
        "changes": _records(results, Change),
    }


def _test_part(data: Dataset) -> Dataset:
    if data.split is not None:
        data = data.subset(np.flatnonzero(np.array(data.split) == "test"))
    if len(data) < FEWEST:
        raise BadData(f"{data.name} has {len(data)} rows, and this needs {FEWEST}. Give more of them.")
    return data


def _rows_to_change(data: Dataset, settings: ShortcutsSettings) -> Rows:
    """The rows of which changed copies are made: all, or some drawn by the seed."""
    if len(data) <= settings.rows:
        return np.arange(len(data))
    draw = np.random.default_rng(derive_seed(settings.seed, "rows"))
    return np.sort(draw.choice(len(data), settings.rows, replace=False))


def _trials(settings: ShortcutsSettings, part: Baseline) -> Iterator[Trial]:
    """Each cue, column or word by itself."""
    data = part.data
    if data.is_images:
        for name in CONFLICTS:
            yield _trial(Conflict, f"shape against {name}", changes.conflicts, part, name)
        for name in CUES:
            yield _trial(Change, f"change the cue {name}", changes.cue_changes, part, name)
    elif data.is_texts:
        for number, word in enumerate(dict.fromkeys(settings.words), 1):
            yield _trial(Change, f"word {number}, {word}", changes.word_changes, part, word)
    elif changes.names_of(data):
        for number, name in enumerate(changes.choose_columns(data, settings.features), 1):
            label = f"column {number}, {name}"
            yield _trial(Change, label, changes.column_changes, part, name, settings.rounds)


def _trial(
    kind: type[Change | Conflict], name: str, compute: Callable[..., Iterable[Any]], *args: Any
) -> Trial:
    return Trial((kind, name), name, name, lambda _: [asdict(result) for result in compute(*args)])


def _records(values: Mapping[Any, Any], kind: type[Any]) -> list[Any]:
    """Records of one kind out of the values of the trials."""
    return [kind.from_values(row) for (key, _), rows in values.items() if key is kind for row in rows]


def _notes(data: Dataset, settings: ShortcutsSettings, changed: Rows) -> Iterator[str]:
    if data.attributes is None:
        yield (
            "The data have no attribute, so no groups were compared. Name one with "
            f"{spell('attribute_column')}, such as the background or the hospital."
        )
    if len(changed) < len(data):
        yield f"Changed copies were made of {len(changed)} of the {len(data)} rows."
    if data.is_texts and not settings.words:
        yield (
            "No word was named, so none was taken out. Name some that should not matter with "
            f"{spell('words')}."
        )
    columns = len(changes.names_of(data))
    if columns > changes.MOST and not settings.features:
        yield (
            f"The first {changes.MOST} of {columns} columns were shuffled. Name others with "
            f"{spell('features')}."
        )


def _by_group(baseline: Baseline) -> dict[str, Any]:
    """Accuracy by class and attribute; nothing if the data have no attribute."""
    data = baseline.data
    if data.attributes is None:
        return {"association": None, "groups": [], "balanced": None, "worst": None, "gap": None}
    groups = class_by_attribute_groups(data)
    accuracy = group_accuracy(baseline.correct, groups.numbers, data.groups)
    names = [(label, attribute) for label in data.classes for attribute in data.attribute_names]
    scores = zip(accuracy.groups, accuracy.rows, accuracy.each, strict=True)
    return {
        "association": association(data),
        "groups": [
            GroupScore(groups.names[n], *names[n], rows, Interval(*interval)) for n, rows, interval in scores
        ],
        "balanced": accuracy.balanced,
        "worst": Interval(*accuracy.worst),
        "gap": Interval(*accuracy.gap),
    }
