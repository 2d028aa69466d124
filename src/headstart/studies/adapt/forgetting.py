"""What a fitted model forgets of its old task: its old head on old held-out rows, before and after."""

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from headstart.core import Model, derive_seed
from headstart.data.check import check as check_data
from headstart.data.dataset import Dataset
from headstart.data.labels import Labels
from headstart.data.overlap import rows_without_copies
from headstart.data.train_test_split import train_and_test
from headstart.models.backbone import AnyBackbone
from headstart.models.saved import is_run, model_in
from headstart.models.trained_head import TrainedHead
from headstart.session.inputs import build_backbone, fit_to_data
from headstart.session.scoring import choose_metric, difference, main_score
from headstart.studies._digest import digest
from headstart.studies._store import saved_settings
from headstart.studies.adapt import AdaptSettings, Forgetting
from headstart.studies.adapt.candidates import CrossValidation
from headstart.studies.adapt.fitted_model import FittedModel
from headstart.studies.adapt.fixed_costs import OLD

SEEN = (
    "Whether the backbone learned from the held-out rows of {} before is not known. If it did, its score on "
    "them was too good before."
)


@dataclass(frozen=True)
class OldModel:
    """A fitted model as it was before a run that begins with it."""

    backbone: AnyBackbone
    trained: TrainedHead
    folder: Path | None  # of the run that fitted it, if it was one

    def knows(self, data: Dataset) -> bool:
        """Whether its head predicts the labels of data."""
        mine, theirs = set(self.trained.classes), set(data.classes)
        same = theirs <= mine if data.label_kind == "classes" else theirs == mine
        return same and data.label_kind == self.trained.label_kind

    def run_on(self, data: Dataset) -> AdaptSettings | None:
        """The settings of its run if that learned from the same data, and so held out the same rows."""
        if self.folder is None:
            return None
        study = json.loads((self.folder / "study.json").read_text("utf-8"))
        return saved_settings(self.folder, AdaptSettings) if study.get("data") == digest(data) else None

    def labels(self, data: Dataset) -> Labels:
        """The labels of data as positions or columns of the head's outputs."""
        if data.label_kind == "classes":
            return np.array([self.trained.classes.index(name) for name in data.classes])[data.labels]
        return data.labels[:, [data.classes.index(name) for name in self.trained.classes]]


@dataclass(frozen=True)
class OldTask:
    """Rows of the old task that nothing is learned from."""

    model: OldModel
    data: Dataset
    held_out: bool  # whether the run that fitted the model held out the same rows


def old_model(base: Any, sources: Sequence[Dataset]) -> OldModel | None:
    """The model that was given as the backbone, if it is a fitted one and its old data may be there."""
    base = model_in(base)
    fitted = is_run(base) or isinstance(base, Model) or getattr(base, "trained_head", None) is not None
    if not fitted or not sources:
        return None
    backbone = fit_to_data(build_backbone(sources[0], base), sources[0])
    trained = backbone.trained_head
    folder = next((place for place in _places(base) if (place / "study.json").is_file()), None)
    return None if trained is None or trained.handed_on else OldModel(backbone, trained, folder)


def _places(base: Any) -> list[Path]:
    return [Path(base), Path(base).parent] if is_run(base) else []


def hold_out(
    model: OldModel | None, sources: Sequence[Dataset], new: Dataset, settings: AdaptSettings
) -> tuple[list[Dataset], list[OldTask]]:
    """The sources with a test part, where the old model knows their labels, and the rows of that.

    It is the test part of the run that fitted the model, if it learned from the same data; else that which
    the user keeps, or else a share as large as of the new data. Rows that stand in the new data or in another
    source too are left out of what is measured.
    """
    kept, tasks = list[Dataset](), list[OldTask]()
    for place, source in enumerate(sources):
        if model is None or not model.knows(source):
            kept.append(source)
            continue
        run = model.run_on(source)
        chosen, checked = run or settings, check_data(source, untested=True).dataset
        test = train_and_test(checked, chosen.test, chosen.seed)[1]
        side = np.full(len(checked), "train")
        side[test] = "test"
        kept.append(replace(checked, split=tuple(side.tolist())).knowing(checked.digests))
        held = checked.subset(test)
        for others in (new, *sources[:place], *sources[place + 1 :]):
            held = held.subset(rows_without_copies(held, others)) if len(held) else held
        tasks += [OldTask(model, held, run is not None)] if len(held) else []
    return kept, tasks


def measure_forgetting(
    validation: CrossValidation, tasks: Sequence[OldTask], selected: FittedModel
) -> tuple[list[Forgetting], list[str]]:
    """How well the old head still predicts each old task with the backbone of the selected model; notes."""
    if not tasks:
        return [], []
    final = selected.model(validation.session_of(selected.method)).backbone
    after = _with_weights(tasks[0].model.backbone, final.state_dict())
    if after is None:
        why = f"{selected.method.title} does not keep the backbone, so the old task has no model any more."
        return [], [why]

    def compute() -> dict[str, Any]:
        return {
            str(number): [_outputs(validation, task, body) for body in (task.model.backbone, after)]
            for number, task in enumerate(tasks)
        }

    outputs = validation.folder.once(OLD, compute)
    seed = validation.settings.seed
    found = [_figures(task, outputs[str(number)], seed) for number, task in enumerate(tasks)]
    return found, [SEEN.format(task.data.name) for task in tasks if not task.held_out]


def _with_weights(old: AnyBackbone, state: dict[str, Tensor]) -> AnyBackbone | None:
    """The old backbone with new weights; None if the new ones are those of another architecture."""
    shapes = {name: value.shape for name, value in old.state_dict().items()}
    if {name: value.shape for name, value in state.items()} != shapes:
        return None
    made = copy.deepcopy(old)
    made.load_state_dict(state)
    return made


def _outputs(validation: CrossValidation, task: OldTask, body: AnyBackbone) -> Tensor:
    """Of the old head (rows, outputs) on what a backbone gives for the old rows."""
    session = replace(validation.session, backbone=body, data=task.data, source=None)
    model = Model(copy.deepcopy(body), copy.deepcopy(task.model.trained.head)).to(session.engine.device)
    return session.logits(model, np.arange(len(task.data)))


def _figures(task: OldTask, outputs: Sequence[Tensor], seed: int) -> Forgetting:
    """Of the outputs before and after."""
    before, after = outputs
    labels, groups = task.model.labels(task.data), task.data.groups
    metric = choose_metric(labels)
    truth = labels, groups, derive_seed(seed, "old task"), metric
    return Forgetting(
        task=task.data.name,
        rows=len(task.data),
        held_out=task.held_out,
        metric=metric,
        before=main_score(before, *truth),
        after=main_score(after, *truth),
        change=difference(after, before, *truth),
    )
