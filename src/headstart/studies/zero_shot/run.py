"""How `zero-shot` is computed: rows and prompts are embedded once, all wordings tested on the same rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.core import Model
from headstart.data.check import dependent_rows, readable_rows
from headstart.data.dataset import Dataset
from headstart.metrics.intervals import share
from headstart.models.pairs import Pair
from headstart.nn.zero_shot import zero_shot_head
from headstart.predictor.prediction_files import PredictedRows, write_rows
from headstart.predictor.predictor import Predictor
from headstart.predictor.training import Training
from headstart.records.record import Interval
from headstart.report.metric import get_metric
from headstart.session.scoring import (
    as_predictions,
    bins,
    choose_metric,
    confusions,
    difference,
    main_score,
    scores,
)
from headstart.studies._runner import Job
from headstart.studies._spec import Study
from headstart.studies.adapt.evaluation import constant_baseline
from headstart.studies.adapt.record_fields import save_mistakes
from headstart.studies.evaluate import ClassFigures
from headstart.studies.evaluate.run import figures_by_class
from headstart.studies.zero_shot import Wording, ZeroShot, ZeroShotSettings
from headstart.studies.zero_shot.classifier import PREDICTIONS, ZeroShotClassifier
from headstart.studies.zero_shot.inputs import (
    encoders_for,
    read_rows,
    templates_for,
    with_classes,
    words_for,
)
from headstart.studies.zero_shot.notes import notes_on
from headstart.studies.zero_shot.parts import parts_of
from headstart.studies.zero_shot.wordings import (
    Scale,
    Wordings,
    unit,
    with_prior,
    without_content,
)


def load(
    spec: Study, given: Mapping[str, Any], settings: ZeroShotSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The rows, the encoders for them, the words of the classes and the templates."""
    rows = read_rows(given["data"], columns)
    words, templates = words_for(rows, settings), templates_for(rows.data, settings)
    pair = encoders_for(rows.data, given.get("backbone"), given.get("image_backbone"), settings.size)
    return {
        "data": with_classes(rows.data, words) if rows.labelled else rows.data,
        "text encoder": pair.text,
        "row encoder": pair.rows,
        "_pair": pair,
        "_labelled": rows.labelled,
        "_words": words,
        "_templates": templates,
        "_notes": [rows.note] * bool(rows.note),
    }


@dataclass(frozen=True)
class Tested:
    """What is known of the tested rows."""

    data: Dataset
    rows: Tensor  # embeddings (n, d), unit length
    metric: str
    seed: int
    labelled: bool

    @property
    def truth(self) -> tuple[Any, Any, int, str]:
        """Labels, groups, seed and metric, as scores take them."""
        return self.data.labels, self.data.groups, self.seed, self.metric


def compute(job: Job[ZeroShotSettings]) -> dict[str, Any]:
    """The record's own fields; the classifier is left for `finish`."""
    settings, inputs = job.settings, job.inputs
    pair, words, templates, labelled = (
        inputs[f"_{name}"] for name in ("pair", "words", "templates", "labelled")
    )
    pair.text.to(job.engine.device)
    job.notes += inputs["_notes"]
    with job.step("check the data"):
        data = _checked(job, inputs["data"], labelled)
        calibration, rows = parts_of(data, settings, labelled)
        test = data.subset(rows)
    with job.step("embed the prompts"):
        wordings = Wordings.of(pair, words, templates, settings.type)
        empty = without_content(pair) if settings.prior == "content-free" else torch.zeros(0, 1)
    features = _embedded(job, pair, data)
    metric = choose_metric(test.labels, settings.metric) if labelled else ""
    tested = Tested(test, features[rows], metric, settings.seed, labelled)
    with job.step("score"):
        base = features[calibration] if len(calibration) else tested.rows

        def scaled(classes: Tensor) -> Scale:
            return with_prior(settings.prior, pair.scale, base, empty, classes)

        own = scaled(wordings.whole)
        scale = own if settings.temperature is None else own.at(settings.temperature)
        if len(calibration):
            y = torch.from_numpy(data.labels[calibration])
            scale = own.at_best(own.logits(features[calibration], wordings.whole), y)
        outputs = scale.logits(tested.rows, wordings.whole)
        each = [scaled(classes).logits(tested.rows, classes) for classes in wordings.each]
        job.notes += notes_on(job, wordings, len(calibration))
        job.artefacts |= {"outputs": outputs, "items": test.items}
        job.artefacts["model"] = Model(pair.rows, zero_shot_head(wordings.whole, scale.scale, scale.bias))
        return {
            "task": data.name,
            "kind": data.kind,
            "encoders": [each.name for each in (pair.text, pair.image) if each is not None],
            "classes": list(words),
            "words": [list(each) for each in words.values()],
            "rows": len(test),
            "groups": test.group_count,
            "labelled": labelled,
            "calibration_rows": len(calibration),
            "metric": metric,
            **_of_templates(tested, outputs, each, templates),
            "temperature": 1 / scale.scale,
            "own_temperature": 1 / pair.scale,
            "prior": settings.prior,
            "bias": scale.bias.tolist(),
            "alike": wordings.alike(),
            **_of_labels(job, tested, outputs, own.logits(tested.rows, wordings.whole)),
        }


