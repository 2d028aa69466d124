"""How `distil` is computed: every student by every role and seed, tested on rows that no model has seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.core import BadInput, Method, Model, derive_seed
from headstart.data.check import check as check_data
from headstart.data.dataset import Dataset
from headstart.data.splits import holdout
from headstart.data.train_test_split import train_and_test
from headstart.face import spell
from headstart.models.backbone import AnyBackbone
from headstart.predictor.predictor import Predictor
from headstart.predictor.training import Training
from headstart.report.metric import get_metric
from headstart.session.inputs import loader_of
from headstart.session.recipes import settle_precision
from headstart.session.scoring import choose_metric
from headstart.session.session import Session
from headstart.session.teacher import attach_teacher
from headstart.studies._runner import Job
from headstart.studies._spec import Study
from headstart.studies._trim import trim_run
from headstart.studies.adapt.fitted_model import FittedModel
from headstart.studies.distil import (
    ALONE,
    DISTILLED,
    INT8,
    Cost,
    Distillation,
    DistilSettings,
    StudentAbout,
)
from headstart.studies.distil import ComparedModel as Row
from headstart.studies.distil.inputs import load_distilled, without_test_rows
from headstart.studies.distil.int8 import measure_int8
from headstart.studies.distil.measures import Forward, cost_of, forward_of, time_in_turn
from headstart.studies.distil.result import DistilledModel
from headstart.studies.distil.results import Scorer, mean_score
from headstart.studies.distil.students import students_of
from headstart.studies.distil.teaching import said_of
from headstart.studies.distil.trials import TITLES, Parts, distillation_of, rivals_of, trials_of

TIMED = 32  # rows that times are measured with


def load(
    spec: Study, given: Mapping[str, Any], settings: DistilSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """Teachers, the data that they learned from, and rows without labels."""
    return load_distilled(given, settings, columns)


@dataclass(frozen=True)
class Trained:
    """A student, the session that it was trained in, and what its trainings gave."""

    name: str
    session: Session
    outputs: Mapping[str, dict[int, Tensor]]  # for the test rows, by role and seed
    held: list[Tensor]  # of it distilled, for the rows to choose by
    model: Model  # distilled, of the first seed
    fitted: FittedModel


def compute(job: Job[DistilSettings]) -> dict[str, Any]:
    """The record's own fields; the shipped model is left for `finish`."""
    settings, inputs = job.settings, job.inputs
    job.notes += inputs["_notes"]
    with job.step("check the data"):
        data = check_data(inputs["data"]).dataset
        train, test = train_and_test(data, settings.test, settings.seed)
        unlabelled = _unlabelled(job, data.subset(test))
        students, said = students_of(inputs["_students"], inputs["_teachers"][0], data, settings)
    parts, method = _parts(data, train, test, settings, len(students)), distillation_of(settings)
    methods = rivals_of(method, settings, data.label_kind)
    metric = choose_metric(data.labels[parts.learn], settings.metric or inputs["_metric"])
    sessions = {}
    for one in students:
        with job.step(f"make the student {one.name}"):
            backbone = one.make(data, data.subset(parts.learn))
            sessions[one.name] = _session(job, backbone, data, parts, unlabelled)
    job.notes += said
    values = job.trials(
        (
            trial
            for name, session in sessions.items()
            for trial in trials_of(name, session, parts, methods, settings)
        ),
        settings.budget,
    )
    each = (_trained(name, session, values, method) for name, session in sessions.items())
    trained = [one for one in each if one is not None]
    if not trained:
        raise BadInput(f"Every distillation diverged. A lower {spell('lr')} may help.")
    first = trained[0].session
    scorer = Scorer(data, parts.test, settings.seed, metric, said_of(first, parts.test))
    with job.step("measure times"):
        costs, teacher_cost = _costs(job, trained, parts)
    chosen_by = {
        one.name: mean_score(one.held, data, parts.held, settings.seed, metric) for one in trained if one.held
    }
    shipped = _choose(trained, chosen_by, costs, metric)
    rows = [scorer.teacher(_teacher_title(inputs["_names"]), teacher_cost)]
    for student in trained:
        alone, cost = student.outputs.get(ALONE, {}), costs[student.name]
        for role, outputs in student.outputs.items():
            rows.append(scorer.row((student.name, role, TITLES[role]), outputs, alone, cost))
    made = Predictor(
        shipped.model,
        data.classes,
        shipped.session.backbone.preprocess,
        label_kind=data.label_kind,
        training=Training(method.label, method.title, len(parts.learn), shipped.fitted.curve),
    )
    if settings.int8 and (made.preprocess is not None or made.tokens is not None):
        rows += _int8(job, made, shipped, scorer, parts)
    job.artefacts["predictor"] = made
    return {
        "task": data.name,
        "kind": data.kind,
        "label_kind": data.label_kind,
        "teachers": inputs["_names"],
        "classes": list(data.classes),
        "train_rows": len(parts.learn),
        "selection_rows": len(parts.held),
        "test_rows": len(parts.test),
        "unlabelled_rows": 0 if unlabelled is None else len(unlabelled),
        "metric": metric,
        "method": method.label,
        "threads": torch.get_num_threads(),
        "students": [
            StudentAbout(one.name, one.session.backbone.name, chosen_by.get(one.name)) for one in trained
        ],
        "rows": rows,
        "shipped": shipped.name,
    }


def finish(job: Job[DistilSettings], record: Distillation) -> DistilledModel:
    """The shipped student, saved as a model."""
    made: Predictor = job.artefacts["predictor"]
    assert made.training is not None
    made.training = replace(made.training, notes=list(record.notes))
    folder = job.folder.path
    with job.step("save"):
        made.save(folder / "model")
    return DistilledModel(folder, record)


