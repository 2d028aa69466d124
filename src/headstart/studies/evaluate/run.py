"""How `evaluate` is computed: the model predicts every row once, and the answers are scored."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from headstart.core import BadInput
from headstart.data.dataset import Dataset
from headstart.data.label_fixes import all_fixes
from headstart.metrics.intervals import share
from headstart.metrics.kinds import measure_of
from headstart.metrics.shares import Interval as MetricInterval
from headstart.metrics.shares import mover
from headstart.metrics.thresholds import Threshold
from headstart.predictor.predictor import Predictor, open_model
from headstart.records.metric_titles import LOWER_IS_BETTER
from headstart.records.record import Interval, Scores
from headstart.report.metric import get_metric
from headstart.session.scoring import (
    DECIDED,
    bins,
    choose_metric,
    confusions,
    decided,
    difference,
    main_score,
    scores,
)
from headstart.session.session import Session
from headstart.studies._page import read_record
from headstart.studies._runner import Job
from headstart.studies._spec import Study
from headstart.studies.adapt import Result
from headstart.studies.adapt.evaluation import constant_baseline
from headstart.studies.adapt.record_fields import columns_of, save_mistakes, tags_of
from headstart.studies.adapt.two_classes import Chosen, decides, measure_two_classes
from headstart.studies.evaluate import Abstained, ClassFigures, EvaluateSettings, Reported
from headstart.studies.evaluate.inputs import read_data
from headstart.studies.evaluate.run_split import run_of

OBJECT = "a predictor"


def load(
    spec: Study, given: Mapping[str, Any], settings: EvaluateSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The model, the rows with the labels in its order, and what the report of its run says."""
    predictor = predictor_in(given["run"])
    folder = predictor.folder
    if settings.abstain is not None and predictor.label_kind != "classes":
        raise BadInput(f"abstain is {settings.abstain}; it goes with classes, not {predictor.label_kind}.")
    fixes = all_fixes(given.get("label_fixes"))
    data = read_data(given["data"], predictor, columns, settings.allow_unseen, fixes=fixes)
    return {
        "run": predictor,
        "data": data.dataset,
        "_notes": data.notes,
        "_name": OBJECT if folder is None else run_of(folder).name,
        "_report": _report(predictor),
    }


def compute(job: Job[EvaluateSettings]) -> dict[str, Any]:
    """The record's own fields."""
    predictor, data, seed = job.inputs["run"], job.inputs["data"], job.settings.seed
    job.notes += job.inputs["_notes"]
    kept = job.folder.once("predict", lambda: {"outputs": outputs_of_model(job, predictor, data)})
    outputs: Tensor = kept["outputs"]
    with job.step("score"):
        report = job.inputs["_report"]
        chosen = decides(predictor.decision, data, report and report.two_classes)
        truth = data.labels, data.groups, seed, _metric(job, report, data, chosen)
        threshold = chosen.saved if chosen else None
        scored, constant = scores(outputs, *truth, threshold), constant_baseline(data, len(data))
        answers = decided(outputs, threshold)
        return {
            "task": data.name,
            "model": job.inputs["_name"],
            "kind": data.kind,
            "label_kind": data.label_kind,
            "metric": scored.main,
            "classes": list(data.classes),
            "rows": len(data),
            "groups": data.group_count,
            "absent": absent_names(data),
            "scores": scored,
            "constant": main_score(constant, *truth),
            "gain": difference(answers if scored.main in DECIDED else outputs, constant, *truth),
            "abstained": abstained(outputs, answers, data, _threshold(job.settings, predictor)),
            "reported": None if report is None else compared(scored, report),
            "confusion": confusions(answers, data.labels),
            "bins": bins(outputs, data.labels),
            "per_class": figures_by_class(answers, data),
            "tags": tags_of(data, outputs),
            "columns": columns_of(data, data, outputs),
            "mistakes": _mistakes(job, data, outputs, threshold),
            "two_classes": chosen and measure_two_classes(outputs, data, chosen, seed),
        }


def outputs_of_model(job: Job[EvaluateSettings], predictor: Predictor, data: Dataset) -> Tensor:
    """Outputs (n, k) of the model for all rows."""
    session = Session(predictor.model.backbone, data, engine=job.engine)  # type: ignore[arg-type]
    model = predictor.model.to(job.engine.device)
    return session.logits(model, np.arange(len(data)))


def absent_names(data: Dataset) -> list[str]:
    """Classes or tags that no row has."""
    if data.label_kind == "numbers":
        return []
    counts = (
        np.bincount(data.labels, minlength=len(data.classes))
        if data.label_kind == "classes"
        else data.labels.sum(0)
    )
    return [name for name, count in zip(data.classes, counts, strict=True) if not count]


