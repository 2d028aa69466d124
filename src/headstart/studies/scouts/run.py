"""How `scouts` is computed: cousins, scouts, guides, and a comparison on a target."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.core import BadInput, Diverged, Guides, Unknown, make, require_label_kind
from headstart.core.guides import weights_digest
from headstart.data.check import check as check_data
from headstart.data.dataset import Dataset
from headstart.data.load import load as load_data
from headstart.data.maybe_labelled import is_labelled, load_maybe_labelled
from headstart.data.similarity import require_same_kind
from headstart.data.train_test_split import train_and_test
from headstart.face import spell
from headstart.models.backbone import AnyBackbone
from headstart.run.recipe import Recipe
from headstart.session.fisher import fisher_information
from headstart.session.inputs import build_backbone, default_backbone, fit_to_data, hand_on_head
from headstart.session.scouting import (
    Cousin,
    choose_scouts_way,
    class_subsets,
    cluster_pairs,
    cousin_of,
    require_two,
    run_scouts,
)
from headstart.session.session import Session
from headstart.solvers.guides import min_max, tempered
from headstart.studies._runner import Job
from headstart.studies._spec import Study
from headstart.studies.scouts import BINS, GuidedTensor, Scouting, ScoutRun, ScoutsSettings
from headstart.studies.scouts.comparison import Comparison, arms_of, verdict_of
from headstart.studies.scouts.scouted import FILE, ScoutedGuides

HELD = 0.5  # of the target's rows, for the comparison
STILL, FREE = 0.01, 0.5
USUAL = 3  # classes of a cousin
UNTAUGHT = (
    "{} has learned nothing yet, so these are guides of random weights, of no use for others. As {} give a "
    "model that was trained on the data, such as the folder of a run."
)


def load(
    spec: Study, given: Mapping[str, Any], settings: ScoutsSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The pre-training data with labels or without, the backbone, and the target."""
    data, notes = load_maybe_labelled(given["data"], columns)
    target = given.get("target")
    if target is not None:
        given_target = target if isinstance(target, Dataset) else load_data(target, **columns)
        target = require_same_kind(given_target, data)
    return {
        "data": data,
        "backbone": _backbone(given, data, settings),
        "target": target,
        "_notes": notes,
    }


def _backbone(given: Mapping[str, Any], data: Dataset, settings: ScoutsSettings) -> AnyBackbone:
    """The named backbone, or the built-in one for the data, without the head of a fitted model."""
    name = given.get("backbone")
    made = build_backbone(data, default_backbone(data) if name is None else name, given.get("weights"))
    return hand_on_head(fit_to_data(made, data, settings.size, settings.fit), data, "new")


