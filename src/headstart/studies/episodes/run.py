"""How `episodes` is computed: each learner is trained on the same tasks and tested on the same others."""

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from headstart.core import BadInput
from headstart.core.errors import nearest
from headstart.data.dataset import Dataset
from headstart.face import spell
from headstart.learners.training import problem_of
from headstart.session.requirements import frozen_encoder
from headstart.session.scoring import outputs_of
from headstart.studies._runner import Job, Trial, beside, load_backbone, load_labelled
from headstart.studies._spec import Study
from headstart.studies.episodes import EpisodesSettings, MetaLearning
from headstart.studies.episodes.chosen import Chosen, choose
from headstart.studies.episodes.families import (
    Parts,
    check_given,
    family_parts,
    labelled_parts,
    require_alike,
    usual_shots,
)
from headstart.studies.episodes.groups import group_parts
from headstart.studies.episodes.learned import LearnedToLearn
from headstart.studies.episodes.measuring import answers_together, measured
from headstart.studies.episodes.results import about_tasks, compared
from headstart.studies.episodes.shown import example, functions, is_drawn
from headstart.studies.episodes.training import Trained, train_all
from headstart.tasks.family import TaskFamily
from headstart.tasks.register import family_names, make_family


def load(
    spec: Study, given: Mapping[str, Any], settings: EpisodesSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """Labelled data or families, and the backbone; `family` tells families with equal settings apart."""
    data = _given(given["data"], settings, columns, given.get("label_fixes"))
    other = given.get("test_data")
    other = None if other is None else _given(other, settings, beside(columns), None)
    inputs = {"data": data, "test_data": other, "backbone": given.get("backbone")}
    check_given(settings, inputs)
    if given.get("backbone") is not None:
        inputs["backbone"] = load_backbone(given["backbone"], data, settings, given.get("weights"))
    elif given.get("weights") is not None:
        raise BadInput(f"{spell('weights')} are of a backbone: give {spell('backbone', ...)} too.")
    return inputs | {"family": getattr(data, "name", "")}


def compute(job: Job[EpisodesSettings]) -> dict[str, Any]:
    """The record's own fields; the learners are left for `finish`."""
    backbone = job.inputs["backbone"]
    parts, chosen = _tasks(job)
    job.notes += [*parts.notes, *chosen.notes]
    trained = train_all(job, chosen.learners, parts.train.family, backbone is not None)
    job.notes += [f"{name}: {note}" for name, one in trained.items() for note in one.learner.notes]
    kept = _measure(job, trained, parts)
    results = compared(job, chosen, trained, kept)
    learners = {one.name: trained[one.name].learner for one in results["learners"]}
    job.artefacts |= {"learners": learners, "tasks": parts.test.family}
    test = parts.test.family
    return {
        **about_tasks(parts, job.settings),
        **results,
        "backbone": "" if backbone is None else backbone.name,
        "functions": functions(learners, test) if is_drawn(parts.test) else [],
        "example": example(learners, parts.test, job.folder.path if job.out else None),
    }


def finish(job: Job[EpisodesSettings], record: MetaLearning) -> LearnedToLearn:
    """Save the learners, where there is a folder."""
    learners = job.artefacts["learners"]
    if job.out is not None:
        with job.step("save"):
            for one in record.learners:
                learners[one.name].save(job.folder.path / one.folder)
    return LearnedToLearn(job.out, record, learners, job.artefacts["tasks"])


def _given(value: Any, settings: EpisodesSettings, columns: Mapping[str, Any], fixes: Any) -> Any:
    """A family, by name or as it is, or labelled data."""
    if isinstance(value, TaskFamily):
        return value
    known = family_names()
    if isinstance(value, str) and (name := value.partition(":")[0]) in known:
        return make_family(value, shots=usual_shots(known[name]))
    try:
        return load_labelled(value, columns, fixes)
    except BadInput as error:
        if isinstance(value, str) and not Path(value).exists():
            near = nearest(value.partition(":")[0], known)
            meant = (
                f"Did you mean the family {near[0]!r}?" if near else f"Families: {', '.join(sorted(known))}."
            )
            raise BadInput(f"{error} {meant}") from error
        raise


def _tasks(job: Job[EpisodesSettings]) -> tuple[Parts, Chosen]:
    """What to train on and test with, and the learners, all checked before anything is trained."""
    settings, data, other = job.settings, job.inputs["data"], job.inputs["test_data"]
    with job.step("make the tasks"):
        if isinstance(data, TaskFamily):
            parts = family_parts(data, settings, other)
        else:
            encode = None if job.inputs["backbone"] is None else partial(_encoded, job)
            by_class = data.label_kind == "classes"
            parts = (
                labelled_parts(data, settings, other, encode)
                if by_class
                else group_parts(data, settings, encode)
            )
        require_alike(parts)
        frozen = job.inputs["backbone"] is not None
        return parts, choose(settings.learners, problem_of(parts.train.family), frozen)


def _encoded(job: Job[EpisodesSettings], data: Dataset, train: Tensor) -> Tensor:
    """What the frozen backbone gives (n, width), once."""
    rows = torch.arange(len(data)).numpy()

    def compute() -> dict[str, Tensor]:
        session = job.session(data, train.numpy(), augment=False)
        model, source = frozen_encoder(session), session.source_in(None)
        done = job.progress.advance(len(data))
        return {"x": outputs_of(model, source, rows, job.engine.device, done=done)}

    kept: Tensor = job.folder.once(f"features of {data.name}", compute)["x"]
    return kept


def _measure(
    job: Job[EpisodesSettings], trained: dict[str, Trained], parts: Parts
) -> dict[str, dict[str, Any]]:
    """The scores of all learners by name; those whose predictions are no numbers are left out."""

    def trial(name: str, one: Trained) -> Trial:
        def compute(_: Path) -> dict[str, Any]:
            return measured(one.learner, parts.test, job.settings, job.progress.share)

        return Trial(name, f"test {name}", f"{one.learner.learner.title}, tested", compute, 10.0)

    kept = job.trials(trial(name, one) for name, one in trained.items())
    for name, value in kept.items():
        value["together"] = answers_together(trained[name].learner, parts.test.family)
    job.notes += dict.fromkeys(note for value in kept.values() for note in value["notes"])
    for name in [name for name, value in kept.items() if not all(map(math.isfinite, value["each"]))]:
        del kept[name]
        job.notes.append(f"Left out: {trained[name].learner.learner.title}, whose predictions diverge.")
    if not kept:
        raise BadInput(f"No learner could be trained. {' '.join(job.notes[-1:])}")
    return kept
