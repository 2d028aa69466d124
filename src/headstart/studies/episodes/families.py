"""What learners are trained and tested on: classes of labelled data that are dealt to both, or a family."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.core import BadInput
from headstart.data.check import readable_rows
from headstart.data.dataset import Dataset
from headstart.face import spell
from headstart.report.text import pluralise
from headstart.studies.episodes import EpisodesSettings
from headstart.studies.episodes.sizes import SHOTS, Sizes, counts_of
from headstart.tasks.examples import Examples, examples_of
from headstart.tasks.family import TaskFamily, range_of
from headstart.tasks.few_shot import FewShot
from headstart.tasks.splits import split_classes

POINTS = 10  # of functions: shots and queries

Encode = Callable[[Dataset, Tensor], Tensor]  # features (n, width) of all rows, and rows to learn from


@dataclass(frozen=True)
class Part:
    """Rows that tasks are drawn from."""

    family: TaskFamily
    rows: Tensor | None = None  # (n,) places in the data, of labelled rows
    data: Dataset | None = None
    classes: tuple[str, ...] = ()

    def numbered(self) -> "TaskFamily | None":
        """The same tasks with the places of their rows in the data as inputs; None of families."""
        if not isinstance(self.family, FewShot) or self.rows is None:
            return None
        own = self.family.examples
        places = replace(own, x=self.rows.double()[:, None])
        return replace(self.family, data=places)

    @property
    def count(self) -> int:
        """Rows."""
        return 0 if self.rows is None else len(self.rows)


@dataclass(frozen=True)
class Parts:
    """Tasks to train on and tasks to test with."""

    name: str
    train: Part
    test: Part
    notes: list[str] = field(default_factory=list)


def family_parts(family: TaskFamily, settings: EpisodesSettings, other: TaskFamily | None) -> Parts:
    """Training and test tasks of a family: other tasks of the same one, unless another is given."""
    functions = family.kind == "numbers"
    shots = settings.shots or range_of(family.shots)[1]
    train = settings.train_shots or ((1, shots) if functions else (shots, shots))
    asked = {name: getattr(settings, name) for name in ("queries", "ways", "seed")}
    tested = replace(other or family, **_taken(other or family, asked))
    trained = replace(
        family,
        **_taken(family, asked),
        tasks=settings.tasks,
        shots=(train[0], train[1]) if train[0] != train[1] else train[0],
    )
    tested = replace(tested, tasks=settings.tasks, shots=shots, queries=trained.queries)
    return Parts(family.name, Part(trained), Part(tested))


def _taken(family: TaskFamily, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for of the settings that a family has."""
    known = {each.name for each in fields(family)}
    return {name: value for name, value in asked.items() if name in known and value}


def usual_shots(kind: type[TaskFamily]) -> int:
    """The shots of a family by name, where nothing else is said."""
    return POINTS if getattr(kind, "kind", "") == "numbers" else SHOTS


def labelled_parts(
    data: Dataset, settings: EpisodesSettings, other: Dataset | None, encode: Encode | None
) -> Parts:
    """Few-shot tasks of labelled data.

    Args:
        data: rows with classes.
        settings: of the study.
        other: rows of the test classes; None: classes of the data are held out.
        encode: gives the features that learners learn from; None: they learn from the rows themselves.

    Raises:
        BadInput: too few classes, or too few rows of them.
    """
    if settings.new_groups and data.groups is None and data.attributes is None:
        raise BadInput(
            f"{data.name} has no groups to hold out: name them with {spell('group_column', ...)}, or "
            f"leave {spell('new_groups')} out."
        )
    data, notes = _readable(data)
    if other is not None:
        other, more = _readable(other)
        notes = [*notes, *more]
    sizes = Sizes.of(data, settings, other)
    if other is None:
        dealt = _dealt(_numbers(data).take(_large(data, sizes.most)), settings, sizes)
        train_rows, test_rows, tested = dealt[0], dealt[1], data
    else:
        tested = other
        train_rows, test_rows = _large(data, sizes.train_rows), _large(other, sizes.test_rows)
    notes += sizes.left_out(data) if other is None else []
    inputs, own = inputs_of(data, train_rows, settings, encode)
    elsewhere = inputs if other is None else _inputs_elsewhere(other, settings, encode, inputs, own)
    shared: dict[str, Any] = {"ways": sizes.ways, "queries": sizes.queries, "seed": settings.seed}
    shared["apart"] = data.groups is not None
    least, most = sizes.train_shots
    trained = FewShot(
        inputs.take(train_rows),
        shots=(least, most) if least != most else most,
        tasks=settings.tasks,
        **shared,
    )
    test = FewShot(elsewhere.take(test_rows), shots=sizes.shots, **shared)
    return Parts(
        data.name,
        Part(trained, train_rows, data, trained.examples.classes),
        Part(test, test_rows, tested, test.examples.classes),
        notes,
    )


