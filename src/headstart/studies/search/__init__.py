"""Search for a backbone, a method and its settings: TPE over the joint space, bad trials pruned early.

A trial is a method with settings, cross-validated on the training part: the rows that `adapt` would train on
with the same `test` and `seed`. After each fold, a trial worse than the median of the former ones there is
pruned. The first trials are the methods with their default settings, and training from scratch, which is
never pruned: what transfers must be better than that. Of several backbones each is tried with the first
method as it is; training from scratch and the other methods as they are have the first one.
Sampler: Bergstra et al. (2011), https://papers.nips.cc/paper/4443; software: arXiv:1907.10902.

The record holds every trial, the best one, and the options with which `adapt` fits and tests it on rows that
no trial has seen. Resumed with more `trials` or another `budget`, the search continues where it ended; the
trials are those of a search that was never interrupted.

Raises:
    MissingPackage: Optuna is not installed.
    BadData: nothing readable, one class, or a damaged file of trials.
    BadInput: an unknown name, a setting or range out of bounds; no trial was finished in the budget; on
        resuming, another study's folder.
    CannotWrite: the folder is not empty or can't be written to.
    Diverged: all finished trials have diverged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from headstart.face import spell
from headstart.records.record import Interval, Record
from headstart.records.settings import (
    METRIC,
    PRECISION,
    PRECISIONS,
    SECONDS,
    SHARE,
    InputSettings,
    TrainingSettings,
    option,
    several,
    whole,
)
from headstart.studies._spec import BACKBONE, DATA, LABEL_FIXES, Figure, Study, StudyRecord

Space = Mapping[str, Mapping[str, Any]]


def parse_ranges(texts: Sequence[str]) -> dict[str, dict[str, str]]:
    """The space that texts METHOD:SETTING=RANGE of the command line describe, by method and setting."""
    space: dict[str, dict[str, str]] = {}
    for text in texts:
        where, equals, values = text.rpartition("=")
        method, colon, setting = where.rpartition(":")
        if not (equals and colon and method and setting and values):
            from headstart.core import BadInput

            raise BadInput(
                f"{spell('space', text)}: write METHOD:SETTING=RANGE, as in fine-tune:lr=1e-4..1e-2."
            )
        space.setdefault(method, {})[setting] = values
    return space


@dataclass(frozen=True, kw_only=True)
class SearchSettings(InputSettings):
    """How `search` works."""

    kind: ClassVar[str] = "search"

    methods: tuple[str, ...] = option(
        "A method to search among, settings that stay after a colon: fine-tune:norm=train; repeatable. "
        "Default: logistic-probe, ridge-probe, fine-tune, lp-ft.",
        (),
        several("methods"),
    )
    space: Space = field(
        default_factory=dict,
        metadata={
            "help": "What is searched of a method, in place of its own ranges: fine-tune:lr=1e-4..1e-2 or "
            "fine-tune:last=1|2|4; repeatable.",
            "flag": "range",
            "metavar": "METHOD:SETTING=RANGE",
            "parse": parse_ranges,
        },
    )
    trials: int = option("How many there are in all, with the one from scratch, at least 2.", 20, whole(2))
    folds: int = option("Number of cross-validation folds on the training part, at least 2.", 3, whole(2))
    budget: float | None = option(
        "Seconds (or 90s, 5m, 1h) after which no fold is begun. Default: no limit.",
        None,
        SECONDS,
        duration=True,
    )
    metric: str | None = option(
        f"Metric that trials are compared by: {METRIC}. Default: that of adapt.", None, metavar="METRIC"
    )
    epochs: int = option("Epochs per training.", 5, whole(1))
    test: float = option("Share of the rows that adapt will test on, and that no trial sees.", 0.2, SHARE)
    batch: int = option("Batch size.", 32, whole(1))
    precision: Literal["float32", "bf16", "auto"] = option(PRECISION, "float32", PRECISIONS)

    def __post_init__(self) -> None:
        super().__post_init__()
        plain = {name: {k: range_text(v) for k, v in row.items()} for name, row in self.space.items()}
        object.__setattr__(self, "space", plain)

    def training(self) -> TrainingSettings:
        """Those of each training; the learning rate is what is searched, or the usual one."""
        names = ("epochs", "size", "fit", "batch", "precision", "seed")
        return TrainingSettings(**{name: getattr(self, name) for name in names})


def range_text(values: object) -> str:
    """A range (low, high) or a list of values as text: "1..6", "frozen|train"; text stays."""
    if isinstance(values, str):
        return values
    if isinstance(values, tuple) and len(values) == 2:
        return f"{values[0]!r}..{values[1]!r}"
    if isinstance(values, Sequence) and not isinstance(values, tuple):
        return "|".join(str(value) for value in values)
    from headstart.core import BadInput

    raise BadInput(f"{spell('space')} is {values!r}; it must be a pair (low, high), or a list of values.")


@dataclass(frozen=True)
class SearchTrial(Record):
    """A method with settings that was tried."""

    number: int  # from 0, in the order of the search
    method: str  # with its settings, such as "fine-tune:last=2"; what `adapt --method` takes
    title: str  # in plain words, with the backbone if there are several
    lr: float | None  # highest learning rate, `adapt --lr`; None: nothing descends
    state: str  # "complete", "pruned", "diverged", "refused" or "unfinished"
    score: float | None  # of the metric of selection, over all folds' held-out rows; None unless complete
    folds: list[float]  # the same over the held-out rows of the first fold, the first two, ...
    why: str  # it was not finished; "" if it was
    settings: dict[str, Any] = field(default_factory=dict)  # that were drawn for it, by name
    backbone: str = ""  # its name


@dataclass(frozen=True, kw_only=True)
class Search(StudyRecord):
    """A search for a method and its settings, by cross-validation on the training part."""

    task: str  # name of the data
    classes: list[str]
    train_rows: int  # that all trials are cross-validated on
    test_rows: int  # that `adapt` will test on; no trial sees them
    backbone: str  # of the best trial
    backbone_parameters: int
    trials: list[SearchTrial]
    best: SearchTrial
    gain: Interval | None  # score of the best that transfers less from-scratch's, in pairs, 95 %
    plain: SearchTrial | None  # the best of the methods with default settings
    adapt: list[str]  # options with which `headstart adapt` fits and tests the best
    space: dict[str, dict[str, str]]  # what was searched: by method, then by setting
    next: str = ""  # the command that fits and tests the best; "" if the search was no command
    selection: str = "balanced_accuracy"  # the metric of the scores
    backbones: list[str] = field(default_factory=list)  # names of all that were searched among

    @property
    def method(self) -> str:
        """The best one with its settings."""
        return self.best.method

    @property
    def best_score(self) -> float:
        """Of the best trial, which is complete."""
        assert self.best.score is not None
        return self.best.score

    @property
    def figure(self) -> Figure | None:
        """Of the best trial, which has none of other rows."""
        return Figure(self.selection, self.best_score)


SPEC = Study(
    name="search",
    summary="Search backbones, methods and settings by cross-validation; the test part is never used.",
    examples=(
        "headstart search photos/ --trials 30 --budget 1h",
        "headstart search photos/ --method lp-ft --range lp-ft:lr=1e-4..1e-2",
    ),
    inputs=(
        replace(
            BACKBONE,
            several=True,
            help="A name, a module or a backbone, a list or a mapping of several; never changed.",
        ),
        DATA,
        LABEL_FIXES,
    ),
    settings=SearchSettings,
    record=Search,
    resumed=("trials", "budget"),
)
