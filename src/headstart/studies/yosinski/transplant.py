"""What `yosinski` trains: two tasks, and networks whose first blocks are those of a trained one."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, final

import numpy as np

from headstart.core import (
    About,
    Backbone,
    BadData,
    BadInput,
    Ctx,
    Descend,
    Labelled,
    Loss,
    Method,
    Mismatch,
    Model,
    Parts,
    Task,
    Unknown,
)
from headstart.core.moves import members_of
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.random_draws import shuffled
from headstart.data.train_test_split import Rows, train_and_test
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss
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


@final
@dataclass(frozen=True, kw_only=True)
class Transplant(TuningSettings[Labelled]):
    """Keep the first blocks of a trained network, begin those above anew, and train.

    All that learns has the full learning rate and trains its batch normalisations, as from scratch:
    with all blocks begun anew and none frozen, it is from scratch.

    Attributes:
        new: how many of the last blocks get random weights, >= 0; all of them: the whole network does.
        frozen: whether the blocks that are kept stay as they are.
    """

    about = About("transplant", "start", "mapping", Labelled, "arXiv:1411.1792")
    backbone_lr: float = 1.0
    norm: Literal["frozen", "train"] = "train"
    new: int = 1
    frozen: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("new", self.new >= 0, ">= 0")
        self.check("last", self.last is None, "None: `new` says which blocks learn if the rest is frozen")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone with its last blocks as those of an untrained twin, and a new head."""
        blocks = backbone.blocks
        if self.new > len(blocks):
            raise BadInput(f"transplant: new is {self.new}, and the backbone has {len(blocks)} blocks.")
        twin = backbone.untrained(task.seed)
        if self.new == len(blocks):  # what is in no block is new as well
            return tuned_parts(self, twin, task)
        for name in members_of(backbone, slice(len(blocks) - self.new, None)):
            backbone.get_submodule(name).load_state_dict(twin.get_submodule(name).state_dict())
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on the head and all of the backbone that is not frozen."""
        head, backbone = tuned_on(self)
        if not self.frozen:
            return (Descend(self.loss, on=(head, backbone)),)
        new = (replace(backbone, blocks=slice(-self.new, None)),) if self.new else ()
        return (Descend(self.loss, on=(head, *new)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)


def transplant(blocks: int, cut: int, frozen: bool) -> Method[Any]:
    """What trains a network of which the first `cut` blocks are kept; at 0 it is training from scratch."""
    return Transplant(new=blocks - cut, frozen=frozen and cut > 0)


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
