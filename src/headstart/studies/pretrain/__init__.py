"""Pre-train an encoder on samples alone, watch what it learns, and keep the encoder.

The data may have labels or not. They are not learned from, except by a method that compares labels, such as
supervised-contrastive. A part of the rows is held out: the encoder never sees it. It is the part that `adapt`
tests on with the same seed and share. Where there are classes, it is classified at several points of the
training by the nearest neighbours and by a linear probe among the training rows. Without them there are still
the monitors of collapse. What is kept is the encoder alone, which every `backbone` takes.

Raises:
    BadData: nothing readable, fewer than two rows, or all samples are the same.
    BadInput: a method that does not pre-train, or compares labels where there are none; a setting out of
        range; the training diverged.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.record import Interval, Record
from headstart.records.settings import (
    POSITIVE,
    PRECISION,
    PRECISIONS,
    SECONDS,
    SHARE,
    InputSettings,
    option,
    whole,
)
from headstart.studies._spec import BACKBONE, MODELS, Figure, Input, Study, StudyRecord, optional_input

BUDGET = 300.0  # seconds, where neither steps nor epochs are given


@dataclass(frozen=True, kw_only=True)
class PretrainSettings(InputSettings):
    """How `pretrain` works."""

    kind: ClassVar[str] = "pretrain"

    method: str | None = option(
        "Method of pre-training, settings after a colon: simclr, simclr:crop=0.5, ... Default: the usual one "
        "for the kind of data.",
        None,
    )
    steps: int | None = option(
        "Steps of the training. Default: as many as the budget allows.", None, whole(1)
    )
    epochs: int | None = option("The same in passes over the rows.", None, whole(1))
    batch: int | None = option(
        "Rows of a step, at least 2. Default: 256, fewer of texts and large pictures.", None, whole(2)
    )
    lr: float | None = option(
        "Peak learning rate. Default: the method's, or 0.001 (0.0001 of texts with learned weights).",
        None,
        POSITIVE,
    )
    budget: float | None = option(
        "Seconds (or 90s, 5m, 1h) from the start that the steps are planned by. Default: 5 minutes, or no "
        "limit where steps or epochs are given.",
        None,
        SECONDS,
        duration=True,
    )
    evaluations: int = option("Points of the training at which the encoder is evaluated.", 5, whole(1))
    test: float = option(
        "Share of the rows that is held out and that the encoder never sees, in (0, 1).", 0.2, SHARE
    )
    precision: str = option(PRECISION, "float32", PRECISIONS)


@dataclass(frozen=True)
class LossPoint(Record):
    """The mean loss of some steps in a row."""

    step: int  # the last of them
    loss: float


@dataclass(frozen=True)
class Evaluated(Record):
    """An encoder on the held-out rows."""

    step: int  # after so many; 0: before the training
    knn: Interval | None  # accuracy of the nearest neighbours; None: the rows have no classes
    probe: Interval | None  # accuracy of a linear probe
    effective_rank: float  # of the features of the held-out rows
    spread: float  # standard deviation of features of unit length
    uniformity: float | None  # None: of one row
    alignment: float | None  # mean squared distance of two views; None: the method compares none


@dataclass(frozen=True)
class MapPoint(Record):
    """A held-out row on the map of the embeddings."""

    item: str
    label: str  # its class; "" where there is none
    x: float
    y: float


@dataclass(frozen=True)
class FilledBlank(Record):
    """A hidden part of a row, and the likeliest guess."""

    place: str  # number of the token, from 0 on, or name of the column
    truth: str  # what was hidden
    guess: str
    probability: float | None  # None: of a number


@dataclass(frozen=True)
class FilledExample(Record):
    """What a method filled in of a held-out row."""

    item: str
    tokens: list[str]  # of a text
    blanks: list[FilledBlank]  # of a text or a row of a table
    picture: str  # file in the folder: the picture, what is left, what is filled in; "" of what is none


@dataclass(frozen=True, kw_only=True)
class Pretraining(StudyRecord):
    """An encoder, how it learned, and what it is worth."""

    main_tables: ClassVar[tuple[str, ...]] = ("points",)

    task: str  # name of the data
    kind: str  # of the samples: "pictures", "texts", "tables" or "numbers"
    classes: list[str]  # that the encoder is watched by; [] where there are none
    train_rows: int
    test_rows: int  # that the encoder never saw
    unlabelled_rows: int  # beside, without labels
    backbone: str
    width: int  # features of a row
    method: str  # with its settings
    title: str  # of the method
    start: str  # "given", the weights of the backbone; "random"; "columns", of a table as they are
    labelled: bool  # whether the method compares the classes of the training rows
    steps: int
    batch: int
    chance: float | None  # loss of an encoder that tells nothing apart; None: not known
    loss: list[LossPoint]
    random: Evaluated | None  # the same architecture with random weights; None: it began with those
    points: list[Evaluated]  # the first before the training
    knn_gain: Interval | None  # after less before, on the same rows
    probe_gain: Interval | None
    knn_over_random: Interval | None  # after less random weights; None: it began with those
    stuck: bool  # whether the loss stayed at its chance level
    collapsed: bool  # whether all rows have nearly the same features
    examples: list[FilledExample]  # of methods that fill in what is hidden
    map: list[MapPoint]
    projection: str  # that the map is made by: "PCA" or "UMAP"

    @property
    def before(self) -> Evaluated:
        """The encoder as it began."""
        return self.points[0]

    @property
    def after(self) -> Evaluated:
        """The encoder that is kept."""
        return self.points[-1]

    @property
    def figure(self) -> Figure | None:
        """The accuracy of the nearest neighbours."""
        return Figure.of("accuracy", self.after.knn, by="nearest neighbours")


SPEC = Study(
    name="pretrain",
    summary="Pre-train an encoder on samples without labels, watch that it learns, and keep it.",
    examples=(
        "headstart pretrain photos/ --method simclr --out enc/",
        "headstart pretrain photos/ --unlabelled more/ --steps 2000 --out enc/",
    ),
    group=MODELS,
    inputs=(
        BACKBONE,
        Input(
            name="data",
            help="Rows with labels or without, as `hs.data.load` and `hs.data.load_unlabelled` take them.",
        ),
        optional_input(
            name="unlabelled", help="More rows without labels to learn from.", kind="value", metavar="DATA"
        ),
        optional_input(
            name="views",
            help="Of methods that compare random views: a function of samples (n, ...) and their seeds int64 "
            "(n,), a transform of torchvision, or a batched module such as kornia's, as hs.fit takes them. "
            "None: the method's own.",
            kind="value",
            command=False,
        ),
    ),
    settings=PretrainSettings,
    record=Pretraining,
    schema=1,
    needs_out=True,
    reads_folder=True,
    devices=True,
)