def figures_by_class(outputs: Tensor, data: Dataset) -> list[ClassFigures]:
    """Recall and precision of each class with Wilson's intervals over whole groups; [] of other labels."""
    if data.label_kind != "classes":
        return []
    predicted = outputs.argmax(1).numpy()
    right = predicted == data.labels

    def part(rows: Any) -> Interval | None:
        places = np.flatnonzero(rows)
        return Interval(*share(right[places], data.groups_of(places))) if len(places) else None

    return [
        ClassFigures(
            name=name,
            rows=int((data.labels == number).sum()),
            predicted=int((predicted == number).sum()),
            recall=part(data.labels == number),
            precision=part(predicted == number),
        )
        for number, name in enumerate(data.classes)
    ]


def _metric(job: Job[EvaluateSettings], report: Result | None, data: Dataset, chosen: Chosen | None) -> str:
    """The metric that comes first: the wanted one, that of the run, or the main one of the kind of label."""
    measures, wanted = measure_of(data.label_kind), job.settings.metric
    positive = chosen.threshold.positive if chosen else None
    if wanted is None and report is not None and report.metric in measures.metrics:
        wanted = report.metric
        if wanted in measures.on_request and len(np.unique(data.labels)) < 2:
            title = get_metric(wanted).title
            job.notes.append(f"All rows are of one class, so there is no {title}, the metric of the run.")
            wanted = measures.main
    return choose_metric(data.labels, wanted or measures.main, positive)


def _threshold(settings: EvaluateSettings, predictor: Predictor) -> float:
    return predictor.abstain if settings.abstain is None else settings.abstain


def abstained(outputs: Tensor, answers: Tensor, data: Dataset, below: float) -> Abstained | None:
    """The share of rows below a probability, and the accuracy on the others; None of 0 or other labels.

    `answers` (n, k) are highest at the predicted class, whatever its probability.
    """
    if data.label_kind != "classes" or below == 0:
        return None
    confidence, predicted = outputs.double().softmax(1).amax(1).numpy(), answers.argmax(1).numpy()
    sure = np.flatnonzero(confidence >= below)
    accuracy = None
    if len(sure):
        accuracy = Interval(*share(predicted[sure] == data.labels[sure], data.groups_of(sure)))
    return Abstained(below, Interval(*share(confidence < below, data.groups)), accuracy)


def predictor_in(run: Any) -> Predictor:
    """The predictor in a run folder, or in what a study returned, or itself.

    Raises:
        BadInput: there is none.
    """
    run = run if isinstance(run, Predictor | str | Path) else _in_result(run)
    return run if isinstance(run, Predictor) else open_model(run)


def _in_result(result: Any) -> Any:
    """The folder, or else the model, of what a study returned.

    Raises:
        BadInput: it has neither.
    """
    for name in ("folder", "model", "predictor"):
        value = getattr(result, name, None)
        if isinstance(value, Predictor | Path):
            return value
    raise BadInput(
        f"run is {type(result).__name__}; it must be a run folder, or a predictor as hs.fit and hs.open give."
    )


def compared(scored: Scores, report: Result) -> Reported | None:
    """The figures of the report of the model's run, and how the main one differs on the new data."""
    tested = next((each for each in report.tested if each.gain is None), None)
    if tested is None or scored.main not in tested.scores.figures:
        return None
    pair = scored.main_figure, tested.scores[scored.main]
    here, there = (MetricInterval(each.value, each.low, each.high) for each in pair)
    lower = scored.main in LOWER_IS_BETTER
    change = Interval(*(mover(there, here, 0.0) if lower else mover(here, there, 0.0)))
    return Reported(report.task, tested.scores.rows, tested.scores.figures, change)


def positive_of_model(predictor: Predictor, data: Dataset) -> int | None:
    """The number of the positive one of two classes that a model was made for; None of other labels."""
    report = _report(predictor)
    chosen = decides(predictor.decision, data, report.two_classes if report else None)
    return chosen.threshold.positive if chosen else None


def reported_metric(predictor: Predictor) -> str | None:
    """The main metric of the run that a model comes from; None if it comes from none."""
    report = _report(predictor)
    return None if report is None else report.metric


def _report(predictor: Predictor) -> Result | None:
    """The record of the run that a model comes from; None if there is none."""
    if predictor.folder is None:
        return None
    file = run_of(predictor.folder) / "result.json"
    return read_record(Result, file) if file.is_file() else None


def _mistakes(
    job: Job[EvaluateSettings], data: Dataset, outputs: Tensor, threshold: Threshold | None
) -> list[Any]:
    """The worst mistakes; pictures are kept where a folder is."""
    found = save_mistakes(job.folder.path / "pictures", data, outputs, threshold)
    return found if job.out is not None else [replace(each, picture="") for each in found]
