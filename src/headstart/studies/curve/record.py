"""What `curve` writes down: `curve.json`, schema 1. Plain data, which knows nothing of torch."""

from dataclasses import dataclass
from typing import Any

from headstart.records.record import Interval, Record

SCHEMA = 1


@dataclass(frozen=True)
class CurvePoint(Record):
    """A method after training on a few labels a class."""

    method: str  # with its settings, such as "fine-tune:last=2"
    title: str  # in plain words
    labels_per_class: int
    seeds: list[int]  # that did not diverge
    score: list[float]  # of the metric of selection, on the held-out part, one for each of them
    mean: float
    interval: Interval | None  # of the mean over the seeds, Student's t; None for a single seed
    gain: Interval | None  # over the first method on the same subsets, paired; None for itself


@dataclass(frozen=True)
class SizeCurve(Record):
    """How good several methods are with more and more labels a class."""

    schema: int
    headstart: str  # version
    command: str
    task: str  # name of the data
    classes: list[str]
    train_rows: int  # that the subsets are taken from
    test_rows: int  # held out, the same for all
    backbone: str
    backbone_parameters: int
    labels_per_class: list[int]  # that could be had
    methods: list[str]  # the first one is what the others are compared with
    points: list[CurvePoint]  # by method, then by size
    notes: list[str]  # what was left out, and why; the precision, where that was a choice
    settings: dict[str, Any]  # of `curve`
    seed: int
    versions: dict[str, str]
    selection: str = "balanced_accuracy"  # the metric of the scores

    def of(self, method: str) -> list[CurvePoint]:
        """The points of one method, by rising size."""
        return [point for point in self.points if point.method == method]