def check(settings: ScoutsSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse a target that shares rows with the data, and a method that can't learn it."""
    target: Dataset | None = inputs["target"]
    if settings.measure == "fisher" and not has_classes(inputs["data"]):
        raise BadInput(
            f"{spell('measure', 'fisher')} needs rows with classes, and those of {inputs['data'].name} have "
            f"none. Take {spell('measure', 'movement')}."
        )
    if target is None:
        return
    if target.label_kind != "classes":
        raise BadInput(f"The target {target.name} has {target.label_kind} as labels; give one with classes.")
    require_label_kind(make(settings.method), target.label_kind)
    same = set(inputs["data"].digests) & set(target.digests)
    if same:
        raise BadInput(
            f"{len(same)} of the rows of the target {target.name} are rows of {inputs['data'].name} too, so "
            "that scouts would learn from what the comparison tests on. Leave them out of one."
        )


def compute(job: Job[ScoutsSettings]) -> dict[str, Any]:
    """The record's own fields; the guides are left for `finish`."""
    settings = job.settings
    job.notes += job.inputs["_notes"]
    with job.step("check the data"):
        data = check_data(job.inputs["data"], reader=job.inputs["backbone"].reader).dataset
        session = job.session(data, np.arange(len(data)), augment=False)
    begun = perf_counter()
    movement, runs, together = _measured(job, session)
    took = perf_counter() - begun
    require_moved(movement, settings)
    values = tempered(min_max(movement, settings.scope), settings.temperature, settings.floor)
    about = {
        "data": data.name,
        "backbone": session.backbone.name,
        "measure": settings.measure,
        "scouts": len(runs),
        "scope": settings.scope,
        "temperature": settings.temperature,
        "floor": settings.floor,
    }
    base, rows = weights_digest(session.backbone, values), data.digests
    guides = Guides(values, base, about, settings.use, settings.anchor, rows)
    job.artefacts["guides"] = guides
    if not session.backbone.learned:
        job.notes.append(UNTAUGHT.format(session.backbone.name, spell("backbone")))
    return {
        "task": data.name,
        "classes": list(data.classes) if has_classes(data) else [],
        "rows": len(data),
        "backbone": session.backbone.name,
        "parameters": sum(one.numel() for one in values.values()),
        "measure": settings.measure,
        "together": together,
        "scouts": runs,
        "scout_seconds": took,
        "tensors": [_tensor(name, one, movement[name]) for name, one in values.items()],
        "mean": guides.mean,
        **_compared(job, guides),
    }


def finish(job: Job[ScoutsSettings], record: Scouting) -> ScoutedGuides:
    """Save the guides beside the record."""
    guides: Guides = job.artefacts["guides"]
    guides.save(job.folder.path / FILE)
    return ScoutedGuides(job.folder.path, record, guides)


def has_classes(data: Dataset) -> bool:
    """Whether rows have classes of their own."""
    return data.label_kind == "classes" and is_labelled(data)


def require_moved(movement: Mapping[str, Tensor], settings: ScoutsSettings) -> None:
    """Refuse movements that are all 0, or not numbers."""
    most = max(one.max().item() for one in movement.values())
    if not most > 0:
        raise BadInput(
            f"No weight moved in {settings.steps} steps of the scouts, so that all guides would be 0. Give "
            f"more {spell('steps')} or a higher {spell('lr')} (now {settings.lr:g}), and a backbone whose "
            "weights learn."
        )


def _measured(job: Job[ScoutsSettings], session: Session) -> tuple[dict[str, Tensor], list[ScoutRun], bool]:
    """What guides are made of, the scouts, and whether they ran at once."""
    settings = job.settings
    if settings.measure == "fisher":
        kept = job.folder.trial("fisher", lambda _: fisher_information(session, settings.seed))
        return kept["value"], [], False
    with job.step("choose cousins"):
        cousins = _cousins(session, settings)
    recipe = Recipe(
        steps=settings.steps, batch=settings.batch, lr=settings.lr, weight_decay=0.0, seed=settings.seed
    )
    way = job.folder.steps.once("way", lambda: {"way": choose_scouts_way(session, cousins, recipe)})["way"]
    groups = [cousins] if way == "vmap" else [[each] for each in cousins]
    squares: dict[str, Tensor] = {}
    runs: list[ScoutRun] = []
    for number, group in enumerate(groups):

        def scout(checkpoint: Any, group: list[Cousin] = group) -> dict[str, Any]:
            found = run_scouts(session, group, recipe, way, checkpoint)
            return {"squares": found.squares, "accuracies": found.accuracies}

        kept = job.folder.trial(f"scouts {number + 1}", scout)
        if "diverged" in kept:
            raise Diverged(f"{kept['diverged']} A lower {spell('lr')} may help.")
        for name, one in kept["value"]["squares"].items():
            squares[name] = squares[name] + one if name in squares else one
        runs += [
            ScoutRun(cousin.name, cousin.classes, len(cousin.rows), right)
            for cousin, right in zip(group, kept["value"]["accuracies"], strict=True)
        ]
    return {name: one / len(cousins) for name, one in squares.items()}, runs, way == "vmap"


def _cousins(session: Session, settings: ScoutsSettings) -> list[Cousin]:
    """Those that were named, or subsets of the classes, or pairs of clusters."""
    data = session.data
    if not has_classes(data):
        return require_two(cluster_pairs(session, settings.clusters, settings.scouts, settings.seed), data)
    if settings.cousins:
        named = [named_classes(each, data.classes) for each in settings.cousins]
        return require_two([cousin_of(data.labels, data.classes, each) for each in named], data)
    classes = settings.cousin_classes or max(2, min(USUAL, len(data.classes) - 1))
    drawn = classes, settings.scouts, settings.seed
    return require_two(class_subsets(data.labels, data.classes, *drawn), data)


def named_classes(text: str, classes: Sequence[str]) -> list[int]:
    """The places of classes whose names are in a text with + between them, of "a+b" not "a" and "b".

    Raises:
        Unknown: one is no class.
    """
    found, rest = [], text.split("+")
    while rest:
        ends = range(len(rest), 0, -1)
        end = next((end for end in ends if "+".join(rest[:end]) in classes), None)
        if end is None:
            raise Unknown("class", rest[0], classes)
        found.append(classes.index("+".join(rest[:end])))
        rest = rest[end:]
    return found


def _tensor(name: str, guides: Tensor, movement: Tensor) -> GuidedTensor:
    return GuidedTensor(
        name=name,
        weights=guides.numel(),
        mean=guides.double().mean().item(),
        still=(guides < STILL).double().mean().item(),
        free=(guides > FREE).double().mean().item(),
        moved=movement.mean().sqrt().item(),
        histogram=[int(one) for one in torch.histc(guides.flatten(), BINS, 0.0, 1.0)],
    )


def _compared(job: Job[ScoutsSettings], guides: Guides) -> dict[str, Any]:
    """The fields of the comparison; empty without a target."""
    target: Dataset | None = job.inputs["target"]
    if target is None:
        nothing: dict[str, Any] = {"target": "", "target_classes": [], "train_rows": 0, "test_rows": 0}
        return {**nothing, "arms": [], "verdict": ""}
    settings = job.settings
    data = check_data(target, reader=job.inputs["backbone"].reader).dataset
    rest, held = train_and_test(data, HELD, settings.seed)
    session = job.session(data, rest, augment=False)
    updates = replace(guides, use="update")
    compared = Comparison(session, rest, held, make(settings.method), settings, updates)
    rates = compared.best(job.trials(compared.rates()))
    arms = arms_of(job.trials(compared.trials(rates)), settings.seeds, rates)
    return {
        "target": data.name,
        "target_classes": list(data.classes),
        "train_rows": len(compared.rows(0)),
        "test_rows": len(held),
        "arms": arms,
        "verdict": verdict_of(arms),
    }
