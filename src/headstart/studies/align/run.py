"""How `align` is computed: train methods with several seeds, select without target labels, ship the model."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from headstart.core import Diverged, HeadstartError, Method
from headstart.data.dataset import Dataset
from headstart.data.domains import of_same_labels
from headstart.data.load import load as load_data
from headstart.data.random_draws import shuffled
from headstart.metrics.kinds import measure_of
from headstart.models.backbone import AnyBackbone
from headstart.models.texts import Reader
from headstart.predictor.predictor import Predictor, open_model
from headstart.session.requirements import features, require_data
from headstart.session.session_data import attach_target
from headstart.studies._inputs import load_backbone
from headstart.studies._runner import Job, Trial, methods_of
from headstart.studies._spec import Study
from headstart.studies.align import SOURCE_ONLY, Alignment, AlignSettings, EvalPoint, MethodResult, prose
from headstart.studies.align.candidates import (
    BLOCKS,
    by_name,
    label,
    methods_for,
    methods_without_source,
    trial_name,
)
from headstart.studies.align.data_split import AlignData, read_target, split_domains
from headstart.studies.align.selection import Trials, eval_points, method_result, select_model
from headstart.studies.align.source_free import Saved, saved_in
from headstart.studies.align.trial import TrialRunner, publish_model
from headstart.studies.align.validators import ROWS, Validators, refuse_unscored
from headstart.studies.shift import Shift


@dataclass(frozen=True)
class Aligned:
    """What `align` returns.

    Attributes:
        result: the record.
        model: for new rows of the target.
        folder: with the record, the finished steps and the model; None: nothing was kept.
    """

    result: Alignment
    model: Predictor
    folder: Path | None


def load(
    spec: Study, given: Mapping[str, Any], settings: AlignSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """Both domains, the labels of the target apart, and the backbone or the saved model.

    `labelled target` is the target with its labels, for the report alone; `_saved` the model in the place of
    the source, `_module` the caller's own module.
    """
    saved = saved_in(given["source"], given["target"], settings)
    source: Dataset = saved.like if saved else _data(given["source"], columns)
    refuse_unscored(settings.select, source.label_kind)
    target, labelled = read_target(given["target"], source, settings, columns)
    few = given.get("target_labelled")
    few = None if few is None else of_same_labels(_data(few, columns), source, settings.overlap)
    named = given.get("backbone")
    return {
        "source": source,
        "target": target,
        "labelled target": labelled,
        "target_labelled": few,
        "backbone": saved.mapping if saved else load_backbone(named, source, settings, given.get("weights")),
        "_saved": saved,
        "_module": saved.mapping if saved else named if isinstance(named, nn.Module) else None,
    }


def _data(value: Any, columns: Mapping[str, Any]) -> Dataset:
    return value if isinstance(value, Dataset) else load_data(value, **columns)


def check(settings: AlignSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse methods that can't learn the labels, that need a source or labelled rows that are not there."""
    labelled = inputs["target_labelled"] is not None
    require_data(_methods(settings, inputs), "this study", target=True, target_labelled=labelled)


def _methods(settings: AlignSettings, inputs: Mapping[str, Any]) -> list[Method[Any]]:
    """Source-only first, then those that were named, or a few of each family."""
    usual = BLOCKS if by_name(inputs["backbone"]) else 0
    last = usual if settings.last is None else settings.last
    named = methods_of([spec for spec in settings.methods if spec != "auto"], inputs)
    if inputs["_saved"] is None:
        return methods_for(named, inputs["source"], last)
    return methods_without_source(named, last)


def compute(job: Job[AlignSettings]) -> dict[str, Any]:
    """The record's own fields; the selected model is left for `finish`."""
    settings, inputs = job.settings, job.inputs
    saved: Saved | None = inputs["_saved"]
    precision = job.notes[:]
    with job.step("look at the data"):
        rows = split_domains(
            inputs["source"],
            inputs["target"],
            inputs["labelled target"],
            inputs["target_labelled"],
            settings,
            saved is not None,
        )
    job.notes[:] = [*rows.notes, *precision]
    methods = _methods(settings, inputs)
    runner = _runner(job, rows, saved)
    results = _train(job, runner, methods, saved)
    if not results[SOURCE_ONLY]:
        raise Diverged(f"Training on the source alone diverged in every seed. {job.notes[-1]}")
    chosen = select_model(results, settings.select)
    labels = rows.test_labels
    table = [
        method_result(method, name, results[name], results[SOURCE_ONLY], settings.select, labels)
        for method in methods
        if results[name := label(method)]
    ]
    table = [table[0], *sorted(table[1:], key=lambda row: -row.score)]
    own = next(row for row in table if row.method == chosen.method)
    metric = measure_of(rows.source.label_kind).main
    points = [point for name, trials in results.items() for point in eval_points(name, trials, labels)]
    shift = _shift(job, rows, saved)
    picked = [point for point in points if (point.method, point.seed) == (chosen.method, chosen.seed)]
    job.notes[:0] = _cautions(settings, table, points, picked[chosen.look], metric)
    kept = runner.model(f"try {trial_name(chosen.method, chosen.seed)}")
    job.artefacts |= {"model": kept, "trials": runner.folder}
    return {
        "source": rows.source.name,
        "target": rows.target.name,
        "classes": list(rows.source.classes),
        "kind": rows.source.kind,
        "source_rows": len(rows.train),
        "held_rows": len(rows.held),
        "target_rows": len(rows.learn),
        "target_labelled_rows": 0 if rows.target_labelled is None else len(rows.target_labelled),
        "test_rows": labels.rows,
        "backbone": runner.session.backbone.name,
        "backbone_parameters": sum(p.numel() for p in runner.session.backbone.parameters()),
        "metric": metric,
        "chosen_by": settings.select,
        "chosen": chosen.method,
        "chosen_seed": chosen.seed,
        "chosen_step": results[chosen.method][chosen.seed]["looks"][chosen.look]["step"],
        "headline": prose.headline(own, metric, settings.select, labels.rows),
        "verdict": prose.verdict(own),
        "table": table,
        "eval_points": points,
        "shift": shift,
        "label_kind": rows.source.label_kind,
    }


