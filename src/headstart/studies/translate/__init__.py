"""Learn to translate rows of one domain into another's look, without pairs, and check the quality.

Rows of the source are turned into rows of the target and back, without labels of the target: by translators
that are trained against critics ("cyclegan", "cycada", or such a method), or by statistics of the other
domain's pictures that are computed ("histogram", "fourier", "style").

Returned is a `Translator`: `to_target(x)`, `to_source(x)`, `dataset(data)`, `result`. With an output
folder, translated rows and pairs of pictures are written too, and the given model behind the translator.

Raises:
    BadData: texts or tables, rows of different shapes, fewer than two rows.
    BadInput: no method that translates, or a computed one on numbers; on resuming, another study's folder.
    Diverged: every training stopped being numbers.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from headstart.records.record import Record
from headstart.records.settings import PIXELS, POSITIVE, StudySettings, one_of, option, whole
from headstart.studies._spec import SHIFT, Input, Study, StudyRecord, optional_input

CHEAP = ("histogram", "fourier", "style")


@dataclass(frozen=True, kw_only=True)
class TranslateSettings(StudySettings):
    """How `translate` works."""

    kind: ClassVar[str] = "translate"

    method: str = option(
        "cyclegan or cycada, settings after a colon, are trained; histogram, fourier and style are computed.",
        "cyclegan",
    )
    direction: Literal["to-target", "to-source"] = option(
        "Which rows are written: source rows in the target's look (to-target), or target rows in the "
        "source's (to-source).",
        "to-target",
        one_of("to-target", "to-source"),
    )
    steps: int = option("Training steps of the translators.", 600, whole(1))
    batch: int = option("Batch size per domain.", 32, whole(1))
    lr: float = option("Peak learning rate of translators and critics.", 1e-3, POSITIVE)
    tries: int = option(
        "Number of starts at most: another is made while critics detect translated rows; the best is kept.",
        3,
        whole(1),
    )
    size: int | None = option(
        "Height and width of pictures in pixels; else their own up to 64, or the model's.", None, PIXELS
    )
    seed: int = option("Random seed.", 0)


@dataclass(frozen=True)
class Guard(Record):
    """One thing that can go wrong with translators, measured."""

    name: str  # "collapse", "labels", "target labels" or "critics"
    value: float
    limit: float
    fine: bool
    message: str  # the figure in a sentence, and what to do if it is not fine


@dataclass(frozen=True)
class Pair(Record):
    """A sample before, to the left, and after, as one picture in the folder."""

    item: str
    label: str  # "" of target rows
    picture: str


@dataclass(frozen=True, kw_only=True)
class TranslationReport(StudyRecord):
    """How rows of one domain were translated into another's look, and whether it went well."""

    source: str  # name of the data
    target: str
    classes: list[str]
    rows: int  # of the source
    target_rows: int
    method: str
    title: str
    learned: bool  # whether translators were trained; else the look was computed
    tries: int  # starts that were made; the one with the least adversarial loss is described
    cycle: list[float]  # error of the round trip at each step, mean of both domains
    cycle_before: float | None  # mean over the first tenth of the steps
    cycle_after: float | None  # over the last tenth
    # of translators at the end: 0.25 (log loss 0.69): critics are fooled, 1 (log loss 2): always detected
    adversarial_loss: float | None
    diversity_target: float  # of translated source rows, relative to real target rows: 1 is ideal
    diversity_source: float | None  # of translated target rows, likewise
    flips: float | None  # share of source rows whose predicted class changes by the translation
    round_trip_flips: float | None  # the same after a round trip
    accuracy_source: float | None  # of the model on source rows
    accuracy_translated: float | None  # of the model on translated source rows, with the labels of the source
    accuracy_target: float | None  # of the model on target rows as they are; only with labels to test on
    accuracy_through: float | None  # of the model on target rows that were translated to the source
    accuracy_trained: float | None  # of a small net trained on translated source rows, on target rows
    model: str  # that predicted
    guards: list[Guard]
    to_target: list[Pair]  # source rows
    to_source: list[Pair]  # target rows
    # share of target rows whose predicted class, once they look like the source, changes after a round trip
    target_round_trip_flips: float | None = None

    @property
    def fine(self) -> bool:
        """Whether no guard raised an alarm."""
        return all(guard.fine for guard in self.guards)


SPEC = Study(
    name="translate",
    summary="Learn to translate rows of one domain into another's look, without pairs.",
    examples=("headstart translate photos/ sketches/ --run run",),
    group=SHIFT,
    inputs=(
        Input(
            name="source",
            help="Labelled data, as for adapt: pictures or arrays of numbers.",
            option=True,
            either=True,
        ),
        Input(
            name="target",
            help="Data of another domain; its labels are dropped.",
            kind="target",
            option=True,
            either=True,
        ),
        optional_input(
            name="model",
            flag="run",
            help="A run, in Python a predictor, too, whose model knows the source: it measures whether "
            "labels hold, and is written again, with the translator in front, to OUT/model. Default: a small "
            "net is trained.",
            kind="model",
        ),
        optional_input(
            name="target_test",
            flag="target-test",
            help="Labelled rows of the target, to report on and nothing else.",
        ),
    ),
    settings=TranslateSettings,
    record=TranslationReport,
    schema=3,
    columns=False,
    docs="how/translation.md",
    reads_folder=True,
)
