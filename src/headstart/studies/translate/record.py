"""What `translate` writes down: `translate.json`, schema 1. Plain data, which knows nothing of torch."""

from dataclasses import dataclass
from typing import Any

from headstart.records.record import Record

SCHEMA = 1


@dataclass(frozen=True)
class Guard(Record):
    """One thing that goes wrong with translators, measured."""

    name: str  # "collapse", "labels" or "critics"
    value: float
    limit: float
    fine: bool
    says: str  # what was found, and what to do if it is not fine


@dataclass(frozen=True)
class Pair(Record):
    """A sample before, to the left, and after, as one picture in the folder."""

    item: str
    label: str  # "" of target rows
    picture: str


@dataclass(frozen=True)
class Translating(Record):
    """How rows of one domain were made to look like another's, and whether it went well."""

    schema: int
    headstart: str  # version
    command: str
    source: str  # name of the data
    target: str
    classes: list[str]
    rows: int  # of the source
    target_rows: int
    method: str
    title: str
    learned: bool  # whether translators were trained; else the look was computed
    tries: int  # starts that were made; the one of which critics saw least is told of
    cycle: list[float]  # error of the way there and back at each step, mean of both domains
    cycle_before: float | None  # mean over the first tenth of the steps
    cycle_after: float | None  # over the last tenth
    seen_through: float | None  # translators' loss against critics at the end: 0.25 fooled, 1 seen through
    diversity_target: float  # of translated source rows, relative to real target rows: 1 is as it should be
    diversity_source: float | None  # of translated target rows, likewise
    flips: float | None  # share of source rows of which the model says another class after the translation
    round_trip_flips: float | None  # the same after the way there and back
    accuracy_source: float | None  # of the model on source rows
    accuracy_translated: float | None  # of the model on translated source rows, with the labels of the source
    accuracy_target: float | None  # of the model on target rows as they are; only with labels to judge by
    accuracy_through: float | None  # of the model on target rows that were made to look like the source
    accuracy_trained: float | None  # of a small net trained on translated source rows, on target rows
    model: str  # what answered
    guards: list[Guard]
    to_target: list[Pair]  # source rows
    to_source: list[Pair]  # target rows
    notes: list[str]
    settings: dict[str, Any]
    seed: int
    versions: dict[str, str]

    @property
    def fine(self) -> bool:
        """Whether no guard found anything."""
        return all(guard.fine for guard in self.guards)