def _embedded(job: Job[ZeroShotSettings], pair: Pair, data: Dataset) -> Tensor:
    """Embeddings (n, d) of all rows, unit length; computed once and kept."""
    job.inputs["backbone"] = pair.rows
    everything = np.arange(len(data))
    session = job.session(data, everything, augment=False)
    kept = job.folder.once("embed the rows", lambda: {"value": session.logits(pair.rows, everything)})
    return unit(kept["value"])


def _checked(job: Job[ZeroShotSettings], data: Dataset, labelled: bool) -> Dataset:
    """The rows that can be read; of labelled ones copies of each other are one group."""
    data, looks, notes = readable_rows(data)
    job.notes += notes
    return replace(data, groups=dependent_rows(data, looks)) if labelled else data


def _of_templates(tested: Tested, outputs: Tensor, each: list[Tensor], templates: Any) -> dict[str, Any]:
    """Every wording against all together, the best against the worst, and how far all agree."""
    groups, answers = tested.data.groups, outputs.argmax(1)
    said = torch.stack([one.argmax(1) for one in each])
    found = []
    for template, one in zip(templates, each, strict=True):
        score = main_score(one, *tested.truth) if tested.labelled else None
        gain = difference(one, outputs, *tested.truth) if tested.labelled else None
        agreement = Interval(*share((one.argmax(1) == answers).numpy(), groups))
        found.append(Wording(template, score, gain, agreement))
    merit = get_metric(tested.metric).merit if tested.labelled else float
    order = sorted(range(len(found)), key=lambda i: -_rank(found[i], merit))
    spread = None
    if tested.labelled and len(each) > 1:
        spread = difference(each[order[0]], each[order[-1]], *tested.truth)
    return {
        "wordings": [found[i] for i in order],
        "spread": spread,
        "unanimous": Interval(*share((said == said[0]).all(0).numpy(), groups)),
    }


def _rank(wording: Wording, merit: Any) -> float:
    return wording.agreement.value if wording.score is None else float(merit(wording.score.value))


def _of_labels(job: Job[ZeroShotSettings], tested: Tested, outputs: Tensor, own: Tensor) -> dict[str, Any]:
    """All that needs labels; without them how often each class is predicted."""
    test = tested.data
    if not tested.labelled:
        counts = outputs.argmax(1).bincount(minlength=outputs.shape[1]).tolist()
        names = list(job.inputs["_words"])
        return {
            **dict.fromkeys(("scores", "constant", "gain", "uncalibrated")),
            **{name: [] for name in ("confusion", "bins", "mistakes")},
            "per_class": [
                ClassFigures(n, 0, count, None, None) for n, count in zip(names, counts, strict=True)
            ],
        }
    constant = constant_baseline(test, len(test))
    mistakes = save_mistakes(job.folder.path / "pictures", test, outputs)
    return {
        "scores": scores(outputs, *tested.truth),
        "constant": main_score(constant, *tested.truth),
        "gain": difference(outputs, constant, *tested.truth),
        "uncalibrated": scores(own, *tested.truth),
        "confusion": confusions(outputs, test.labels),
        "bins": bins(outputs, test.labels),
        "per_class": figures_by_class(outputs, test),
        "mistakes": mistakes if job.out is not None else [replace(one, picture="") for one in mistakes],
    }


def finish(job: Job[ZeroShotSettings], record: ZeroShot) -> ZeroShotClassifier:
    """The classifier, saved as a model where a folder is kept, and predictions for rows without labels."""
    model, outputs, items = (job.artefacts[name] for name in ("model", "outputs", "items"))
    training = Training("zero-shot", "Zero-shot classification", 0, notes=list(record.notes))
    reader = model.backbone.preprocess
    made = Predictor(model, record.classes, reader, training=training)
    if job.out is not None:
        made.save(job.folder.path / "model")
        if not record.labelled:
            said = made.predictions(as_predictions(outputs, "classes"))
            rows = PredictedRows(items, said, "classes", made.classes)
            write_rows(rows, job.folder.path / PREDICTIONS, replace=True)
    return ZeroShotClassifier(record, made, job.out)
