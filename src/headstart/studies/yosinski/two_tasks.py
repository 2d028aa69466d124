"""Task A and task B, each with rows to learn from and rows to judge by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headstart.core import BadData, BadInput, Unknown
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.random_draws import shuffled
from headstart.data.train_test_split import Rows, train_and_test
from headstart.models.backbone import AnyBackbone
from headstart.session.inputs import by_training_part

BY_CLASSES = "classes"


@dataclass(frozen=True)
class Part:
    """A task.

    Attributes:
        data: of the task alone; its labels count its own classes.
        train: rows to learn from.
        test: rows to judge by.
    """

    data: Dataset
    train: Rows
    test: Rows


def by_training_part_of(mapping: AnyBackbone, task_b: Part) -> AnyBackbone:
    """The backbone; one for a table is made by the rows of task B that are learned from, and no others.

    So both tasks have the same features, which know nothing of the rows that judge.
    """
    return by_training_part(mapping, task_b.data.subset(task_b.train))


def by_classes(data: Dataset, split: str, share: float, seed: int) -> tuple[Part, Part]:
    """One data set as two tasks without a class in common.

    Rows that are duplicates of each other stand on one side of the held-out split in both tasks.

    Args:
        data: any, of four classes or more.
        split: "classes" for a random half of the classes, or names of those of task A.
        share: of the rows that is held out.
        seed: of both splits.

    Raises:
        BadData: there are too few classes or rows.
        BadInput: the named classes leave task A or task B fewer than two.
        Unknown: no class has such a name.
    """
    data = check(data).dataset
    mine = _of_a(data, split, seed)
    train, test = train_and_test(data, share, seed)
    others = [name for name in data.classes if name not in mine]
    return _part(data, "A", mine, train, test), _part(data, "B", others, train, test)


def apart(a: Dataset | None, b: Dataset, share: float, seed: int) -> tuple[Part | None, Part, list[str]]:
    """Two data sets as tasks, and what is to be said of them.

    Rows of A that task B is judged by are left out of what A learns from, lest B is known beforehand.
    """
    task_b = _whole(b, share, seed)
    if a is None:
        return None, task_b, []
    task_a = _whole(a, share, seed)
    held = {task_b.data.digests[row] for row in task_b.test}
    kept = np.array([row for row in task_a.train if task_a.data.digests[row] not in held], dtype=np.int64)
    if len(kept) == len(task_a.train):
        return task_a, task_b, []
    left = len(task_a.train) - len(kept)
    said = f"{left} rows of task A are not learned from, as task B is judged by copies of them."
    return replace(task_a, train=kept), task_b, [said]


def _whole(data: Dataset, share: float, seed: int) -> Part:
    checked = check(data).dataset
    return Part(checked, *train_and_test(checked, share, seed))


def _of_a(data: Dataset, split: str, seed: int) -> list[str]:
    """The classes of task A, in the order of the data's."""
    classes = data.classes
    if len(classes) < 4:
        raise BadData(
            f"{data.name} has {len(classes)} classes; to split them into two tasks takes 4 or more. Give a "
            f"second data set."
        )
    if split == BY_CLASSES:
        chosen = shuffled(len(classes), seed, "task A")[: len(classes) // 2]
        return [classes[number] for number in sorted(chosen.tolist())]
    named = [name.strip() for name in split.split(",")]
    for name in named:
        if name not in classes:
            raise Unknown(f"class of {data.name}", name, classes)
    if not 2 <= len(set(named)) <= len(classes) - 2:
        raise BadInput(
            f"split names {len(set(named))} of {len(classes)} classes for task A; each task needs 2 or more."
        )
    return [name for name in classes if name in named]


def _part(data: Dataset, letter: str, names: Sequence[str], train: Rows, test: Rows) -> Part:
    """The rows of some classes, their labels counted anew."""
    numbers = np.full(len(data.classes), -1, dtype=np.int64)
    numbers[[data.classes.index(name) for name in names]] = np.arange(len(names))
    rows = np.flatnonzero(numbers[data.labels] >= 0)
    some = data.subset(rows)
    name, labels = f"{data.name}, task {letter}", numbers[some.labels]
    mine = replace(some, name=name, classes=tuple(names), labels=labels).knowing(some.digests)
    sides = (np.flatnonzero(np.isin(rows, side)) for side in (train, test))
    return Part(mine, *sides)
