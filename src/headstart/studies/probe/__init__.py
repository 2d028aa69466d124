"""Probe every block of a frozen backbone from one pass over the data, with control tasks.

Every score is of rows that the probe has not seen: exact leave-one-out for ridge and kNN, folds for the
logistic and the attentive probe. Rows that belong together (groups of yours, duplicates) are left out
together, and rows that a split of yours marks as test are not used. Control tasks have labels that are drawn
at random, with the shares of the true ones (arXiv:1909.03368): what a probe scores there on unseen rows is
chance, and what it scores on the rows that it was fitted to is its capacity to memorise.

The record holds for every probe and block the score with its 95 % interval, the control, and the difference
of the two.

Raises:
    Unknown: a probe or an option that does not exist.
    BadData: nothing readable, one class, or too few rows.
    BadInput: a setting out of range, a backbone without blocks, an attentive probe where no block has
        places, a logistic one on numbers; on resuming, another study's folder.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.record import Interval, Record
from headstart.records.settings import InputSettings, option, several, whole
from headstart.studies._spec import BACKBONE, DATA, LABEL_FIXES, Figure, Study, StudyRecord

TITLES = {
    "ridge": "Ridge probe",
    "logistic": "Logistic probe",
    "knn": "kNN probe",
    "attentive": "Attentive probe",
}


@dataclass(frozen=True, kw_only=True)
class ProbeSettings(InputSettings):
    """How `probe` works."""

    kind: ClassVar[str] = "probe"

    probes: tuple[str, ...] = option(
        "ridge (which costs least), logistic, knn or attentive; repeatable.", ("ridge",), several("probes")
    )
    control: int = option("Number of control tasks, with labels drawn at random; 0: none.", 3, whole(0))
    folds: int = option(
        "Folds of the logistic and the attentive probe, at least 2; others leave one out.", 5, whole(2)
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_names("probes", "probe", TITLES)


@dataclass(frozen=True)
class Probed(Record):
    """A probe on one block."""

    probe: str  # "ridge", "logistic", "knn" or "attentive"
    block: str
    width: int  # features a row
    places: int  # that the probe reads; 1: their mean
    score: Interval  # on rows that it has not seen
    seen: float  # the same metric on the rows that it was fitted to
    control: float | None  # score with random labels, on rows that it has not seen: mean over the tasks
    controls: list[float]  # of each control task
    memory: float | None  # the same on the rows that it was fitted to: its capacity to memorise
    selectivity: float | None  # score less control


@dataclass(frozen=True, kw_only=True)
class Probing(StudyRecord):
    """What each block of a frozen backbone knows of a task."""

    task: str  # name of the data
    classes: list[str]  # or tags, or columns of numbers
    rows: int
    groups: int  # of rows that are left out together: as many as rows, if none belong together
    backbone: str
    backbone_parameters: int
    metric: str  # of all scores
    chance: float  # that of the best constant prediction
    probes: list[str]
    table: list[Probed]  # by probe, then by block in the order they run
    label_kind: str  # what the labels are: "classes", "tags" or "numbers"

    def of(self, probe: str) -> list[Probed]:
        """The results of one probe, block by block."""
        return [result for result in self.table if result.probe == probe]

    def best(self, probe: str = "") -> Probed:
        """The block that one probe, by default the first, reads most from; of equals the last."""
        results = self.of(probe or self.probes[0])
        return max(enumerate(results), key=lambda pair: (pair[1].score.value, pair[0]))[1]

    @property
    def figure(self) -> Figure | None:
        """Of the block that the first probe reads most from."""
        return Figure.of(self.metric, self.best().score)


SPEC = Study(
    name="probe",
    summary="Probe every block of the frozen backbone, with control tasks.",
    examples=("headstart probe photos/ --out probe",),
    inputs=(BACKBONE, DATA, LABEL_FIXES),
    settings=ProbeSettings,
    record=Probing,
)