def _readable(data: Dataset) -> tuple[Dataset, list[str]]:
    """The rows that can be read, each once."""
    readable, _, notes = readable_rows(data)
    first = np.unique(
        np.array([f"{a} {b}" for a, b in zip(readable.digests, readable.labels, strict=True)]),
        return_index=True,
    )[1]
    if len(first) < len(readable):
        copies = pluralise(len(readable) - len(first), "copy", "copies")
        notes = [
            *notes,
            f"{copies} of rows in {data.name} left out, which might stand on both sides of a task.",
        ]
        readable = readable.subset(np.sort(first))
    return readable, notes


def _numbers(data: Dataset) -> Examples:
    """The rows as their places."""
    groups = None if data.groups is None else torch.as_tensor(np.unique(data.groups, return_inverse=True)[1])
    if groups is None and data.attributes is not None:
        groups = torch.as_tensor(data.attributes)
    places = torch.arange(len(data)).double()[:, None]
    return Examples(data.name, places, torch.as_tensor(data.labels), data.classes, groups)


def _dealt(numbers: Examples, settings: EpisodesSettings, sizes: Sizes) -> tuple[Tensor, Tensor]:
    """Places of the rows of training classes and of test classes."""
    share = sizes.held_out(settings) / sizes.enough
    parts = split_classes(
        numbers,
        train=1 - share,
        validation=0.0,
        test=share,
        seed=settings.seed,
        new_groups=settings.new_groups,
    )
    return tuple(part.x[:, 0].long() for part in (parts.train, parts.test))  # type: ignore[return-value]


def _large(data: Dataset, least: int) -> Tensor:
    """Rows (n,) of the classes that have so many."""
    return torch.from_numpy(np.flatnonzero(counts_of(data)[data.labels] >= least))


def inputs_of(
    data: Dataset, train: Tensor, settings: EpisodesSettings, encode: Encode | None
) -> tuple[Examples, Tensor | None]:
    """All rows as tensors, and the features of the rows that are trained on, whose scale all have."""
    if encode is None:
        return examples_of(data, settings.size, train.numpy()), None
    x = encode(data, train)
    return replace(_numbers(data), x=scaled(x, x[train])), x[train]


def _inputs_elsewhere(
    data: Dataset, settings: EpisodesSettings, encode: Encode | None, like: Examples, own: Tensor | None
) -> Examples:
    """The rows of other data, read and scaled as those that are trained on."""
    if encode is None or own is None:
        size = settings.size if len(like.shape) != 3 else like.shape[-1]
        return examples_of(data, size)
    return replace(_numbers(data), x=scaled(encode(data, torch.arange(len(data))), own))


def scaled(x: Tensor, own: Tensor) -> Tensor:
    """Features (n, width) less the mean of some (m, width), and divided by one deviation of all numbers."""
    return (x - own.mean(0)) / own.var(0).mean().sqrt().clamp_min(1e-6)


def require_alike(parts: Parts) -> None:
    """Raise `BadInput` if test tasks are other ones than learners of the training tasks can take."""
    train, test = parts.train.family, parts.test.family
    numbers = train.kind == "numbers" and train.outputs != test.outputs
    if (train.kind, train.shape) != (test.kind, test.shape) or train.outputs < test.outputs or numbers:
        raise BadInput(
            f"{spell('test_data')}: its tasks have inputs of shape {test.shape} and {test.outputs} "
            f"{test.kind}, and those to train on have inputs of shape {train.shape} and {train.outputs} "
            f"{train.kind}. Give other tasks of the same shape, with as many."
        )


def check_given(settings: EpisodesSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse what does not go together, before anything is computed."""
    family, other = inputs["data"], inputs["test_data"]
    if isinstance(family, TaskFamily):
        if inputs["backbone"] is not None:
            raise BadInput(
                f"{family.name} is a family of tasks, and a backbone reads labelled data: leave "
                f"{spell('backbone')} out."
            )
        if settings.ways is not None and family.kind == "numbers":
            raise BadInput(f"Tasks of {family.name} have no classes: leave {spell('ways')} out.")
    if other is not None and isinstance(other, TaskFamily) != isinstance(family, TaskFamily):
        raise BadInput(f"{spell('test_data')} must be labelled data, or a family, as what is trained on.")
    if other is not None and getattr(family, "label_kind", "classes") != "classes":
        raise BadInput(f"{spell('test_data')} holds other classes, and the labels of {family.name} are none.")
    if isinstance(other, Dataset) and (other.table is not None or (other.texts and not inputs["backbone"])):
        raise BadInput(
            f"{spell('test_data')}: columns and words are read as the training classes have them, so give "
            f"all rows of tables and texts in one, and hold out classes with {spell('test_classes', ...)}."
        )
