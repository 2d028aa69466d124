"""Measure how transferable each depth is: copy the first n blocks of a network, retrain the rest on task B.

The networks that blocks are taken from, base A and base B, are trained from scratch on task A and task B.
BnB and AnB keep the copied blocks frozen; BnB+ and AnB+ train all. What BnB loses against base B shows that
blocks had co-adapted; what AnB loses beyond that, how specific to task A the copied blocks are
(Yosinski et al. 2014, arXiv:1411.1792).

All trainings are alike: the same epochs, learning rate and rows, no augmentation, so that the outputs of
frozen blocks can be cached. With one seed, the new blocks have the same random weights in all four series and
the rows come in the same order.

The record holds the score on the held-out part of task B for each series, cut and seed, means with 95 %
intervals over the seeds, and paired differences to base B.

Raises:
    BadData: nothing readable, too few classes, or tasks of different kinds.
    BadInput: a setting out of range or a cut that is not there; on resuming, another study's folder.
    Mismatch: a given network has another architecture.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.record import Interval, Record
from headstart.records.settings import ExperimentSettings, option, several, whole
from headstart.studies._spec import Figure, Input, Study, StudyRecord, optional_input

SERIES = ("BnB", "BnB+", "AnB", "AnB+")


@dataclass(frozen=True, kw_only=True)
class YosinskiSettings(ExperimentSettings):
    """How `yosinski` works."""

    kind: ClassVar[str] = "yosinski"

    cuts: tuple[int, ...] = option(
        "After how many blocks the network is cut, rising, each >= 1. Default: after each.",
        (),
        several("whole numbers"),
    )
    seeds: int = option("Number of random seeds.", 3, whole(1))
    epochs: int = option("Epochs per training.", 20, whole(1))
    split: str = option(
        "Of one data set: classes makes task A of a random half of its classes; or name these, with "
        "commas between. The others are task B.",
        "classes",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        fine = all(whole(1).allows(n) for n in self.cuts) and sorted(set(self.cuts)) == list(self.cuts)
        self.check("cuts", fine, "whole numbers >= 1, rising")
        self.check("split", bool(self.split), "'classes', or names of classes with commas between")


@dataclass(frozen=True)
class Network(Record):
    """A network that blocks are taken from, evaluated on the held-out part of its own task."""

    task: str  # name of the data
    classes: list[str]
    train_rows: int
    test_rows: int  # held out, the same for all
    given: bool  # whether it was given, and not trained from scratch
    seeds: list[int]  # that did not diverge
    score: list[float]  # of the metric of selection, one for each of them; empty if it is unknown
    mean: float | None  # None if it is unknown
    interval: Interval | None  # of the mean, over seeds and test rows; None for a single seed


@dataclass(frozen=True)
class Cut(Record):
    """A series at a cut, evaluated on the held-out part of task B."""

    series: str  # "BnB", "BnB+", "AnB" or "AnB+"
    cut: int  # blocks that were copied, from the first one on
    seeds: list[int]  # that did not diverge
    score: list[float]  # of the metric of selection, one for each of them
    mean: float
    interval: Interval | None  # of the mean, over seeds and test rows; None for a single seed
    gain: Interval | None  # over base B of the same seed, paired; None for a single seed


@dataclass(frozen=True, kw_only=True)
class Transfer(StudyRecord):
    """How general the features of each depth are, and how much they depend on each other."""

    backbone: str
    backbone_parameters: int
    blocks: list[str]  # in the order they run
    base_a: Network | None  # None if it was given without its data
    base_b: Network
    cuts: list[Cut]  # by series, then by cut
    selection: str = "balanced_accuracy"  # the metric of the scores on task B

    def of(self, series: str) -> list[Cut]:
        """One of the series, by rising cut."""
        return [cut for cut in self.cuts if cut.series == series]

    @property
    def subject(self) -> str:
        """Names of the data of both tasks."""
        return " → ".join(base.task for base in (self.base_a, self.base_b) if base is not None)

    @property
    def figure(self) -> Figure | None:
        """Of base B, on its own task."""
        base = self.base_b
        return None if base.mean is None else Figure(self.selection, base.mean, base.interval)


def _network(letter: str, more: str) -> Input:
    return optional_input(
        name=f"base_{letter.lower()}",
        help=f"A trained network in place of base {letter}, or its weights: a local checkpoint, or "
        f"pretrained, those that belong to the backbone's name. {more}",
        kind="value",
        metavar="FILE",
    )


SPEC = Study(
    name="yosinski",
    summary="Measure how transferable each depth is: copy blocks of a network, retrain the rest.",
    examples=("headstart yosinski photos/ --out yosinski",),
    inputs=(
        Input(
            name="backbone",
            help="The architecture: a name as for adapt, a module or a backbone; its weights are not used. "
            "Default: the built-in for the data.",
            kind="value",
            option=True,
            default=None,
            digested=False,
        ),
        Input(
            name="task_a",
            help="Task A: labelled data, as for adapt. Without task B its classes are split into two tasks.",
            default="clipart",
        ),
        Input(
            name="task_b",
            help="Task B, on whose held-out rows every network is evaluated.",
            required=False,
            positional=True,
            default=None,
        ),
        _network("A", "Then no task A is needed: without task B, all of task A is task B."),
        _network("B", "It must not have seen the held-out rows; its level is that of a new head on it."),
    ),
    settings=YosinskiSettings,
    record=Transfer,
)
