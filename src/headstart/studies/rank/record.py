"""What a ranking of backbones says, as records."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headstart.core import BadData
from headstart.metrics.agreement import weighted_tau
from headstart.records.record import Interval, Record


@dataclass(frozen=True)
class Ranked(Record):
    """A backbone in the ranking.

    Attributes:
        backbone: what it is called.
        weights: where they come from: "pretrained", "random", "columns" of a table, the name of a file, or
            "own".
        width: features per sample.
        parameters: of the backbone.
        seconds: that the pass of features and the scores took.
        scores: by name, higher is better; None where it can't be had, and `notes` say why.
        accuracy: of the tuned method on the held-out rows; None without tuning.
    """

    backbone: str
    weights: str
    width: int
    parameters: int
    seconds: float
    scores: dict[str, float | None]
    accuracy: Interval | None


@dataclass(frozen=True)
class Ranking(Record):
    """Backbones, the best by the first score on top.

    Attributes:
        task: name of the data.
        classes: number of them.
        rows: that the scores are of.
        held_out: rows that the accuracies are of; 0 without tuning.
        scores: names of the scores; the first one orders the table.
        tuned: the method that was fitted on each backbone; "" for none.
        table: the backbones.
        agreement: weighted Kendall tau of each score with the accuracies, in [-1, 1]; None where fewer
            than two backbones have both, or all are equal.
        notes: what was left out, and why.
        metric: what the accuracies are: of tags average precision, of numbers R², both up to 1.
    """

    task: str
    classes: int
    rows: int
    held_out: int
    scores: list[str]
    tuned: str
    table: list[Ranked]
    agreement: dict[str, float | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    metric: str = "accuracy"

    @property
    def best(self) -> str:
        """The backbone on top."""
        return self.table[0].backbone

    def agreement_with(self, accuracies: Mapping[str, float]) -> dict[str, float | None]:
        """Weighted Kendall tau of each score with accuracies that you know, by name of the backbone."""
        return {score: agreement(self.table, score, accuracies) for score in self.scores}


def agreement(table: list[Ranked], score: str, accuracies: Mapping[str, float]) -> float | None:
    """Weighted Kendall tau of a score with accuracies, over the backbones that have both."""
    both = [
        (value, accuracies[one.backbone])
        for one in table
        if (value := one.scores[score]) is not None and one.backbone in accuracies
    ]
    try:
        return weighted_tau(*zip(*both, strict=True)) if both else None
    except BadData:  # one backbone, or no order
        return None
