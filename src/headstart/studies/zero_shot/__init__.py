"""Classify pictures or texts by the names of the classes alone, without a row to learn from.

Each class is described by prompts, such as "a photo of a cat.": templates filled with its name. The
embeddings of its prompts are normalised, averaged and normalised again; a row gets the class whose embedding
has the highest cosine with its own (arXiv:2103.00020). Pictures need two encoders that learned together, such
as a folder of CLIP; texts an encoder of texts alone, such as the built-in MiniLM.

A masked language model reads a text in a template such as "{} It was [MASK]." and answers by the word that
it puts there, one template at a time; see `hs.models.cloze`.

On labelled data the result is tested: every wording by itself and all together, in pairs on the same rows.
The temperature of the probabilities is fitted on a part of the labelled rows that nothing is tested on. Rows
without labels are classified, and their predictions written to a file.

Raises:
    BadData: nothing readable, a table without texts, or labels that are none of the classes; they are named.
    BadInput: fewer than two classes, one twice, two with the same embedding, a template without a place for
        the class, or encoders that can't read texts or the data.
    CannotWrite: the folder is not empty or can't be written to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from headstart.records.record import Bin, Interval, Record, Scores
from headstart.records.settings import POSITIVE, Rule, StudySettings, one_of, option, several, whole
from headstart.studies._spec import MODELS, Figure, Input, Study, StudyRecord, optional_input
from headstart.studies.adapt import Mistake
from headstart.studies.evaluate import ClassFigures


def split_names(texts: list[str]) -> tuple[str, ...]:
    """The names of classes in texts with commas between them."""
    return tuple(name.strip() for text in texts for name in text.split(",") if name.strip())


@dataclass(frozen=True, kw_only=True)
class ZeroShotSettings(StudySettings):
    """How `zero-shot` works."""

    kind: ClassVar[str] = "zero-shot"

    classes: tuple[str, ...] = option(
        "Names of the classes, with commas between them. Words that stand for a name in the prompts come "
        "after =, several with | between them: neg=bad|poor,pos=good. Default: those of labelled data.",
        (),
        several("names"),
        parse=split_names,
        metavar="NAME,NAME,...",
    )
    templates: tuple[str, ...] = option(
        "Prompt with {} in the place of the class; for a masked language model with {} in the place of the "
        "text and [MASK] in that of the class; repeatable. Default: those of the ensemble.",
        (),
        several("templates"),
    )
    ensemble: Literal["pictures", "texts", "sentiment", "topics"] | None = option(
        "Hand-written list of templates: pictures, texts, sentiment or topics. Default: pictures or texts, "
        "as the data are.",
        None,
        one_of("pictures", "texts", "sentiment", "topics"),
    )
    type: str | None = option(
        "What all classes are types of, such as food: ', a type of food' is added to each prompt.", None
    )
    search: bool = option(
        "Choose one template on the labelled rows of calibration, instead of all together; of parts such as "
        "(It|That) in a template each alternative is tried.",
        False,
    )
    temperature: float | None = option(
        "Of the softmax: logits are cosines divided by it. Default: fitted on labelled rows, else that of "
        "the encoders.",
        None,
        POSITIVE,
    )
    calibration: float = option(
        "Share of the labelled rows on which the temperature is fitted and a template chosen, and that are "
        "not tested, in [0, 1); 0 for none. Data with a split: rows of their training part instead.",
        0.2,
        Rule(lambda v: 0 <= v < 1, "in [0, 1)"),
    )
    prior: Literal["none", "content-free", "balanced"] = option(
        "Correction of the bias towards a class: content-free makes all classes alike for inputs without "
        "content, balanced makes them equally frequent in the rows.",
        "none",
        one_of("none", "content-free", "balanced"),
    )
    metric: str | None = option(
        "Metric that comes first, as of adapt. Default: accuracy, or balanced_accuracy if a class is rare.",
        None,
        metavar="METRIC",
    )
    size: int | None = option("The most tokens of a text that are read.", None, whole(4))
    seed: int = option("Random seed of the calibration rows and of intervals that are drawn.", 0)

    def __post_init__(self) -> None:
        given: Any = self.classes
        if isinstance(given, Mapping):
            words = {name: [one] if isinstance(one, str) else [*one] for name, one in given.items()}
            object.__setattr__(self, "classes", tuple(f"{k}={'|'.join(v)}" for k, v in words.items()))
        for name in ("classes", "templates"):
            if isinstance(value := getattr(self, name), str):
                object.__setattr__(self, name, split_names([value]) if name == "classes" else (value,))
        super().__post_init__()


@dataclass(frozen=True)
class Wording(Record):
    """A template by itself."""

    template: str
    score: Interval | None  # of the metric on the tested rows; None without labels
    gain: Interval | None  # over what answers, on the same rows in pairs
    agreement: Interval  # share of the rows that it gives the class that all together give


@dataclass(frozen=True)
class Alike(Record):
    """Two classes whose prompts embed nearly alike."""

    one: str
    other: str
    cosine: float


@dataclass(frozen=True, kw_only=True)
class ZeroShot(StudyRecord):
    """Classes told by their names alone."""

    main_tables: ClassVar[tuple[str, ...]] = ("wordings",)

    task: str  # name of the data
    kind: str  # of the rows: "pictures" or "texts"
    encoders: list[str]  # of texts, and of pictures
    classes: list[str]
    words: list[list[str]]  # of each class, that stand for it in the prompts
    rows: int  # that were classified, or tested
    groups: int  # independent units of them
    labelled: bool
    calibration_rows: int  # that the temperature was fitted on; 0: it was not
    metric: str
    scores: (
        Scores | None
    )  # of all templates together, or the chosen one; None without labels, as what follows
    constant: Interval | None  # of always the largest class
    gain: Interval | None  # over that, on the same rows in pairs
    wordings: list[Wording]  # best first; without labels by agreement
    spread: Interval | None  # of the metric, the best wording's less the worst's, in pairs; None of one
    unanimous: Interval  # share of the rows on which all templates agree
    temperature: float  # of the softmax
    own_temperature: float  # of the encoders
    uncalibrated: Scores | None  # with that
    prior: str
    bias: list[float]  # of the logits of each class, for that prior
    alike: list[Alike]
    confusion: list[list[int]]  # rows: truth x answer
    bins: list[Bin]
    per_class: list[ClassFigures]  # without labels recall and precision are None
    mistakes: list[Mistake]  # the worst
    scoring: str = "cosine"  # of embeddings, or "cloze": words at the mask of a language model
    chosen: str | None = None  # the template that answers; None: all together
    choice_rows: int = 0  # labelled rows that it was chosen on; they are not tested

    @property
    def test_rows(self) -> int:
        """The rows, as the record of `adapt` calls them."""
        return self.rows

    @property
    def label_kind(self) -> str:
        """Classes, as `adapt` calls them."""
        return "classes"

    @property
    def two_classes(self) -> None:
        """No threshold is chosen."""

    @property
    def figure(self) -> Figure | None:
        """The main one, of labelled rows."""
        return None if self.scores is None else Figure.of(self.scores.main, self.scores.main_figure)


SPEC = Study(
    name="zero-shot",
    summary="Classify pictures or texts by the names of the classes alone, and test the wordings.",
    examples=(
        "headstart zero-shot reviews.csv --classes bad,good --template 'It was {}.'",
        "headstart zero-shot photos/ --classes cat,dog --type animal --backbone clip/",
        "headstart zero-shot new.txt --classes sports,politics,art --ensemble topics",
    ),
    group=MODELS,
    inputs=(
        Input(
            name="data",
            help="Labelled data, as `hs.data.load` takes them, to be tested on, or rows without labels.",
            kind="value",
        ),
        optional_input(
            name="backbone",
            positional=True,
            help="Encoder of texts; for pictures, a folder with an encoder of both, such as CLIP's; for "
            "templates with [MASK], that of a masked language model. Default: minilm, for texts.",
            kind="value",
            digested=False,  # the encoders that it becomes are
        ),
        optional_input(
            name="image_backbone",
            help="Encoder of pictures that learned together with that of texts, where they are apart.",
            kind="value",
            digested=False,
        ),
    ),
    settings=ZeroShotSettings,
    record=ZeroShot,
    schema=1,
    without=("task", "attribute_column", "categorical", "beside", "keep", "window"),
    reads_folder=True,
)
