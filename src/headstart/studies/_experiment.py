"""What the experiments may be told: their options and records; knows no torch."""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.settings import SHARE, TrainingSettings, option, whole


@dataclass(frozen=True, kw_only=True)
class Experiment(TrainingSettings):
    """What all experiments may be told; each field is an option of the command line."""

    kind: ClassVar[str] = "experiment"

    seeds: int = option("Number of random seeds.", 5, whole(1))
    epochs: int = option("Epochs per training.", 10, whole(1))
    test: float = option("Fraction of the rows held out for testing, in (0, 1).", 0.2, SHARE)


@dataclass(frozen=True, kw_only=True)
class YosinskiSettings(Experiment):
    """How `yosinski` works.

    Attributes:
        cuts: after how many blocks the network is cut, rising, each >= 1; none: after each.
        split: of one data set: "classes" makes task A of a random half of its classes, or names of
            those classes with commas between; the others are task B.
    """

    kind: ClassVar[str] = "yosinski"

    cuts: tuple[int, ...] = ()
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
