"""Find spurious cues that a classifier relies on, and the groups whose accuracy suffers.

With attributes (`attribute_column=` or `attribute=` of `hs.data.load`), the accuracy of every group of class
and attribute, the worst of them and the gap. Of pictures, cue conflicts (arXiv:1811.12231): the shape of one
class with the texture or the colour of another, and the accuracy where a cue is taken away or a tag stamped
in. Of tables and rows of numbers, each column shuffled over all rows and within classes. Of texts, the words
that you name taken out and put in.

The rows are labelled ones that the model was not trained on; if they have a split, those of its test part are
used. The model is never changed. All intervals of the record are of 95 %.

Raises:
    Unknown: an option or a column that does not exist.
    BadInput: no model in the folder, a setting out of range, a model or data without classes, classes that
        the model does not know, words where there are no texts; on resuming, another study's folder.
    BadData: fewer than 4 rows, or nothing readable.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.record import Interval, Record
from headstart.records.settings import Rule, StudySettings, option, whole
from headstart.studies._spec import LABEL_FIXES, Figure, Input, Study, StudyRecord


@dataclass(frozen=True, kw_only=True)
class ShortcutsSettings(StudySettings):
    """How `shortcuts` works."""

    kind: ClassVar[str] = "shortcuts"

    words: tuple[str, ...] = option(
        "Of texts: a word that should not matter; it is taken out and put in. Repeatable.",
        (),
        Rule(lambda v: all(word.strip() for word in v), "words that are not empty"),
    )
    features: tuple[str, ...] = option(
        "Of a table: a column to shuffle; repeatable. Default: all columns, 30 at most.", ()
    )
    rounds: int = option("Number of shuffles of a column, at least 1.", 5, whole(1))
    rows: int = option("The most rows of which changed copies are made, at least 10.", 500, whole(10))
    seed: int = option("Random seed.", 0)


@dataclass(frozen=True)
class GroupScore(Record):
    """The accuracy of a group: a class with a value of the attribute."""

    name: str  # such as "cow, sand"
    label: str  # the class
    attribute: str  # the value
    rows: int
    accuracy: Interval  # 95 % for all groups at once


@dataclass(frozen=True)
class Conflict(Record):
    """Pictures that have the shape of one class and another cue of another class."""

    cue: str  # "texture" or "colour"
    rows: int  # mixed pictures, both of whose originals are classified correctly
    shape: int  # of them predicted as the class of the shape
    other: int  # predicted as the class of the other cue
    share: Interval | None  # shape / (shape + other); None if there is neither


@dataclass(frozen=True)
class Change(Record):
    """The effect of a change of the samples on the predictions."""

    name: str  # such as "grey", "red tag", a column or a word
    kind: str  # "cue", "tag", "column", "column within classes", "word out" or "word in"
    keeps: str  # what is left, in words
    loses: str  # what is not
    rows: int
    plain: float  # accuracy on the same rows without it
    accuracy: Interval
    drop: Interval  # plain less accuracy, paired
    changed: float  # share of the rows whose prediction is another one


@dataclass(frozen=True, kw_only=True)
class Shortcuts(StudyRecord):
    """The cues that a model relies on, and the groups that it fails."""

    task: str  # name of the data
    model: str  # name of its backbone
    kind: str  # what the samples are: "pictures", "texts", "numbers" or "tables"
    classes: list[str]
    rows: int
    accuracy: Interval  # over all rows
    chance: float  # always the largest class
    attributes: list[str]  # values of the attribute; [] if the data have none
    association: float | None  # of attribute and class in these rows: Cramer's V, 0 to 1
    groups: list[GroupScore]  # by class, then by attribute; [] without attributes
    balanced: float | None  # the plain mean over the groups
    worst: Interval | None  # accuracy of the worst group
    gap: Interval | None  # of the best group and the worst
    conflicts: list[Conflict]
    changes: list[Change]

    @property
    def worst_group(self) -> GroupScore | None:
        """The group with the least accuracy; of equals the first."""
        return min(self.groups, key=lambda group: group.accuracy.value) if self.groups else None

    @property
    def best_group(self) -> GroupScore | None:
        """The group with the greatest accuracy; of equals the first."""
        return max(self.groups, key=lambda group: group.accuracy.value) if self.groups else None

    def of(self, *kinds: str) -> list[Change]:
        """The changes of some kinds."""
        return [change for change in self.changes if change.kind in kinds]

    @property
    def figure(self) -> Figure | None:
        """Over all rows."""
        return Figure.of("accuracy", self.accuracy)


SPEC = Study(
    name="shortcuts",
    summary="Find spurious cues that a classifier relies on, and the groups whose accuracy suffers.",
    examples=("headstart shortcuts run photos.csv --attribute-column background",),
    inputs=(
        Input(
            name="model",
            help="A run folder or the model folder in it; in Python a predictor, too.",
            kind="value",
        ),
        Input(
            name="data",
            help="Labelled rows that it was not trained on, as `hs.data.load` takes them.",
            kind="value",
        ),
        LABEL_FIXES,
    ),
    settings=ShortcutsSettings,
    record=Shortcuts,
    docs="how/confounders.md",
)
