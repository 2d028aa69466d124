"""Tasks of labelled data with numbers: each group of rows is one, such as a sensor, a shop or a person."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.core import BadData
from headstart.data.check import readable_rows
from headstart.data.dataset import Dataset
from headstart.data.random_draws import shuffled
from headstart.data.samples import Rows
from headstart.face import spell
from headstart.report.text import pluralise
from headstart.studies.episodes import EpisodesSettings
from headstart.studies.episodes.families import POINTS, Encode, Part, Parts, inputs_of
from headstart.tasks.groups import GroupTasks


def group_parts(data: Dataset, settings: EpisodesSettings, encode: Encode | None) -> Parts:
    """Tasks of the groups of rows with numbers; two thirds of the groups are trained on.

    Numbers are centred and divided by their deviation among the rows of the training groups.

    Raises:
        BadData: the labels are tags, or there are no groups, or a single one.
        BadInput: no group has rows enough.
    """
    data, notes = _grouped(data)
    assert data.groups is not None
    _, groups, counts = np.unique(data.groups, return_inverse=True, return_counts=True)
    train, test = _dealt(groups, settings.seed)
    examples, _ = inputs_of(data, train, settings, encode)
    y = torch.as_tensor(data.labels, dtype=torch.float32)
    own = y[train]
    y = (y - own.mean(0)) / own.std(0).clamp_min(1e-6)
    examples = replace(examples, y=y, classes=data.classes, groups=torch.as_tensor(groups))
    sizes = _sizes(int(np.median(counts)), settings)
    made = GroupTasks(examples.take(train), seed=settings.seed, tasks=settings.tasks, **sizes)
    tested = replace(made, data=examples.take(test))
    least, most = settings.train_shots or (1, sizes["shots"])
    trained = replace(made, shots=(least, most) if least != most else most)
    there, others = (len(each.cells.cells_of) for each in (trained, tested))
    notes.append(
        f"Each group of rows is a task: {pluralise(there, 'group')} to train on, {others} others to test "
        "with. Errors are in units of the numbers' deviation."
    )
    return Parts(data.name, Part(trained, train, data), Part(tested, test, data), notes)


def _grouped(data: Dataset) -> tuple[Dataset, list[str]]:
    """The rows that can be read, which must have numbers and two groups or more."""
    if data.label_kind == "tags" or data.groups is None:
        numbers = data.label_kind == "numbers"
        way = f" With {spell('group_column', ...)} each group is a task." if numbers else ""
        raise BadData(
            f"The labels of {data.name} are {data.label_kind}, and few-shot tasks are of classes.{way} "
            "Functions to learn are families by name, such as sinusoids."
        )
    readable, _, notes = readable_rows(data)
    if readable.group_count == 1:
        raise BadData(f"{data.name} has a single group of rows, and each is a task. Give two or more.")
    return readable, notes


def _dealt(groups: Rows, seed: int) -> tuple[Tensor, Tensor]:
    """Rows of the groups (n,) that are trained on, and of a third of the groups, which are tested with."""
    count = int(groups.max()) + 1
    held = shuffled(count, seed, "groups")[: max(1, round(count / 3))]
    test = np.isin(groups, held)
    return torch.from_numpy(np.flatnonzero(~test)), torch.from_numpy(np.flatnonzero(test))


def _sizes(usual: int, settings: EpisodesSettings) -> dict[str, Any]:
    """Shots and queries, of groups that usually have so many rows: half of them each, at most ten."""
    shots = settings.shots or max(1, min(POINTS, usual // 2))
    return {"shots": shots, "queries": settings.queries or max(1, min(POINTS, usual - shots))}
