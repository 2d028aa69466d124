"""Explain why a model gives its answers: what counted in each item, and which training examples are nearest.

Of pictures a map of the places that count, of texts what each word contributes, of tables what each column
contributes. Of labelled rows of a table, how much each column matters on the whole.

Raises:
    BadData: an item can't be read, or is of another kind.
    BadInput: no such model, nothing to explain, or an option that does not suit it.
    Unknown: the model has no such class, tag or column; the nearest names are said.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal

from headstart.records.explanation import ColumnImportance, Explanation
from headstart.records.settings import Rule, StudySettings, one_of, option, whole
from headstart.studies._spec import LABEL_FIXES, START, Figure, Input, Study, StudyRecord, optional_input


@dataclass(frozen=True, kw_only=True)
class ExplainSettings(StudySettings):
    """How `explain` works."""

    kind: ClassVar[str] = "explain"

    class_name: str | None = option(
        "Class, tag or column of numbers to explain. Default: the predicted class, the most probable tag, "
        "the first column.",
        None,
        flag="class",
        metavar="NAME",
    )
    attribution: Literal["occlusion", "integrated-gradients", "leave-one-out", "shapley"] | None = option(
        "How contributions are computed: of pictures occlusion or integrated-gradients, of texts "
        "leave-one-out or shapley, of tables shapley or leave-one-out. Default: the first of them.",
        None,
        one_of("occlusion", "integrated-gradients", "leave-one-out", "shapley"),
    )
    permutations: int = option("Of shapley: random orders of words or columns.", 200, whole(2))
    patch: int | None = option(
        "Of occlusion: side of the covered patch in pixels of the model's input. Default: a seventh of it.",
        None,
        whole(1),
    )
    stride: int | None = option(
        "Of occlusion: pixels from one patch to the next. Default: half a patch.", None, whole(1)
    )
    neighbours: int = option("Nearest training examples that are named for each item.", 3, whole(0))
    limit: int = option("Explain at most this many items.", 10, whole(1))
    repeats: int = option("Of --labelled: permutations of each column.", 10, whole(2))
    metric: str | None = option(
        "Of --labelled: what a permuted column may lower, as of evaluate. Default: that of the model's run.",
        None,
        Rule(lambda v: isinstance(v, str), "a metric"),
        metavar="METRIC",
    )
    seed: int = option("Random seed of orders and permutations.", 0)


@dataclass(frozen=True, kw_only=True)
class Explained(StudyRecord):
    """Why a model gives its answers."""

    model: str  # the folder that it was opened from, or "a predictor"
    kind: str  # of the items: "pictures", "texts", "numbers" or "tables"
    label_kind: str  # "classes", "tags" or "numbers"
    classes: list[str]  # of the model: classes, tags or columns
    explanations: list[Explanation]  # one an item
    metric: str  # of the importance; "" where there are no labelled rows
    score: float | None  # of the labelled rows as they are
    rows: int  # of them
    importance: list[ColumnImportance]  # the most important first

    @property
    def figure(self) -> Figure | None:
        """Of the labelled rows as they are, if there are any."""
        return None if self.score is None else Figure(self.metric, self.score)


_value = partial(optional_input, kind="value", digested=False)

SPEC = Study(
    name="explain",
    summary="Explain why a model gives its answers: what counted, and the nearest training examples.",
    examples=(
        "headstart explain run new.jpg --out why",
        "headstart explain run --text 'I would see it again.'",
        "headstart explain run --labelled june.csv",
    ),
    group=START,
    inputs=(
        Input(
            name="run",
            help="A run folder or the model folder in it; in Python a predictor, too.",
            kind="model",
            hint=Path,
        ),
        Input(
            name="items",
            help="What to explain, as `predict` takes it: pictures, folders of them, texts, tables.",
            required=False,
            positional=True,
            default=None,
            hint=Path,
            several=True,
            kind="value",
            digested=False,
        ),
        _value(name="text", help="A text to explain; repeatable.", several=True),
        _value(
            name="train",
            help="What the model learned from, as `hs.data.load` takes them, for the nearest examples. "
            "Default: the rows that its run kept.",
        ),
        _value(
            name="labelled",
            help="Labelled rows of a table that the model has not seen, as `hs.data.load` takes them: how "
            "much each column matters on the whole.",
        ),
        replace(LABEL_FIXES, help="File of label fixes for labelled and training rows; repeatable."),
    ),
    settings=ExplainSettings,
    record=Explained,
    schema=2,
    without=("task", "attribute_column", "categorical", "beside", "keep", "per_class", "window"),
    reads_folder=True,
)
