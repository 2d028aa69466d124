"""What `search` writes down: `search.json`, schema 1. Plain data, which knows nothing of torch."""

from dataclasses import dataclass, field
from typing import Any

from headstart.records.record import Interval, Record

SCHEMA = 1


@dataclass(frozen=True)
class SearchTrial(Record):
    """A method with settings that was tried."""

    number: int  # from 0, in the order of the search
    method: str  # with its settings, such as "fine-tune:last=2"; what `adapt --method` takes
    title: str  # in plain words
    lr: float | None  # highest learning rate, `adapt --lr`; None: nothing descends
    state: str  # "complete", "pruned", "diverged", "refused" or "unfinished"
    score: float | None  # of the metric of selection, over all folds' held-out rows; None unless complete
    folds: list[float]  # the same over the held-out rows of the first fold, the first two, ...
    why: str  # it was not finished; "" if it was
    settings: dict[str, Any] = field(default_factory=dict)  # that were drawn for it, by name


@dataclass(frozen=True)
class Search(Record):
    """A search for a method and its settings, by cross-validation on the training part."""

    schema: int
    headstart: str  # version
    command: str
    task: str  # name of the data
    classes: list[str]
    train_rows: int  # that all trials are cross-validated on
    test_rows: int  # that `adapt` will test on; not looked at
    backbone: str
    backbone_parameters: int
    trials: list[SearchTrial]
    best: SearchTrial
    gain: Interval | None  # score of the best that transfers less from-scratch's, paired bootstrap
    plain: SearchTrial | None  # the best of the methods with default settings
    adapt: list[str]  # options with which `headstart adapt` fits and tests the best
    notes: list[str]  # what to keep in mind
    space: dict[str, dict[str, str]]  # what was searched: by method, then by setting
    settings: dict[str, Any]  # of `search`
    seed: int
    versions: dict[str, str]
    next: str = ""  # the command that fits and tests the best; "" if the search was no command
    selection: str = "balanced_accuracy"  # the metric of the scores

    @property
    def method(self) -> str:
        """The best one with its settings."""
        return self.best.method
