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