def finish(job: Job[AlignSettings], record: Alignment) -> Aligned:
    """Publish the selected model with its card, and open it."""
    folder, kept = job.folder.path, job.artefacts["model"]
    if kept.exists():  # otherwise it was published before, and this is a finished study once more
        publish_model(kept, folder / "model", prose.card(record))
        shutil.rmtree(job.artefacts["trials"], ignore_errors=True)
    return Aligned(record, open_model(folder, backbone=_plain(job.inputs["_module"])), job.out)


def _plain(module: nn.Module | None) -> nn.Module | None:
    """The caller's module, of what may be a backbone made of it."""
    inner = module.inner if isinstance(module, AnyBackbone) else module
    return inner.model if isinstance(inner, Reader) else inner


def _runner(job: Job[AlignSettings], rows: AlignData, saved: Saved | None) -> TrialRunner:
    """What trains on the source with the target beside it."""
    session = job.session(rows.source, rows.train)
    session.target = attach_target(session, rows.target, rows.target_labelled, rows.learn)
    seen = rows.learn
    if len(seen) > ROWS:
        seen = np.sort(seen[shuffled(len(seen), job.settings.seed, "seen")[:ROWS]])
    with job.step("look through both domains"):
        held = features(session, rows.held) if len(rows.held) else torch.zeros(0, 1)
        target = features(session.target.session, seen)
    labels = rows.source.labels[rows.held]
    validators = Validators(rows.source.label_kind, labels, held, target, job.settings.seed)
    head = None if saved is None else saved.head
    return TrialRunner(session, rows, job.settings, validators, seen, job.folder.path / "looks", head)


def _train(
    job: Job[AlignSettings], runner: TrialRunner, methods: list[Method[Any]], saved: Saved | None
) -> dict[str, Trials]:
    """The trials of every method by seed, without those that diverged."""
    rows = 2 * max(len(runner.rows.train), len(runner.rows.learn))
    seconds = job.settings.epochs * rows / runner.rows.source.modality.speed
    planned = []
    for method in methods:
        closed = method.about.closed_form
        for seed in range(1 if closed else job.settings.seeds):
            name = trial_name(label(method), seed)
            compute = partial(runner.run, method, seed, f"try {name}")
            if saved is not None and label(method) == SOURCE_ONLY:
                compute = partial(runner.evaluate_unadapted, saved.predictor.model, f"try {name}")
            note = f"{method.title}, seed {seed}"
            planned.append(Trial((label(method), seed), name, note, compute, 1.0 if closed else seconds))
    values = job.trials(planned)
    return {
        label(method): {seed: value for (name, seed), value in values.items() if name == label(method)}
        for method in methods
    }


def _cautions(
    settings: AlignSettings,
    table: list[MethodResult],
    points: list[EvalPoint],
    chosen: EvalPoint,
    metric: str,
) -> list[str]:
    """What the figures and the other scores say against the model that is shipped."""
    alone = [point for point in points if point.method == SOURCE_ONLY][-1]
    dissent = prose.dissent(chosen, alone, settings.select)
    return [*([dissent] if dissent else []), *prose.cautions(table, chosen.method, metric)]


def _shift(job: Job[AlignSettings], rows: AlignData, saved: Saved | None) -> Shift | None:
    """How the target differs; a study does not fail because that can't be measured."""
    if saved is not None:
        return None
    try:
        with job.step("measure the shift"):
            inputs = {
                "source": rows.source.subset(rows.train),
                "target": rows.target,
                "backbone": job.inputs["backbone"],
            }
            shift: Shift = job.substudy("shift", inputs, seed=job.settings.seed)
        return replace(shift, command=job.folder.command)
    except HeadstartError as error:
        job.notes.append(f"The shift was not measured: {error}")
        return None
