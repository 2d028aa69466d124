"""Rank backbones by how well their features will serve a task, from one pass over the data each.

Only the rows are used that `adapt` would train on with the same `test` and `seed`: the test part takes no
part in the choice of the backbone either. With `tune`, a fold of them is held out, too.

Backbones are names, modules of yours, what `hs.models.backbone` returned, the `model` of a predictor, or
pairs (name, weights) with a local file or "random"; a mapping gives them names of your choice. For a table,
"table" is its standardised columns; it can be compared with ("table", "random"), and with what was fitted on
a table with the same columns. LEEP and NCE need the head that the backbone was trained with: where it is not
known, they are left out.

Raises:
    Unknown: a score, a method or an architecture that does not exist.
    BadInput: no backbone, two of the same name, or a file of weights that is missing; on resuming, another
        study's folder.
    BadData: nothing readable, one class, or backbones for another kind of data.
    Mismatch: weights in a file belong to another architecture.
    CannotWrite: the folder is not empty or can't be written to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from headstart.records.record import Interval, Record
from headstart.records.settings import SHARE, TrainingSettings, option, several, whole
from headstart.studies._spec import DATA, LABEL_FIXES, Figure, Input, Study, StudyRecord, optional_input

SCORES = ("logme", "h-score", "leep", "nce", "knn", "cka")
TITLES = {  # what they are called
    "logme": "LogME",
    "h-score": "H-score",
    "leep": "LEEP",
    "nce": "negative conditional entropy",
    "knn": "accuracy of the nearest neighbours",
    "cka": "similarity to the first (CKA)",
}


@dataclass(frozen=True, kw_only=True)
class RankSettings(TrainingSettings):
    """How `rank` works."""

    kind: ClassVar[str] = "rank"

    scores: tuple[str, ...] = option(
        "logme, h-score, leep, nce, knn or cka (similarity to the first backbone); the first one orders the "
        "table; repeatable.",
        SCORES[:-1],
        several("scores"),
    )
    tune: str = option(
        "Also fit this method on each backbone and report its accuracy on a held-out fold.",
        "",
        metavar="METHOD",
    )
    epochs: int = option("Epochs of each training with --tune.", 5, whole(1))
    folds: int = option("Folds of the rows, of which --tune holds one out, at least 2.", 5, whole(2))
    test: float = option("Share of the rows that adapt will test on, and that is not used.", 0.2, SHARE)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_names("scores", "score", SCORES)


@dataclass(frozen=True)
class RankedBackbone(Record):
    """A backbone in the ranking."""

    backbone: str  # its name in the ranking
    weights: str  # "pretrained", "random", "columns" of a table, the name of a file, or "own"
    width: int  # features per sample
    parameters: int
    seconds: float  # of the pass over the data and the scores
    scores: dict[str, float | None]  # by name, higher is better; None where it can't be computed, see `notes`
    accuracy: Interval | None  # of the tuned method on the held-out rows; None without tuning


@dataclass(frozen=True, kw_only=True)
class Ranking(StudyRecord):
    """Backbones, the best by the first score on top."""

    task: str  # name of the data
    classes: int  # number of them
    rows: int  # that the scores are computed on
    held_out: int  # rows that the accuracies are computed on; 0 without tuning
    scores: list[str]  # the first one orders the table
    tuned: str  # the method that was fitted on each backbone; "" for none
    table: list[RankedBackbone]
    agreement: dict[str, float | None]  # of each score with the accuracies: weighted Kendall tau, in [-1, 1]
    metric: str  # of the accuracies: "accuracy", "average_precision" of tags or "r2" of numbers

    @property
    def best(self) -> str:
        """The backbone on top."""
        return self.table[0].backbone

    def agreement_with(self, accuracies: Mapping[str, float]) -> dict[str, float | None]:
        """Weighted Kendall tau of each score with accuracies that you know, by name of the backbone.

        None where fewer than two backbones have both, or all are equal.
        """
        return {score: agreement(self.table, score, accuracies) for score in self.scores}

    @property
    def figure(self) -> Figure | None:
        """Of the backbone on top: the accuracy where a method was tuned, else the first score."""
        if not self.table:
            return None
        top, score = self.table[0], self.scores[0]
        value = top.scores[score]
        plain = None if value is None else Figure(score, value)
        return Figure.of(self.metric, top.accuracy) or plain


def agreement(table: list[RankedBackbone], score: str, accuracies: Mapping[str, float]) -> float | None:
    """Weighted Kendall tau of a score with accuracies, over the backbones that have both."""
    from headstart.core import BadData
    from headstart.metrics.agreement import weighted_tau

    both = [
        (value, accuracies[row.backbone])
        for row in table
        if (value := row.scores[score]) is not None and row.backbone in accuracies
    ]
    try:
        return weighted_tau(*zip(*both, strict=True)) if both else None
    except BadData:  # one backbone, or no order
        return None


SPEC = Study(
    name="rank",
    summary="Rank backbones by how well their features will serve a task, from one pass each: no training.",
    examples=(
        "headstart rank photos/ --backbone resnet18 --backbone vit_tiny_patch16_224",
        "headstart rank reviews.csv --tune fine-tune:last=2",
    ),
    inputs=(
        Input(name="backbones", help="A list of backbones, or a mapping that names them.", kind="backbones"),
        DATA,
        LABEL_FIXES,
        optional_input(
            name="cache",
            help="Folder that keeps the outputs of frozen layers for the next run.",
            kind="value",
            hint=Path,
            digested=False,
        ),
    ),
    settings=RankSettings,
    record=Ranking,
)
