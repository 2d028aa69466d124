"""How `pretrain` is computed: one training, watched on rows that it never sees."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from headstart.core import BadInput, derive_seed, find
from headstart.face import spell
from headstart.models.backbone import AnyBackbone
from headstart.models.encoders import ENCODER, save_encoder
from headstart.models.tables import TableEncoder
from headstart.records.settings import StudySettings
from headstart.session.fitted import EvalHook, EvalState
from headstart.session.pretraining import (
    check_samples,
    encoder_alone,
    names_of_pretraining,
    needs_labels,
    require_known,
    seconds_of_step,
    view_maker,
)
from headstart.session.session import FitOptions, Session
from headstart.session.view_use import require_view_use
from headstart.studies._processes import about_batch_norms, agreed
from headstart.studies._runner import METHODS, Job, Trial, methods_of
from headstart.studies._spec import Study
from headstart.studies.pretrain import LossPoint, Pretraining, PretrainSettings
from headstart.studies.pretrain.embedding_map import map_of
from headstart.studies.pretrain.examples import examples_of, shown_examples
from headstart.studies.pretrain.inputs import Parts, has_classes, load_pretraining, more_rows, some, split
from headstart.studies.pretrain.plan import (
    asked_steps,
    bare,
    batch_of,
    planned_recipe,
    planned_steps,
    points_of,
    require_time,
    usual_method,
)
from headstart.studies.pretrain.result import PretrainedEncoder
from headstart.studies.pretrain.thumbnails import write_thumbnails
from headstart.studies.pretrain.verdict import about_collapse, about_stuck
from headstart.studies.pretrain.watching import (
    BANK,
    HELD,
    Watched,
    evaluated,
    gain,
    is_collapsed,
    is_stuck,
    last_quarter,
    measure,
    rows_measured,
    seconds_of_row,
    thinned,
)

LOSSES = 400  # points of the curve in the record
TRAINING = "pretrain"  # name of the step


def load(
    spec: Study, given: Mapping[str, Any], settings: PretrainSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """Rows with labels or without, more rows beside, and the backbone."""
    return load_pretraining(given, settings, columns)


def check(settings: PretrainSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse a method that does not pre-train, or that compares labels where there are none."""
    method = _method(settings, inputs)
    require_view_use(method, inputs["views"])
    if needs_labels(method) and not has_classes(inputs["data"]):
        others = [name for name in names_of_pretraining() if not needs_labels(find(name))]
        raise BadInput(
            f"{method.about.name} compares the classes of rows, and {inputs['data'].name} has none. "
            f"Name the column of labels, or take another method: {', '.join(others)}."
        )
    if needs_labels(method) and inputs["unlabelled"] is not None:
        raise BadInput(
            f"{method.about.name} compares the classes of rows, so it learns nothing from rows without: "
            f"leave {spell('unlabelled')} out."
        )


def compute(job: Job[PretrainSettings]) -> dict[str, Any]:
    """The record's own fields; the encoder is left for `finish`."""
    settings = job.settings
    job.notes += job.inputs["_notes"]
    method = _method(settings, job.inputs)
    with job.step("check the data"):
        parts = split(job.inputs["data"], settings, job.inputs["backbone"].reader)
        job.notes += parts.notes
        session, more = _session(job, parts)
        seed = derive_seed(settings.seed, "pretrain")
        job.notes += check_samples(session, method, parts.train, seed)
        rows = len(parts.train) + more
        batch = batch_of(settings, method, session, rows)
        method.require_batch(batch)
    watched = _watched(session, parts, method, settings.seed)
    job.notes += about_batch_norms(job.engine, session.backbone)
    asked = asked_steps(settings, method, batch, rows)
    _require_time(job, watched, asked, batch)
    begun = perf_counter()
    before = _once(job, "before", watched, _start_of(session, method, seed))
    evaluation = agreed(job.engine, perf_counter() - begun)
    random = None
    begins_at_random = method.start == "random" or job.inputs["_random"]
    if session.backbone.learned and not begins_at_random:
        random = _once(job, "random", watched, session.backbone.untrained(seed))
    recipe = planned_recipe(settings, method, session.backbone, batch, rows, seed)
    plain = bare(method)

    def plan() -> dict[str, Any]:
        steps, notes = planned_steps(
            settings,
            asked,
            lambda: _elapsed(job),
            lambda: agreed(job.engine, seconds_of_step(session, plain, parts.train, recipe)),
            evaluation,
        )
        return {"steps": steps, "notes": notes}

    with job.step("plan"):
        planned = job.folder.steps.once("plan", plan)
    job.notes += planned["notes"]
    steps = int(agreed(job.engine, planned["steps"]))
    at = points_of(steps, settings.evaluations)

    def train(checkpoint: Path) -> dict[str, Any]:
        def evaluate(step: int, state: EvalState) -> None:
            _once(job, f"step {step}", watched, state.model.backbone)

        hook = FitOptions(eval_hook=EvalHook(frozenset(at), evaluate))
        long = replace(recipe, steps=steps)
        fitted = session.fit(plain, parts.train, long, name=TRAINING, checkpoint=checkpoint, options=hook)
        own = fitted.run.parts
        return {
            "encoder": dict(fitted.model.backbone.state_dict()),
            "curve": list(fitted.curve),
            "chance": plain.chance_in(own, batch),
            "examples": examples_of(plain, own, watched),
            "notes": fitted.notes,
        }

    value = job.trials([Trial(TRAINING, TRAINING, f"{method.title}", train)]).get(TRAINING)
    if value is None:
        raise BadInput(
            f"The pre-training diverged. {' '.join(job.notes[-1:])} A lower {spell('lr')} may help."
        )
    encoder = copy.deepcopy(session.backbone)
    encoder.load_state_dict(value["encoder"])
    job.artefacts["encoder"] = encoder.eval()
    found = {0: before} | {step: _once(job, f"step {step}", watched, encoder) for step in at}
    groups = parts.data.groups_of(watched.held)
    points = [evaluated(step, one, groups) for step, one in found.items()]
    job.notes += value["notes"]
    chance, named = value["chance"], replace(plain, then=None)
    last, losses = found[at[-1]], value["curve"]
    stuck = is_stuck(losses, chance)
    collapsed = is_collapsed(points[-1], session.backbone.width, len(watched.held))
    job.notes += [about_collapse(points[-1], session.backbone.width)] if collapsed else []
    if stuck and chance is not None:
        job.notes.append(about_stuck(last_quarter(losses), chance))
    projection, spots = map_of(watched, last["features"])
    write_thumbnails(watched, job.folder.path)
    return {
        "task": parts.data.name,
        "kind": parts.data.kind,
        "classes": list(parts.data.classes) if watched.classes else [],
        "train_rows": len(parts.train),
        "test_rows": len(parts.test),
        "unlabelled_rows": more,
        "backbone": session.backbone.name,
        "width": session.backbone.width,
        "method": named.label,
        "title": named.title,
        "start": _start(session.backbone, begins_at_random),
        "labelled": needs_labels(method),
        "steps": steps,
        "batch": batch,
        "chance": chance,
        "loss": [LossPoint(*pair) for pair in thinned(losses, LOSSES)],
        "random": None if random is None else evaluated(0, random, groups),
        "points": points,
        "knn_gain": gain("knn", last, before, groups),
        "probe_gain": gain("probe", last, before, groups),
        "knn_over_random": None if random is None else gain("knn", last, random, groups),
        "stuck": stuck,
        "collapsed": collapsed,
        "examples": shown_examples(value["examples"], job.folder.path),
        "map": spots,
        "projection": projection,
    }


