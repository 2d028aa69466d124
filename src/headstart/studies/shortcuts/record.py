"""What `shortcuts` writes down: `shortcuts.json`, schema 1. Plain data, which knows nothing of torch."""

from dataclasses import dataclass
from typing import Any

from headstart.records.record import Interval, Record

SCHEMA = 1


@dataclass(frozen=True)
class GroupTold(Record):
    """How a group is told: a class with a value of the attribute."""

    name: str  # such as "cow, sand"
    label: str  # the class
    attribute: str  # the value
    rows: int
    accuracy: Interval  # 95 % for all groups at once


@dataclass(frozen=True)
class Conflict(Record):
    """Pictures that have the shape of one class and another cue of another class."""

    cue: str  # "texture" or "colour"
    rows: int  # mixed pictures, both of whose originals are told right
    shape: int  # of them told as the class of the shape
    other: int  # told as the class of the other cue
    share: Interval | None  # shape / (shape + other); None if there is neither


@dataclass(frozen=True)
class Change(Record):
    """What a change of the samples does to the answers."""

    name: str  # such as "grey", "red tag", a column or a word
    kind: str  # "cue", "tag", "column", "column within classes", "word out" or "word in"
    keeps: str  # what is left, in words
    loses: str  # what is not
    rows: int
    plain: float  # accuracy on the same rows without it
    accuracy: Interval
    drop: Interval  # plain less accuracy, paired
    changed: float  # share of the rows whose answer is another one


@dataclass(frozen=True)
class Shortcuts(Record):
    """What a model goes by: the groups that it fails and the cues that it follows."""

    schema: int
    headstart: str  # version
    command: str
    task: str  # name of the data
    model: str  # name of its backbone
    kind: str  # what the samples are: "pictures", "texts", "numbers" or "tables"
    classes: list[str]
    rows: int
    accuracy: Interval  # over all rows
    chance: float  # always the largest class
    attributes: list[str]  # values of the attribute; [] if the data have none
    association: float | None  # of attribute and class in these rows: Cramer's V, 0 to 1
    groups: list[GroupTold]  # by class, then by attribute; [] without attributes
    balanced: float | None  # the plain mean over the groups
    worst: Interval | None  # accuracy of the worst group
    gap: Interval | None  # of the best group and the worst
    conflicts: list[Conflict]
    changes: list[Change]
    notes: list[str]
    settings: dict[str, Any]  # of `shortcuts`
    seed: int
    versions: dict[str, str]

    @property
    def worst_group(self) -> GroupTold | None:
        """The group with the least accuracy; of equals the first."""
        return min(self.groups, key=lambda group: group.accuracy.value) if self.groups else None

    @property
    def best_group(self) -> GroupTold | None:
        """The group with the greatest accuracy; of equals the first."""
        return max(self.groups, key=lambda group: group.accuracy.value) if self.groups else None

    def of(self, *kinds: str) -> list[Change]:
        """The changes of some kinds."""
        return [change for change in self.changes if change.kind in kinds]
