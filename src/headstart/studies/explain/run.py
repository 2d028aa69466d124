"""How `explain` is computed: each item is taken apart, and columns of labelled rows are permuted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from headstart.core import BadInput
from headstart.data.dataset import Dataset
from headstart.data.label_fixes import LabelFix, all_fixes
from headstart.face import spell
from headstart.predictor.examples import Examples
from headstart.predictor.importance import column_importance
from headstart.predictor.predictor import Predictor
from headstart.records.explanation import ColumnImportance, Explanation
from headstart.report.text import pluralise
from headstart.session.scoring import choose_metric
from headstart.studies._runner import Job
from headstart.studies._spec import Study
from headstart.studies.evaluate.inputs import read_data
from headstart.studies.evaluate.run import positive_of_model, predictor_in, reported_metric
from headstart.studies.explain import ExplainSettings
from headstart.studies.explain.inputs import One, read_items
from headstart.studies.explain.pictures import save_pictures
from headstart.studies.stream.run import roles_of


def load(
    _: Study, given: Mapping[str, Any], settings: ExplainSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The model, the items, the labelled rows, and what the model learned from."""
    predictor = predictor_in(given["run"])
    items = read_items(given.get("items"), given.get("text") or (), predictor, roles_of(columns))
    labelled, train = given.get("labelled"), given.get("train")
    if not items and labelled is None:
        raise BadInput(
            f"There is nothing to explain. Name files, or write {spell('text', 'A text.')} for a model of "
            f"texts, or give labelled rows of a table by {spell('labelled')}."
        )
    notes = []
    if len(items) > settings.limit:
        notes.append(
            f"The first {pluralise(settings.limit, 'item')} of {len(items):,} are explained; "
            f"{spell('limit')} sets how many."
        )
    fixes = all_fixes(given.get("label_fixes"))
    data = None if labelled is None else _labelled(labelled, predictor, columns, fixes, notes)
    known = None
    if train is not None:
        known = read_data(train, predictor, columns, True, part="train", fixes=fixes).dataset
    return {"run": predictor, "_items": items, "_labelled": data, "_train": known, "_notes": notes}


def _labelled(
    given: Any,
    predictor: Predictor,
    columns: Mapping[str, Any],
    fixes: Sequence[LabelFix],
    notes: list[str],
) -> Dataset:
    if predictor.schema is None and predictor.modality.kind != "numbers":
        raise BadInput(
            f"{spell('labelled')} goes with tables, whose columns are permuted; this model takes "
            f"{predictor.modality.description}."
        )
    read = read_data(given, predictor, columns, True, fixes=fixes)
    notes += read.notes
    return read.dataset


def compute(job: Job[ExplainSettings]) -> dict[str, Any]:
    """The record's own fields; writes the pictures where a folder is kept."""
    predictor, settings, data = job.inputs["run"], job.settings, job.inputs["_labelled"]
    job.notes += job.inputs["_notes"]
    predictor.to(job.engine.device)
    items = job.inputs["_items"][: settings.limit]
    examples = _examples(job, predictor, bool(items))
    with job.step("explain"):
        found = [_explained(predictor, one, settings, examples) for one in job.progress.count(items)]
    if job.out is not None and predictor.preprocess is not None:
        save_pictures(job.folder.path, [predictor.samples(item)[0] for _, item in items], found)
    with job.step("permute columns"):
        metric, score, importance = ("", None, []) if data is None else _importance(predictor, data, settings)
    return {
        "model": "a predictor" if predictor.folder is None else predictor.folder.resolve().name,
        "kind": predictor.modality.kind,
        "label_kind": predictor.label_kind,
        "classes": list(predictor.classes),
        "explanations": found,
        "metric": metric,
        "score": score,
        "rows": 0 if data is None else len(data),
        "importance": importance,
    }


def _examples(job: Job[ExplainSettings], predictor: Predictor, wanted: bool) -> Examples | None:
    """What the model learned from: given, or kept with its run."""
    train = job.inputs["_train"]
    if not wanted:
        return None
    with job.step("read training rows"):
        found = Examples.beside(predictor.folder) if train is None else Examples.of(predictor.model, train)
    if found is None and job.settings.neighbours:
        job.notes.append(
            "No training rows are kept with this model, so the nearest are not named. Give what it learned "
            f"from: {spell('train', ..., stands='DATA')}."
        )
    return found


def _explained(
    predictor: Predictor, one: One, settings: ExplainSettings, examples: Examples | None
) -> Explanation:
    name, item = one
    (found,) = predictor.explain(
        item,
        settings.class_name,
        attribution=settings.attribution,
        permutations=settings.permutations,
        patch=settings.patch,
        stride=settings.stride,
        train=examples,
        neighbours=settings.neighbours,
        seed=settings.seed,
    )
    return replace(found, item=name)


def _importance(
    predictor: Predictor, data: Dataset, settings: ExplainSettings
) -> tuple[str, float, list[ColumnImportance]]:
    """The metric, its value for the rows as they are, and what each column is worth of it."""
    wanted = settings.metric or reported_metric(predictor)
    metric = choose_metric(data.labels, wanted, positive_of_model(predictor, data))
    return metric, *column_importance(predictor, data, metric, settings.repeats, settings.seed)
