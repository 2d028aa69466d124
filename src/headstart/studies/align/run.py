"""How `align` is computed: train methods with several seeds, select without target labels, ship the model."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from headstart.core import Diverged, Method, make, require_label_kind
from headstart.data.dataset import Dataset
from headstart.data.domains import of_same_labels
from headstart.data.pooled import load_each, pool, rows_from
from headstart.data.random_draws import shuffled
from headstart.metrics.kinds import measure_of
from headstart.predictor.predictor import Predictor, open_model
from headstart.predictor.save import TRAINING, save_statistics
from headstart.predictor.training import Training
from headstart.predictor.training_rows import measure_rows
from headstart.session.requirements import (
    features,
    label_free_stages,
    require_data,
    require_learnable,
    require_target_use,
)
from headstart.session.session_data import attach_target
from headstart.studies._runner import (
    Job,
    beside,
    load_backbone,
    load_labelled,
    methods_of,
)
from headstart.studies._shown import ShownResult
from headstart.studies._spec import Study
from headstart.studies.align import BASELINES, SOURCE_ONLY, Alignment, AlignSettings, results
from headstart.studies.align.candidate import Candidate
from headstart.studies.align.data_split import (
    AlignData,
    label_with_placeholders,
    load_saved_model,
    read_target,
    rule_for,
    split_domains,
)
from headstart.studies.align.measured_shift import measure_shift
from headstart.studies.align.selection import agreements, dissent, passed_over, select_model
from headstart.studies.align.sources import Sources
from headstart.studies.align.training import Trainings, slowly_learned, untrained
from headstart.studies.align.trial import TrialRunner, Validators

DEFAULT = ("importance-weighting", "coral", "deep-coral", "dann", "mcc", "self-training", "shot")
WITHOUT_SOURCE: tuple[str, ...] = ("shot",)  # with a saved model in the place of the source
BLOCKS = 2  # of a backbone by name that are trained by default
ROWS = 2000  # of the target on which scores are computed


@dataclass(frozen=True, repr=False)
class Aligned(ShownResult):
    """What `align` returns."""

    result: Alignment
    model: Predictor  # for new rows of the target
    folder: Path | None  # with the record, the finished steps and the model; None: nothing was kept


def load(
    spec: Study, given: Mapping[str, Any], settings: AlignSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """Both domains, the labels of the target apart, and the backbone or the saved model.

    `labelled target` is the target with its labels, for the report alone; `_saved` the model in the place of
    the source, `_module` the caller's own module.
    """
    sources, module = given["source"], given.get("backbone")
    if isinstance(sources, list) and len(sources) == 1:
        sources = sources[0]
    saved = load_saved_model(sources, settings)
    if saved is None:
        source = pool(load_each(sources, columns))
        source = load_labelled(source, columns, given.get("label_fixes"))
    else:
        source = label_with_placeholders(given["target"], saved, sources)
        module = saved.model.backbone
    rule_for(settings, source.label_kind, saved is not None)
    target, labelled, why = read_target(given["target"], source, settings, columns)
    few = given.get("target_labelled")
    if few is not None:
        few = of_same_labels(load_labelled(few, beside(columns)), source, settings.overlap)
    return {
        "source": source,
        "target": target,
        "labelled target": labelled,
        "target_labelled": few,
        "backbone": module if saved else load_backbone(module, source, settings, given.get("weights")),
        "_saved": saved,
        "_unlabelled": why,
        "_module": module if isinstance(module, nn.Module) else None,
    }


def check(settings: AlignSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse methods that can't learn the labels, that need a source or labelled rows that are not there."""
    labelled = inputs["target_labelled"] is not None
    methods = [each.method for each in _candidates(settings, inputs)]
    require_data(methods, "this study", target=True, target_labelled=labelled)
    require_learnable(methods, inputs["backbone"], inputs["source"].label_kind)


