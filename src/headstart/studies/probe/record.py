"""What `probe` writes down: `probe.json`, schema 1. Plain data, which knows nothing of torch."""

from dataclasses import dataclass
from typing import Any

from headstart.records.record import Interval, Record

SCHEMA = 1
TITLES = {
    "ridge": "Ridge probe",
    "logistic": "Logistic probe",
    "knn": "kNN probe",
    "attentive": "Attentive probe",
}


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
    memory: float | None  # the same on the rows that it was fitted to: what it can learn by heart
    selectivity: float | None  # score less control


@dataclass(frozen=True)
class Probing(Record):
    """What each block of a frozen backbone knows of a task."""

    schema: int
    headstart: str  # version
    command: str
    task: str  # name of the data
    classes: list[str]  # or tags, or columns of numbers
    rows: int
    groups: int  # of rows that are left out together: as many as rows, if none belong together
    backbone: str
    backbone_parameters: int
    metric: str  # of all scores
    chance: float  # what it is for the best answer that looks at nothing
    probes: list[str]
    table: list[Probed]  # by probe, then by block in the order they run
    notes: list[str]  # what was left out or made smaller, and why
    settings: dict[str, Any]  # of `probe`
    seed: int
    versions: dict[str, str]
    label_kind: str = "classes"  # what the labels are: "classes", "tags" or "numbers"

    def of(self, probe: str) -> list[Probed]:
        """What one probe says, block by block."""
        return [one for one in self.table if one.probe == probe]

    def best(self, probe: str = "") -> Probed:
        """The block that one probe, by default the first, reads most from; of equals the last."""
        mine = self.of(probe or self.probes[0])
        return max(enumerate(mine), key=lambda pair: (pair[1].score.value, pair[0]))[1]
