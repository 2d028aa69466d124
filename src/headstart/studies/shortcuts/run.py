"""How `shortcuts` is computed: predictions for the rows, and for copies of them that lack a cue."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from headstart.core import BadData, BadInput, derive_seed
from headstart.data.attributes import association, class_by_attribute_groups
from headstart.data.cues import CONFLICTS, CUES
from headstart.data.dataset import Dataset
from headstart.data.load import load as load_data
from headstart.metrics.groups import GroupAccuracy, group_accuracy
from headstart.predictor.predictor import Predictor, open_model
from headstart.records.record import Interval
from headstart.studies._runner import Job, Trial
from headstart.studies._spec import Study
from headstart.studies.shortcuts import Change, Conflict, GroupScore, ShortcutsSettings
from headstart.studies.shortcuts.changes import MOST, choose_columns, column_changes, names_of, word_changes
from headstart.studies.shortcuts.model_under_test import Baseline, ClassifierUnderTest
from headstart.studies.shortcuts.pictures import conflicts, cue_changes, in_memory

LEAST = 4  # rows


def load(
    spec: Study, given: Mapping[str, Any], settings: ShortcutsSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The model, and the rows that its own split keeps for testing, if there is one."""
    model, data = given["model"], given["data"]
    predictor = model if isinstance(model, Predictor) else open_model(model)
    return {
        "model": predictor,
        "data": _test_part(data if isinstance(data, Dataset) else load_data(data, **columns)),
    }


def check(settings: ShortcutsSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse a model and data that don't fit, and words or columns that the data can't have."""
    data = inputs["data"]
    ClassifierUnderTest.of(inputs["model"], data)
    if settings.words and not data.is_texts:
        raise BadInput(f"--word goes with texts, and {data.name} holds {data.kind}. Leave it out.")
    if settings.features:
        if not names_of(data):
            raise BadInput(f"--feature goes with tables, and {data.name} holds {data.kind}. Leave it out.")
        choose_columns(data, settings.features)


def compute(job: Job[ShortcutsSettings]) -> dict[str, Any]:
    """The record's own fields."""
    data, seed = job.inputs["data"], job.settings.seed
    model = ClassifierUnderTest.of(job.inputs["model"], data, job.engine.device)
    with job.step("predict the rows"):
        whole = Baseline(data, model.predict(data), seed)
    few = _rows_to_change(data, job.settings)
    part = Baseline(data.subset(few), whole.predicted[few], seed)
    if data.is_images:
        with job.step("predict the pictures that are changed"):
            pictures = in_memory(part.data)
            part = Baseline(pictures, model.predict(pictures), seed)
    results = job.trials(_trials(job.settings, model, part))
    job.notes += _notes(data, job.settings, few)
    return {
        "task": data.name,
        "model": model.name,
        "kind": data.kind,
        "classes": list(data.classes),
        "rows": len(data),
        "accuracy": Interval(*group_accuracy(whole.correct, np.zeros(len(data), np.int64)).average),
        "chance": float(np.bincount(data.labels).max() / len(data)),
        "attributes": list(data.attribute_names),
        **_by_group(whole),
        "conflicts": _results(results, Conflict),
        "changes": _results(results, Change),
    }


def _test_part(data: Dataset) -> Dataset:
    if data.split is not None:
        data = data.subset(np.flatnonzero(np.array(data.split) == "test"))
    if len(data) < LEAST:
        raise BadData(f"{data.name} has {len(data)} rows, and this needs {LEAST}. Give more of them.")
    return data


def _rows_to_change(data: Dataset, settings: ShortcutsSettings) -> np.ndarray:
    """The rows of which changed copies are made: all, or some drawn by the seed."""
    if len(data) <= settings.rows:
        return np.arange(len(data))
    draw = np.random.default_rng(derive_seed(settings.seed, "rows"))
    return np.sort(draw.choice(len(data), settings.rows, replace=False))


def _trials(settings: ShortcutsSettings, model: ClassifierUnderTest, part: Baseline) -> Iterator[Trial]:
    """Each cue, column or word by itself."""
    data = part.data
    if data.is_images:
        for name in CONFLICTS:
            yield _trial(Conflict, f"shape against {name}", partial(conflicts, model, part, name))
        for name in CUES:
            yield _trial(Change, f"change the cue {name}", partial(cue_changes, model, part, name))
    elif data.is_texts:
        for number, word in enumerate(dict.fromkeys(settings.words), 1):
            yield _trial(Change, f"word {number}, {word}", partial(word_changes, model, part, word))
    elif names_of(data):
        for number, name in enumerate(choose_columns(data, settings.features), 1):
            work = partial(column_changes, model, part, name, settings.rounds)
            yield _trial(Change, f"column {number}, {name}", work)


def _trial(kind: type[Change | Conflict], name: str, work: Any) -> Trial:
    return Trial((kind, name), name, name, lambda _: [asdict(result) for result in work()])


def _results(values: Mapping[Any, Any], wanted: type[Any]) -> list[Any]:
    """Records of one kind out of the values of the trials."""
    return [wanted.from_values(one) for (kind, _), found in values.items() if kind is wanted for one in found]


def _notes(data: Dataset, settings: ShortcutsSettings, few: np.ndarray) -> Iterator[str]:
    if data.attributes is None:
        yield (
            "The data have no attribute, so no groups were compared. Name one with --attribute-column, "
            "such as the background or the hospital."
        )
    if len(few) < len(data):
        yield f"Changed copies were made of {len(few)} of the {len(data)} rows."
    if data.is_texts and not settings.words:
        yield "No word was named, so none was taken out. Name some that should not matter with --word."
    many = len(names_of(data))
    if many > MOST and not settings.features:
        yield f"The first {MOST} of {many} columns were shuffled. Name others with --feature."


def _by_group(whole: Baseline) -> dict[str, Any]:
    """Accuracy by class and attribute; nothing if the data have no attribute."""
    data = whole.data
    if data.attributes is None:
        return {"association": None, "groups": [], "balanced": None, "worst": None, "gap": None}
    accuracy = group_accuracy(whole.correct, class_by_attribute_groups(data).numbers)
    return {
        "association": association(data),
        "groups": list(_groups(data, accuracy)),
        "balanced": accuracy.balanced,
        "worst": Interval(*accuracy.worst),
        "gap": Interval(*accuracy.gap),
    }


def _groups(data: Dataset, accuracy: GroupAccuracy) -> Iterator[GroupScore]:
    names = class_by_attribute_groups(data).names
    values = len(data.attribute_names)
    for number, rows, interval in zip(accuracy.groups, accuracy.rows, accuracy.each, strict=True):
        label, attribute = data.classes[number // values], data.attribute_names[number % values]
        yield GroupScore(names[number], label, attribute, rows, Interval(*interval))