def trim(job: Job[DistilSettings]) -> None:
    """Remove what the finished study does not need."""
    trim_run(job.folder.path, "results")


def _unlabelled(job: Job[DistilSettings], test: Dataset) -> Dataset | None:
    given = job.inputs["unlabelled"]
    if given is None:
        return None
    kept, notes = without_test_rows(given, test)
    job.notes += notes
    return kept


def _parts(data: Dataset, train: Any, test: Any, settings: DistilSettings, students: int) -> Parts:
    """The training part without the rows that several students are chosen by."""
    if students < 2:
        return Parts(train, train[:0], test)
    seed = derive_seed(settings.seed, "choose a student")
    learn, held = holdout(data.strata[train], data.groups_of(train), settings.validation, seed)
    return Parts(train[learn], train[held], test)


def _session(
    job: Job[DistilSettings], backbone: AnyBackbone, data: Dataset, parts: Parts, unlabelled: Dataset | None
) -> Session:
    """Where a student learns, with its teacher; what that says is recorded in the folder."""
    job.settings, notes = settle_precision(job.settings, backbone, job.engine, job.folder.steps)
    job.notes += [note for note in notes if note not in job.notes]
    of_student = replace(job, inputs={**job.inputs, "backbone": backbone})
    session = of_student.session(data, parts.learn)
    given = job.inputs["_teachers"]
    session.teacher = attach_teacher(session, given if len(given) > 1 else given[0], unlabelled=unlabelled)
    return session


def _trained(
    name: str, session: Session, values: Mapping[Any, dict[str, Any]], method: Method[Any]
) -> Trained | None:
    """What a student's trainings gave; None if the one that could be shipped diverged."""
    own = {(role, seed): value for (student, role, seed), value in values.items() if student == name}
    kept = own.get((DISTILLED, 0))
    if kept is None:
        return None
    outputs: dict[str, dict[int, Tensor]] = {}
    for (role, seed), value in own.items():
        outputs.setdefault(role, {})[seed] = value["test"]
    held = [value["held"] for (role, _), value in own.items() if role == DISTILLED and "held" in value]
    fitted = FittedModel(method, **kept["model"])
    return Trained(name, session, outputs, held, fitted.model(session), fitted)


def _choose(
    trained: Sequence[Trained], by: Mapping[str, Any], costs: Mapping[str, Cost], metric: str
) -> Trained:
    """The best student on the rows held apart, of equals the smallest."""
    if len(trained) == 1 or not by:
        return trained[0]
    merit = get_metric(metric).merit
    return max(trained, key=lambda one: (merit(by[one.name].value), -(costs[one.name].bytes or 0)))


def _costs(
    job: Job[DistilSettings], trained: Sequence[Trained], parts: Parts
) -> tuple[dict[str, Cost], Cost]:
    """What each student takes by name, and what the teacher does."""
    models = [one.model for one in job.inputs["_teachers"] if isinstance(one, Predictor)]
    whole = len(models) == len(job.inputs["_teachers"])
    forwards: dict[str, tuple[Forward, Tensor]] = {}
    rows, device = parts.test[:TIMED], job.engine.device
    data = trained[0].session.data
    for one in trained:
        samples = loader_of(data, one.session.backbone, None).fetch(rows, np.full(len(rows), -1))
        forwards[f"student {one.name}"] = forward_of([one.model]), samples.to(device)
    if whole:
        forwards["teacher"] = _teacher_forward(models, data, rows, device)
    times = time_in_turn(forwards, job.settings.repeats)
    costs = {one.name: cost_of([one.model], times[f"student {one.name}"]) for one in trained}
    return costs, cost_of(models if whole else [], times.get("teacher", {}))


def _teacher_forward(
    models: Sequence[Model], data: Dataset, rows: Any, device: torch.device
) -> tuple[Forward, Tensor]:
    """Each of the teachers on rows as it takes them, one after the other."""
    readers = [
        loader_of(data, model.backbone, None).fetch(rows, np.full(len(rows), -1)).to(device)  # type: ignore[arg-type]
        for model in models
    ]
    each = [forward_of([model.to(device)]) for model in models]

    def forward(x: Tensor) -> None:
        for one, samples in zip(each, readers, strict=True):
            repeated = samples.repeat(-(-len(x) // len(samples)), *[1] * (samples.ndim - 1))
            one(repeated[: len(x)])

    return forward, readers[0]


def _teacher_title(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} teachers, averaged"


def _int8(
    job: Job[DistilSettings], made: Predictor, shipped: Trained, scorer: Scorer, parts: Parts
) -> list[Row]:
    """The row of the int8 file, or none and a note why."""
    decide = parts.held if len(parts.held) else parts.learn
    data = scorer.data
    with job.step("measure int8"):
        found = measure_int8(
            made,
            data.subset(parts.learn),
            data.subset(decide),
            data.subset(parts.test),
            scorer.metric,
            job.settings.repeats,
        )
    if isinstance(found, str):
        job.notes.append(found)
        return []
    job.notes.append(
        f"The int8 ONNX file is {found.found.smaller:.1f} times smaller than the float32 one and "
        f"{found.found.faster:.1f} times as fast on 16 rows, both by ONNX Runtime."
    )
    whole = cost_of([shipped.model], found.seconds)
    cost = replace(whole, bytes=found.bytes)
    first = shipped.outputs.get(ALONE, {}).get(0)
    alone = {} if first is None else {0: first}
    return [scorer.row((shipped.name, INT8, "distilled, int8 ONNX"), {0: found.outputs}, alone, cost)]