def _candidates(settings: AlignSettings, inputs: Mapping[str, Any]) -> list[Candidate]:
    """Source-only, or the saved model as it is under this name; its probe; the named or the default methods.

    Raises:
        BadInput: one of the named methods can't learn from these data.
    """
    kind = inputs["source"].label_kind
    named = methods_of([spec for spec in settings.methods if spec != "auto"], inputs)
    if inputs["_saved"] is None:
        for method in named:
            require_label_kind(method, kind)
        require_target_use(named)
    for method in named if inputs["_saved"] else ():
        label_free_stages(method.stages())
    usual = WITHOUT_SOURCE if inputs["_saved"] else DEFAULT
    last = settings.last
    if last is None:
        last = 0 if untrained(inputs["backbone"]) else BLOCKS
    methods = named or [method for method in map(make, usual) if kind in method.about.label_kinds]
    methods = [method.limit_blocks(last) if last else method for method in (*methods, make(SOURCE_ONLY))]
    found = list(dict.fromkeys(map(Candidate.of, methods)))
    alone = next(each for each in found if each.label == SOURCE_ONLY)
    always = [alone, *([] if inputs["_saved"] else [Candidate.probe()])]
    if len(rows_from(inputs["source"], np.arange(len(inputs["source"])))) > 1:
        always += Candidate.of_sources(alone.method)
    return [*always, *(each for each in found if each.label != SOURCE_ONLY)]


def compute(job: Job[AlignSettings]) -> dict[str, Any]:
    """The record's own fields; the selected model is left for `finish`."""
    settings, inputs = job.settings, job.inputs
    saved: Predictor | None = inputs["_saved"]
    candidates, kind = _candidates(settings, inputs), inputs["source"].label_kind
    select = rule_for(settings, kind, saved is not None)
    with job.step("check the data"):
        target, labelled, few = (inputs[name] for name in ("target", "labelled target", "target_labelled"))
        rows = split_domains(inputs["source"], target, labelled, few, settings, saved is not None)
    job.notes[:0] = [*filter(None, [inputs["_unlabelled"]]), *rows.notes]
    shift = None if saved else measure_shift(job, rows)
    runner = _runner(job, rows, saved, select, candidates[0].method)
    job.notes += [] if runner.sources is None else [runner.sources.said()]
    job.notes += slowly_learned(candidates, inputs["backbone"])
    training = Trainings(job, runner, candidates, saved)
    epochs = training.find_epochs()
    trials, failed = training.carry_out(epochs)
    if not trials[SOURCE_ONLY]:
        raise Diverged(f"Training on the source alone failed with every seed: {failed[SOURCE_ONLY, 0]}")
    titles = {each.label: each.title for each in candidates}
    job.notes += results.failures(titles, trials, failed)
    found = agreements(trials, len(rows.source.classes)) if kind == "classes" else {}
    picked = select_model(trials, select, found, shifted=shift is None or shift.verdict != "none")
    labels, metric = rows.test_labels, measure_of(kind).main
    table = [
        results.method_result(each, trials, select, found.get(each.label), labels)
        for each in candidates
        if trials[each.label]
    ]
    table.sort(key=lambda row: (row.method not in BASELINES, row.method not in BASELINES and -row.score))
    chosen = next(row for row in table if row.method == picked.method)
    points = [point for each in trials.items() for point in results.eval_points(*each, labels)]
    shipped = picked.of(points)
    last = [point for point in points if point.method == SOURCE_ONLY][-1]
    why = "no shift" if shift is not None and shift.verdict == "none" else picked.why
    job.notes[:0] = [
        *results.advice(chosen, why),
        *dissent(shipped, last, select),
        *results.cautions(table, chosen, metric),
    ]
    if select == "safe" and (other := passed_over(trials, found, picked)) is not None:
        job.notes.insert(0, results.hint(next(row for row in table if row.method == other)))
    name = training.name(picked.method, picked.seed, epochs)
    job.artefacts["learned"] = rows.target.subset(rows.learn)
    job.artefacts |= {"model": runner.model(f"try {name}"), "trials": runner.folder}
    outputs = picked.outputs(trials)
    training.budget.note_overrun()
    return {
        "source": rows.source.name,
        "target": rows.target.name,
        "classes": list(rows.source.classes),
        "kind": rows.source.kind,
        "source_rows": len(rows.train),
        "held_rows": len(rows.held),
        "target_rows": len(rows.learn),
        "target_labelled_rows": 0 if rows.target_labelled is None else len(rows.target_labelled),
        "test_rows": len(rows.test),
        "backbone": runner.session.backbone.name,
        "backbone_parameters": sum(p.numel() for p in runner.session.backbone.parameters()),
        "metric": metric,
        "chosen_by": select,
        "chosen": picked.method,
        "chosen_seed": picked.seed,
        "chosen_step": picked.step,
        "headline": results.headline(chosen, metric, select, len(rows.test), why),
        "verdict": results.verdict(chosen),
        "table": table,
        "eval_points": points,
        "shift": shift,
        "label_kind": rows.source.label_kind,
        "left_out": results.left_out(titles, trials, failed),
        "shipped": labels.score(outputs),
        "epochs": epochs,
        "domains": {} if saved else rows_from(rows.source, rows.train),
        "similarity": {} if runner.sources is None else runner.sources.similarity,
    }


