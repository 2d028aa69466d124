"""What `yosinski` begins with: two tasks, and networks that were trained before."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headstart.core import BadData, BadInput, Mismatch, Unknown
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.random_draws import shuffled
from headstart.data.train_test_split import Rows, train_and_test
from headstart.models.backbone import AnyBackbone

BY_CLASSES = "classes"


@dataclass(frozen=True)
class Part:
    """A task."""

    data: Dataset  # of the task alone; its labels number its own classes
    train: Rows
    test: Rows  # held out

    @classmethod
    def of(cls, data: Dataset, share: float, seed: int) -> "Part":
        """A data set with a share of the rows held out."""
        checked = check(data).dataset
        return cls(checked, *train_and_test(checked, share, seed))

    def without_test_rows_of(self, other: "Part") -> tuple["Part", int]:
        """Without the training rows that the other task is tested on, and how many these are."""
        held_out = {other.data.digests[row] for row in other.test}
        kept = [row for row in self.train if self.data.digests[row] not in held_out]
        return replace(self, train=np.array(kept, dtype=np.int64)), len(self.train) - len(kept)


def split_classes(data: Dataset, split: str, share: float, seed: int) -> tuple[Part, Part]:
    """One data set as two tasks without a class in common.

    Rows that are duplicates of each other are on one side of the held-out split in both tasks.

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
    of_a = _classes_of_a(data, split, seed)
    of_b = [name for name in data.classes if name not in of_a]
    sides = train_and_test(data, share, seed)
    return _part(data, "A", of_a, sides), _part(data, "B", of_b, sides)


def _classes_of_a(data: Dataset, split: str, seed: int) -> list[str]:
    """In the order of the data's."""
    classes = data.classes
    if len(classes) < 4:
        raise BadData(
            f"{data.name} has {len(classes)} classes; to split them into two tasks takes 4 or more. Give a "
            f"second data set."
        )
    if split == BY_CLASSES:
        chosen = shuffled(len(classes), seed, "task A")[: len(classes) // 2]
        return [classes[number] for number in sorted(chosen.tolist())]
    names = {name.strip(): None for name in split.split(",")}
    for name in names:
        if name not in classes:
            raise Unknown(f"class of {data.name}", name, classes)
    if not 2 <= len(names) <= len(classes) - 2:
        raise BadInput(
            f"split names {len(names)} of {len(classes)} classes for task A; each task needs 2 or more."
        )
    return [name for name in classes if name in names]


def _part(data: Dataset, letter: str, names: Sequence[str], sides: tuple[Rows, Rows]) -> Part:
    """The rows of some classes, their labels numbered anew."""
    numbers = np.full(len(data.classes), -1, dtype=np.int64)
    numbers[[data.classes.index(name) for name in names]] = np.arange(len(names))
    rows = np.flatnonzero(numbers[data.labels] >= 0)
    part = data.subset(rows)
    name, labels = f"{data.name}, task {letter}", numbers[part.labels]
    renamed = replace(part, name=name, classes=tuple(names), labels=labels).knowing(part.digests)
    return Part(renamed, *(np.flatnonzero(np.isin(rows, side)) for side in sides))


def with_weights_of(backbone: AnyBackbone, network: AnyBackbone, name: str) -> AnyBackbone:
    """A copy of a backbone with the weights of another of the same architecture.

    Raises:
        Mismatch: it has another one; the keys are named.
    """
    own, given = (
        {key: value.shape for key, value in net.state_dict().items()} for net in (backbone, network)
    )
    wrong = sorted({key for key, _ in own.items() ^ given.items()})
    if wrong:
        raise Mismatch(
            f"{name} has another architecture than {backbone.name}: {len(wrong)} keys differ, "
            f"such as {', '.join(wrong[:5])}."
        )
    twin = copy.deepcopy(backbone)
    twin.load_state_dict(network.state_dict())
    return twin
