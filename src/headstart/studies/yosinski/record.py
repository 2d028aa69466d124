"""What `yosinski` writes down: `yosinski.json`, schema 1. Plain data, which knows nothing of torch."""

from dataclasses import dataclass
from typing import Any

from headstart.records.record import Interval, Record

SCHEMA = 1
SERIES = ("BnB", "BnB+", "AnB", "AnB+")


@dataclass(frozen=True)
class Network(Record):
    """A network that blocks are taken from, judged on the held-out part of its own task."""

    task: str  # name of the data
    classes: list[str]
    train_rows: int
    test_rows: int  # held out, the same for all
    given: bool  # whether it was given, and not trained from scratch
    seeds: list[int]  # that did not diverge
    score: list[float]  # of the metric of selection, one for each of them; empty if it can't be known
    mean: float | None  # None if it can't be known
    interval: Interval | None  # of the mean over the seeds, Student's t; None for a single seed


@dataclass(frozen=True)
class Cut(Record):
    """A series at a cut, judged on the held-out part of task B."""

    series: str  # "BnB", "BnB+", "AnB" or "AnB+"
    cut: int  # blocks that were copied, from the first one on
    seeds: list[int]  # that did not diverge
    score: list[float]  # of the metric of selection, one for each of them
    mean: float
    interval: Interval | None  # of the mean over the seeds, Student's t; None for a single seed
    gain: Interval | None  # over base B of the same seed, paired; None for a single seed


@dataclass(frozen=True)
class Transfer(Record):
    """How general the features of each depth are, and how much they depend on each other."""

    schema: int
    headstart: str  # version
    command: str
    backbone: str
    backbone_parameters: int
    blocks: list[str]  # in the order they run
    base_a: Network | None  # None if it was given without its data
    base_b: Network
    cuts: list[Cut]  # by series, then by cut
    notes: list[str]  # what was left out, and why; the precision, where that was a choice
    settings: dict[str, Any]  # of `yosinski`
    seed: int
    versions: dict[str, str]
    selection: str = "balanced_accuracy"  # the metric of the scores on task B

    def of(self, series: str) -> list[Cut]:
        """One of the series, by rising cut."""
        return [cut for cut in self.cuts if cut.series == series]
