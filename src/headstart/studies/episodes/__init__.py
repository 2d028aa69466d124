"""Learn from many small tasks how to learn one, and compare learners with plain transfer on new tasks.

Tasks are made of labelled data, a few classes and a few rows of each for every task, or are a family by name,
such as sinusoids. Each learner is trained on tasks of some classes and tested on tasks of others, which no
training has seen. Beside them stand the transfer baselines, which learn all classes as one problem first:
all are tested on the same tasks, so that differences are paired.

With a backbone, what it gives for each row is computed once, and all learn from that.

Raises:
    Unknown: no learner, family of tasks or encoder has that name; the message suggests the nearest.
    BadData: nothing readable, or labels that are no classes.
    BadInput: too few classes, or too few rows of them, for tasks of this size; a setting out of range; on
        resuming, another study's folder.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.record import Interval, Record
from headstart.records.settings import POSITIVE, InputSettings, Rule, option, several, whole
from headstart.studies._spec import LABEL_FIXES, MODELS, Figure, Input, Study, StudyRecord, optional_input

LEARNER, TRANSFER, UNCLEAR, ALONE = "learner", "transfer", "unclear", "alone"
POINTS = Rule(
    lambda v: isinstance(v, tuple) and all(isinstance(one, int) and one >= 1 for one in v),
    "a list of whole numbers >= 1",
)
STEPS = Rule(
    lambda v: isinstance(v, tuple) and all(isinstance(one, int) and one >= 0 for one in v),
    "a list of whole numbers >= 0",
)
RANGE = Rule(
    lambda v: POINTS.holds(v) and len(v) == 2 and v[0] <= v[1],
    "the least and the most, in this order, as in 1,10",
)


@dataclass(frozen=True, kw_only=True)
class EpisodesSettings(InputSettings):
    """How `episodes` works."""

    kind: ClassVar[str] = "episodes"

    learners: tuple[str, ...] = option(
        "Learner, settings after a colon, as in maml:steps=5; repeatable, or several with commas. Default: "
        "protonet, maml and neural-process, those that fit. The transfer baselines always stand beside.",
        (),
        several("learners"),
    )
    ways: int | None = option(
        "Classes of a task. Default: 5, or half of the classes where there are fewer than 10.", None, whole(2)
    )
    shots: int | None = option(
        "Rows to learn from: of each class, or in all of functions. Default: 1, of functions 10.",
        None,
        whole(1),
    )
    queries: int | None = option(
        "Rows to predict, counted likewise. Default: 15, or as many as most classes have, of functions 10.",
        None,
        whole(1),
    )
    train_shots: tuple[int, ...] | None = option(
        "Least and most shots of the tasks that are trained on, drawn anew in each step. Default: as "
        "--shots, of functions from 1 on.",
        None,
        RANGE,
    )
    steps: int | None = option("Training steps. Default: as many as each learner needs.", None, whole(1))
    tasks: int = option("Tasks of a training step.", 16, whole(1))
    lr: float | None = option("Peak learning rate. Default: that of each learner.", None, POSITIVE)
    test_tasks: int = option("Tasks that learners are tested on.", 600, whole(2))
    test_classes: int | None = option(
        "Classes that are held out for test tasks. Default: a third of them, at least as many as a task has.",
        None,
        whole(2),
    )
    new_groups: bool = option(
        "Test with groups of rows, such as fonts or patients, that no training task has, too.", False
    )
    encoder: str | None = option(
        "Network of the learners: conv4, of pictures, or mlp. Default: the one that fits.", None
    )
    at_shots: tuple[int, ...] = option("Shots at which all are tested, for the curve.", (1, 2, 5, 10), POINTS)
    at_steps: tuple[int, ...] = option(
        "Steps of adaptation after which learners that take some are tested, for the curve.",
        (0, 1, 2, 5, 10),
        STEPS,
    )


@dataclass(frozen=True)
class ScorePoint(Record):
    """A score on test tasks."""

    at: int  # shots, or steps of adaptation
    score: Interval


@dataclass(frozen=True)
class TestedLearner(Record):
    """A learner on the test tasks."""

    name: str  # as in `--learner`
    title: str
    transfer: bool  # whether it is a transfer baseline
    score: Interval  # over the test tasks
    gain: Interval | None  # over the reference, in pairs, > 0 where it is better; None: it is the reference
    parameters: int
    encoder: str  # its network
    steps: int  # of training; 0: it learns nothing before
    seconds: float  # that its training took
    losses: list[float]  # of the training, means of equal parts of it
    by_shots: list[ScorePoint]
    by_steps: list[ScorePoint]  # of a learner that takes steps of adaptation
    adaptation: int | None  # steps that it takes where nothing else is said; None: it takes none
    folder: str  # in the run's folder; "" if nothing is kept
    together: bool = False  # whether the answer to a query depends on the others that are asked with it


@dataclass(frozen=True)
class FunctionLine(Record):
    """A function as a learner draws it."""

    learner: str
    y: list[float]


@dataclass(frozen=True)
class DrawnFunction(Record):
    """A function of a test task, and what learners make of it after some points."""

    after: int  # points that were read
    x: list[float]
    truth: list[float]
    points: list[list[float]]  # [x, y] of those that were read
    lines: list[FunctionLine]


@dataclass(frozen=True)
class ShownRow(Record):
    """A row of the example task."""

    name: str
    label: str  # its class
    picture: str  # file in the folder; "" of other rows
    answers: dict[str, str]  # by learner; of rows to learn from none


@dataclass(frozen=True)
class ExampleTask(Record):
    """The first test task."""

    support: list[ShownRow]
    queries: list[ShownRow]


@dataclass(frozen=True, kw_only=True)
class MetaLearning(StudyRecord):
    """Learners and transfer baselines on the same new tasks."""

    task: str  # name of the data or of the family
    answers: str  # "classes" or "numbers"
    metric: str  # of the scores: "accuracy" or "mean_squared_error"
    shape: list[int]  # of one input
    ways: int  # classes of a task; of functions 0
    shots: int
    queries: int
    train_shots: list[int]  # the least and the most
    train_classes: list[str]  # that training tasks are of
    test_classes: list[str]
    train_rows: int  # 0 of families
    test_rows: int
    test_tasks: int
    backbone: str  # whose features all learn from; "" of none
    chance: float  # score of a guess that learns nothing, or the mean of the support of numbers
    reference: str  # the best transfer baseline, which gains are over; "" if there is none
    best: str  # the best other learner that answers each query by itself, or else of all; "" of none
    verdict: str  # "learner", "transfer", "unclear", or "alone" without a baseline
    learners: list[TestedLearner]
    functions: list[DrawnFunction]
    example: ExampleTask | None

    main_tables: ClassVar[tuple[str, ...]] = ("learners",)

    def learner(self, name: str) -> TestedLearner:
        """The learner of a name."""
        return next(one for one in self.learners if one.name == name)

    @property
    def figure(self) -> Figure | None:
        """The score of the best learner that is no baseline."""
        return Figure.of(self.metric, self.learner(self.best or self.reference).score)


SPEC = Study(
    name="episodes",
    summary="Learn from many small tasks how to learn one; compare with plain transfer on new tasks.",
    examples=(
        "headstart episodes digits --ways 5 --shots 1 --learner protonet",
        "headstart episodes sinusoids --learner maml,neural-process --out runs/sines",
        "headstart episodes photos/ --backbone efficientnet_lite0",
    ),
    inputs=(
        Input(
            name="data",
            help="Labelled data, as `hs.data.load` takes them, or a family of tasks: sinusoids, harmonics, "
            "gaussian-classes, ..., with settings after a colon.",
            kind="value",
        ),
        optional_input(
            name="test_data",
            help="Labelled data of other classes, which test tasks are of; then all classes of the first are "
            "trained on.",
            kind="value",
            metavar="DATA",
        ),
        optional_input(
            name="backbone",
            help="It is frozen, and all learn from its features; without one, learners have their own.",
            kind="backbone",
            unnamed="It is frozen, and all learn from its features. Else learners have their own encoders.",
        ),
        LABEL_FIXES,
    ),
    settings=EpisodesSettings,
    record=MetaLearning,
    group=MODELS,
    schema=1,
    reads_folder=True,
)
