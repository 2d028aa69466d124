"""Train a class-conditional generative model, draw rows of each class, and measure what they are worth.

The model learns the training part of the data alone. The rows that it draws are written in a form that
`hs.data.load` takes: class folders of pictures, a CSV file with the same columns, or an .npz file. Beside
them stands what came out of the checks, on rows that the model has not seen: are samples copies of training
rows, can they be told from real ones, do they cover each class, are they told as their class by a net trained
on real rows, and does a net that learns from them beside the real rows do better than without them, with
ordinary augmentation or none, in as many steps? Missing cells of a table are filled in, if it is given.

Raises:
    BadData: nothing readable, labels that are no classes, or a class with a single row.
    BadInput: rows that no generative model here draws, an unknown model, or a setting out of range; on
        resuming, another study's folder.
    CannotWrite: the folder is not empty or can't be written to.
    Diverged: the training's loss stopped being a number.
"""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.record import Interval, Record
from headstart.records.settings import POSITIVE, SHARE, Rule, StudySettings, option, whole
from headstart.studies._spec import DATA, LABEL_FIXES, MODELS, Figure, Study, StudyRecord, optional_input

REAL, AUGMENTED, SAMPLES, BOTH, ONLY = "real", "augmentation", "samples", "both", "samples-only"
PIXELS = Rule(lambda v: 4 <= v <= 64, "in [4, 64]")


@dataclass(frozen=True, kw_only=True)
class GenerateSettings(StudySettings):
    """How `generate` works."""

    kind: ClassVar[str] = "generate"

    generator: str = option(
        "Generative model, settings after a colon: flow or vae, as in flow:guidance=2.", "flow"
    )
    rows: int | None = option(
        "Rows that are drawn of each class. Default: as many as the largest class has to learn from, 10 to "
        "1000.",
        None,
        whole(1),
    )
    steps: int = option("Training steps of the generative model.", 1500, whole(1))
    batch: int = option("Batch size.", 64, whole(1))
    lr: float = option("Peak learning rate of the generative model.", 2e-3, POSITIVE)
    size: int | None = option(
        "Height and width of pictures in pixels, 4 to 64; else their own up to 64.", None, PIXELS
    )
    test: float = option("Fraction of the rows held out for the checks, in (0, 1).", 0.2, SHARE)
    seeds: int = option(
        "Trainings of each kind that tell whether samples help, with other seeds.", 5, whole(1)
    )
    check_steps: int = option("Training steps of each net of the checks.", 300, whole(1))
    weight: float | None = option(
        "Weight of a generated row beside a real one, > 0. Default: 1, or less, so that together "
        "they weigh no "
        "more than the real rows.",
        None,
        POSITIVE,
    )
    flip: bool = option("Whether ordinary augmentation also mirrors pictures.", True)
    seed: int = option("Random seed.", 0)


@dataclass(frozen=True)
class GeneratedClass(Record):
    """The samples of one class."""

    name: str
    train_rows: int  # that the generator learned from
    rows: int  # drawn
    told: Interval  # share that a net trained on real rows tells as this class
    density: float | None  # about 1 is as dense as real rows; None: too few held-out rows
    coverage: float | None  # share of held-out rows with a sample near by
    density_of_training: float | None  # the same of training rows in the place of samples
    coverage_of_training: float | None


@dataclass(frozen=True)
class Checks(Record):
    """What was measured of the samples, beside rows that the generative model has not seen."""

    # nearest training neighbour of samples over that of held-out rows; 1 is fine; None: these are copies, too
    memorisation: Interval | None
    copies: float  # share of samples nearer to a training row than all but 5 % of the held-out rows
    auc: Interval  # of a net that tells samples from held-out rows; 0.5: it can't, 1: always
    told: Interval  # share of samples that a net trained on real rows tells as their class
    told_real: Interval  # the same of held-out rows
    per_class: list[GeneratedClass]


@dataclass(frozen=True)
class Arm(Record):
    """A net trained in one way, over the seeds."""

    name: str  # "real", "augmentation", "samples", "both" or "samples-only"
    title: str
    scores: list[float]  # accuracy on the held-out rows, one a seed
    mean: float  # over the seeds
    interval: Interval | None  # Student's t over the seeds; None of one
    gain: Interval | None  # over the better arm without samples, in pairs; None for itself, and of one seed


@dataclass(frozen=True)
class ShownSample(Record):
    """A sample that the page shows, or the first pictures of a class."""

    label: str
    picture: str  # name in the folder; "" of other rows
    cells: dict[str, str]  # of a table, some of them


@dataclass(frozen=True, kw_only=True)
class Generation(StudyRecord):
    """A generative model, the rows that it drew, and what the checks found."""

    task: str  # name of the data
    kind: str  # of the samples: "pictures", "tables" or "numbers"
    classes: list[str]
    train_rows: int  # that the generator learned from
    test_rows: int  # held out for the checks
    generator: str  # as it was asked for
    title: str
    shape: list[int]  # of one sample, as the model has it
    parameters: int
    losses: list[float]  # of each step
    rows: int  # drawn in all
    clipped: int  # of them, rows that left the range of the training rows and were brought back
    samples: str  # name in the folder of what `hs.data.load` takes
    filled: str  # name in the folder of the table with filled cells; "" if none was asked for
    filled_cells: int
    checks: Checks
    arms: list[Arm]
    reference: str  # the arm without samples that is better on average, which gains are over
    weight: float  # of a generated row beside a real one
    helps: str  # "yes", "no" or "unclear": samples beside real rows, against that
    shown: list[ShownSample]

    main_tables: ClassVar[tuple[str, ...]] = ("arms",)

    def arm(self, name: str) -> Arm:
        """The arm of a name."""
        return next(arm for arm in self.arms if arm.name == name)

    @property
    def figure(self) -> Figure | None:
        """The share of samples that are told as their class."""
        return Figure.of("accuracy", self.checks.told, by="a net on the samples")


SPEC = Study(
    name="generate",
    summary="Train a generative model, draw rows of each class, and measure what they are worth.",
    examples=(
        "headstart generate photos/ --out gen/",
        "headstart generate patients.csv --generator vae --fill patients.csv --out gen/",
    ),
    inputs=(
        DATA,
        LABEL_FIXES,
        optional_input(
            name="fill",
            help="A labelled table with the columns of the data, whose missing cells are filled in, as "
            "filled.csv.",
            kind="value",
            metavar="TABLE",
        ),
    ),
    settings=GenerateSettings,
    record=Generation,
    group=MODELS,
    schema=1,
    needs_out=True,
    reads_folder=True,
)