def finish(job: Job[PretrainSettings], record: Pretraining) -> PretrainedEncoder:
    """The encoder as a file, without what it was compared in."""
    encoder: AnyBackbone = job.artefacts["encoder"]
    folder = job.folder.path
    with job.step("save"):
        save_encoder(encoder, folder / ENCODER)
    return PretrainedEncoder(folder, record, encoder)


def _method(settings: StudySettings, inputs: Mapping[str, Any]) -> Any:
    """The method that was named, or the usual one for the data, without a stage that reads labels."""
    given: Any = settings
    spec = given.method or usual_method(inputs["data"].kind)
    if spec not in inputs.get(METHODS, {}):
        require_known(spec)
    return encoder_alone(methods_of([spec], inputs)[0])


def _session(job: Job[PretrainSettings], parts: Parts) -> tuple[Session, int]:
    """Where the method is fitted, and how many rows without labels are beside the data."""
    more, notes = more_rows(job.inputs["unlabelled"], parts.data.subset(parts.test))
    job.notes += notes
    session = job.session(parts.data, parts.train, augment=False, views=job.inputs["views"])
    if more is None:
        return session, 0
    session.unlabelled = replace(session, data=more)
    return session, len(more)


def _start_of(session: Session, method: Any, seed: int) -> AnyBackbone:
    """The encoder as the training begins with it."""
    return session.backbone if method.start == "given" else session.backbone.untrained(seed)


def _start(backbone: AnyBackbone, random: bool) -> str:
    """What weights a training begins with."""
    if random or backbone.learned:
        return "random" if random else "given"
    return "columns" if isinstance(backbone, TableEncoder) and not backbone.sizes[1] else "random"


def _watched(session: Session, parts: Parts, method: Any, seed: int) -> Watched:
    classes = len(parts.data.classes) if has_classes(parts.data) else 0
    bank = some(parts.train, BANK, seed) if classes else parts.train[:0]
    views = view_maker(session, method, parts.train, seed)
    return Watched(session, bank, some(parts.test, HELD, seed), classes, views, seed)


def _elapsed(job: Job[PretrainSettings]) -> float:
    """Seconds since the start, of the first process."""
    return agreed(job.engine, job.progress.elapsed())


def _require_time(job: Job[PretrainSettings], watched: Watched, asked: int | None, batch: int) -> None:
    """Refuse a budget that is far too short, unless it was planned by before."""
    if job.folder.steps.done("plan"):
        return
    counts = rows_measured(watched), batch
    with job.step("plan"):
        require_time(
            job.settings,
            asked,
            lambda: _elapsed(job),
            lambda: agreed(job.engine, seconds_of_row(watched)),
            counts,
        )


def _once(job: Job[PretrainSettings], name: str, watched: Watched, encoder: Any) -> dict[str, Any]:
    """What an encoder is worth, measured once."""

    def compute() -> dict[str, Any]:
        own = copy.deepcopy(encoder).to(watched.session.engine.device)
        return measure(watched, own)

    found: dict[str, Any] = job.folder.steps.once(f"evaluate {name}", compute)
    return found
