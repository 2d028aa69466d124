"""What `align` writes down: `align.json`, schema 1. Plain data, which knows nothing of torch."""

from dataclasses import dataclass
from typing import Any

from headstart.records.record import Interval, Record
from headstart.studies.shift.record import Shift

SCHEMA = 1
SOURCE_ONLY = "source-only"
TITLES = {  # of the scores that need no target labels
    "im": "information maximisation",
    "bnm": "nuclear norm (BNM)",
    "snd": "neighbourhood density (SND)",
    "iwv": "importance-weighted validation",
    "dev": "deep embedded validation (DEV)",
    "reverse": "reverse validation",
    "source": "held-out source rows",
}


@dataclass(frozen=True)
class Look(Record):
    """A model at one step of a training."""

    method: str
    seed: int
    step: int
    progress: float  # of the training, in (0, 1]
    scores: dict[str, float]  # without target labels, by name, higher is better; those that could be computed
    source: float  # metric of selection on held-out source rows
    target: float | None  # main metric on the target's test rows, where labels are there: for the report only


@dataclass(frozen=True)
class Row(Record):
    """A method, over all seeds: means of the figures and of the ends of their intervals."""

    method: str  # as it is made of text
    title: str
    seeds: int  # that did not diverge
    score: float  # of the selected models, by what was chosen by
    source: float  # metric of selection of the selected models on held-out source rows
    steps: list[int]  # of the selected models, by seed
    last: Interval | None  # on target test rows, at the end of the training
    selected: Interval | None  # at the steps that were chosen without labels
    oracle: Interval | None  # at the steps that are best by the labels: nobody could have chosen them
    spread: float | None  # deviation of the selected models over the seeds
    gain: Interval | None  # selected, less source-only at its end, on the same rows
    notes: list[str]


@dataclass(frozen=True)
class Alignment(Record):
    """What became of a source and an unlabelled target."""

    schema: int
    headstart: str  # version
    command: str
    source: str  # names of the data
    target: str
    classes: list[str]
    kind: str  # of the samples: pictures, texts, tables, numbers
    source_rows: int  # learned from
    held_rows: int  # of the source, to choose by
    target_rows: int  # learned from without labels
    target_labelled_rows: int  # of the target, learned from with labels
    test_rows: int  # of the target, judged on; 0: no labels
    backbone: str
    backbone_parameters: int
    metric: str  # of all figures
    chosen_by: str  # a key of `TITLES`
    chosen: str  # the method whose model is shipped
    chosen_seed: int
    chosen_step: int
    headline: str
    verdict: str  # helped, unclear, harmed, unknown (no labels) or nothing (source-only was chosen)
    table: list[Row]  # source-only first, then by score
    looks: list[Look]
    shift: Shift | None
    notes: list[str]
    settings: dict[str, Any]
    seed: int
    versions: dict[str, str]
    label_kind: str = "classes"  # what is told of a row: "classes", "tags" or "numbers"

    def row(self, method: str) -> Row:
        """Of one method."""
        return next(one for one in self.table if one.method == method)