def finish(job: Job[AlignSettings], record: Alignment) -> Aligned:
    """Publish the selected model with its card, whole or not at all, and open it."""
    folder, model = job.folder.path, job.artefacts["model"]
    if model.exists():  # otherwise it was published before, and a finished study is resumed
        (model / "README.md").write_text(results.card(record), "utf-8", "backslashreplace")
        row = record.row(record.chosen)
        training = Training(row.method, row.title, record.source_rows, notes=[*row.notes, *record.notes])
        (model / TRAINING).write_text(training.to_json(), "utf-8", "backslashreplace")
        _save_statistics(job, model)
        shutil.rmtree(folder / "model", ignore_errors=True)
        model.rename(folder / "model")
    if job.settings.budget is None:  # with more time another of these models may be selected
        shutil.rmtree(job.artefacts["trials"], ignore_errors=True)
    return Aligned(record, open_model(folder, backbone=job.inputs["_module"]), job.out)


def _save_statistics(job: Job[AlignSettings], folder: Path) -> None:
    """Measure the target's rows inside the model in a folder: they are the kind that it is for."""
    target: Dataset = job.artefacts["learned"]
    if target.label_kind == "classes":
        model = open_model(folder, backbone=job.inputs["_module"]).model
        measure_rows(model, target, model.device, job.settings.seed)
        save_statistics(model, folder)


def _runner(
    job: Job[AlignSettings],
    rows: AlignData,
    saved: Predictor | None,
    select: str,
    alone: Method[Any],
) -> TrialRunner:
    """The trainer on the source with the target beside it."""
    session = job.session(rows.source, rows.train)
    session.target = attach_target(session, rows.target, rows.target_labelled, rows.learn)
    seen = rows.learn
    if len(seen) > ROWS:
        seen = np.sort(seen[shuffled(len(seen), job.settings.seed, "seen")[:ROWS]])
    with job.step("check both domains"):
        held = features(session, rows.held) if len(rows.held) else torch.zeros(0, 1)
        target = features(session.target.session, seen)
        several = len(rows_from(rows.source, rows.train)) > 1
        sources = (
            Sources.of(rows.source, rows.train, features(session, rows.train), target) if several else None
        )
    labels = rows.source.labels[rows.held]
    validators = Validators(rows.source.label_kind, labels, held, target, job.settings.seed)
    return TrialRunner(
        session=session,
        target=session.target.session,
        rows=rows,
        settings=job.settings,
        validators=validators,
        seen=seen,
        folder=job.folder.path / "evaluations",
        head=None if saved is None else saved.model.head,
        select=select,
        alone=alone,
        sources=sources,
    )
