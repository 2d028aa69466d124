"""How `zero-shot` is computed: rows and prompts are embedded once, all wordings tested on the same rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from headstart.data.check import dependent_rows, readable_rows
from headstart.data.dataset import Dataset
from headstart.metrics.intervals import share
from headstart.predictor.predictor import Predictor
from headstart.predictor.training import Training
from headstart.records.record import Interval
from headstart.report.metric import get_metric
from headstart.runtime.prediction_files import PredictedRows, write_rows
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
    require_choice,
    templates_for,
    with_classes,
    words_for,
)
from headstart.studies.zero_shot.logits import with_prior
from headstart.studies.zero_shot.notes import notes_on
from headstart.studies.zero_shot.parts import parts_of
from headstart.studies.zero_shot.patterns import Patterns, has_mask, refuse_language_model, refuse_type
from headstart.studies.zero_shot.wordings import Wordings


def load(
    spec: Study, given: Mapping[str, Any], settings: ZeroShotSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The rows, the encoders for them, the words of the classes and the templates."""
    rows = read_rows(given["data"], columns)
    words, templates = words_for(rows, settings), templates_for(rows.data, settings)
    require_choice(rows, templates, settings)
    base = given.get("backbone")
    base = str(base) if isinstance(base, Path) else base
    if any(map(has_mask, templates)):
        refuse_type(settings)
        patterns = Patterns.of(rows.data, base, words, templates)
        asked = {"language model": patterns.first.backbone, "_patterns": patterns}
    else:
        refuse_language_model(base, templates)
        pair = encoders_for(rows.data, base, given.get("image_backbone"), settings.size)
        asked = {"text encoder": pair.text, "row encoder": pair.rows, "_pair": pair}
    return {
        "data": with_classes(rows.data, words) if rows.labelled else rows.data,
        **asked,
        "_labelled": rows.labelled,
        "_words": words,
        "_templates": templates,
        "_notes": [rows.note] * bool(rows.note),
    }


@dataclass(frozen=True)
class Tested:
    """What is known of the tested rows."""

    data: Dataset
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
    words, templates, labelled = (inputs[f"_{name}"] for name in ("words", "templates", "labelled"))
    patterns: Patterns | None = inputs.get("_patterns")
    choose = settings.search or (patterns is not None and len(templates) > 1)
    job.notes += inputs["_notes"]
    with job.step("check the data"):
        data = _checked(job, inputs["data"], labelled)
        calibration, rows = parts_of(data, settings, labelled, choose)
        test = data.subset(rows)
    with job.step("embed the prompts"):
        asked = patterns or Wordings.of(inputs["_pair"], words, templates, settings.type, job.engine.device)
    said, together = asked.said_of(job, data)
    metric = choose_metric(test.labels, settings.metric) if labelled else ""
    tested = Tested(test, metric, settings.seed, labelled)
    with job.step("score"):
        base = calibration if len(calibration) else rows
        scales = [with_prior(settings.prior, asked.scale, one, base) for one in said]
        known = [scale.logits(one.rows[calibration]) for scale, one in zip(scales, said, strict=True)]
        chosen = best_of(known, data.labels[calibration], metric) if choose else None
        whole = together if chosen is None and together is not None else said[chosen or 0]
        own = with_prior(settings.prior, asked.scale, whole, base)
        scale = own if settings.temperature is None else own.at(settings.temperature)
        fitted = calibration if settings.temperature is None else calibration[:0]
        if len(fitted):
            y = torch.from_numpy(data.labels[calibration])
            scale = own.at_best(own.logits(whole.rows[calibration]), y)
        outputs = scale.logits(whole.rows[rows])
        each = [scale.logits(one.rows[rows]) for scale, one in zip(scales, said, strict=True)]
        alone = None if chosen is None else templates[chosen]
        job.notes += notes_on(job, asked, len(calibration), alone)
        job.artefacts |= {"outputs": outputs, "items": test.items}
        job.artefacts["model"] = asked.model(job, chosen, scale)
        return {
            "task": data.name,
            "kind": data.kind,
            "encoders": asked.encoders,
            "classes": list(words),
            "words": [list(each) for each in words.values()],
            "rows": len(test),
            "groups": test.group_count,
            "labelled": labelled,
            "calibration_rows": len(fitted),
            "metric": metric,
            **_of_templates(tested, outputs, each, templates),
            "temperature": 1 / scale.scale,
            "own_temperature": 1 / asked.scale,
            "prior": settings.prior,
            "bias": scale.bias.tolist(),
            "alike": asked.alike(),
            "scoring": asked.scoring,
            "chosen": alone,
            "choice_rows": 0 if chosen is None else len(calibration),
            **_of_labels(job, tested, outputs, own.logits(whole.rows[rows])),
        }


def best_of(known: list[Tensor], labels: Any, metric: str) -> int:
    """The place of the logits (n, classes) that are best on rows with labels; the first without any."""
    merit = get_metric(metric).merit if len(labels) else None
    if merit is None:
        return 0
    scored = [merit(main_score(one, labels, None, 0, metric).value) for one in known]
    return scored.index(max(scored))


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
