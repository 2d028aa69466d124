"""Learn, besides the weights, how far each weight may move: scouts, and the guides that they give.

Scouts are copies of a pre-trained backbone that each learn an easier problem on the pre-training data, a
cousin: some of its classes, or two clusters where rows have no labels. How far a weight moves in them, on
average, is its guide, between 0 and 1 (guided transfer learning, arXiv:2303.16154). Training with
`guides=` then scales each update of a weight by its guide. With a target, few-shot fine-tuning is compared
with and without guides, and with controls: guides in random order, one constant guide, inverted guides, a
smaller rate, an anchor to the start, and scaled gradients in the place of updates.

Raises:
    BadData: nothing readable, or too few rows.
    BadInput: fewer than two cousins, a target with rows of the pre-training data, a setting out of range;
        on resuming, another study's folder.
    CannotWrite: the folder is not empty or can't be written to.
    Diverged: the loss of a scout stopped being a number.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from headstart.face import spell
from headstart.records.record import Interval, Record
from headstart.records.settings import POSITIVE, InputSettings, Rule, one_of, option, several, whole
from headstart.studies._spec import BACKBONE, DATA, MODELS, Figure, Study, StudyRecord, optional_input

NOT_NEGATIVE = Rule(lambda v: v >= 0, "a number >= 0")
UNIT = Rule(lambda v: 0 <= v <= 1, "in [0, 1]")
BINS = 20  # of the histograms
PLAIN, GUIDED, SLOWER = "plain", "guided", "slower"
LEAST = 1e-3  # factor of the smaller rate, which is else the mean guide


def split_rates(texts: list[str]) -> tuple[float, ...]:
    """The numbers in texts with commas between them.

    Raises:
        BadInput: one is no number.
    """
    words = [word.strip() for text in texts for word in text.split(",") if word.strip()]
    try:
        return tuple(map(float, words)) or (1e-3,)
    except ValueError:
        from headstart.core import BadInput

        raise BadInput(f"{spell('target_lr')} is {texts!r}; write numbers, as in 0.001,0.003.") from None


@dataclass(frozen=True, kw_only=True)
class ScoutsSettings(InputSettings):
    """How `scouts` works."""

    kind: ClassVar[str] = "scouts"

    cousins: tuple[str, ...] = option(
        "Classes of a cousin, with + between them, as in 0+3+7; repeatable. Default: subsets that are drawn.",
        (),
        several("cousins"),
    )
    cousin_classes: int | None = option(
        "Classes of each cousin that is drawn. Default: 3, or one fewer than the data have.", None, whole(2)
    )
    scouts: int = option("Scouts at most, each with a cousin of its own.", 20, whole(2))
    clusters: int = option("Clusters of rows without labels; a cousin is then two of them.", 10, whole(3))
    steps: int = option("Training steps of each scout.", 100, whole(1))
    batch: int = option("Batch size.", 32, whole(1))
    lr: float = option("Peak learning rate of the scouts.", 1e-3, POSITIVE)
    measure: Literal["movement", "fisher"] = option(
        "What guides are made of: the movement of scouts, or fisher, the Fisher information of the start.",
        "movement",
        one_of("movement", "fisher"),
    )
    scope: Literal["tensor", "global"] = option(
        "Whether the least and largest movement are those of each tensor, or global, of all.",
        "tensor",
        one_of("tensor", "global"),
    )
    temperature: float = option(
        "Power of the guides, >= 0: above 1 fewer weights are free.", 1.0, NOT_NEGATIVE
    )
    floor: float = option("The least guide, in [0, 1].", 0.0, UNIT)
    method: str = option("Method of the comparison on the target.", "fine-tune")
    labels: int = option("Labelled rows of each class of the target in the comparison.", 5, whole(1))
    seeds: int = option("Draws of labelled rows in the comparison.", 10, whole(1))
    target_steps: int = option("Training steps of each fit of the comparison.", 100, whole(1))
    target_lr: tuple[float, ...] = option(
        "Peak learning rates of the comparison, with commas between them; of several each way of training "
        "takes its best on rows of the target that are not held out.",
        (1e-3,),
        several("numbers"),
        parse=split_rates,
        metavar="RATE,RATE,...",
    )
    anchor: float = option("Strength of the anchor.", 1.0, NOT_NEGATIVE)
    use: Literal["update", "gradient", "anchor"] = option(
        "What the guides that are saved scale in training: the update; the gradient, as in the authors' "
        "code, which does nothing under Adam; or, inverted, an anchor to the start. Compared are all three.",
        "update",
        one_of("update", "gradient", "anchor"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        rates = self.target_lr
        self.check("target_lr", bool(rates) and all(0 < one < math.inf for one in rates), "numbers > 0")


@dataclass(frozen=True)
class ScoutRun(Record):
    """One scout."""

    cousin: str  # its classes, in words
    classes: int
    rows: int
    accuracy: float  # on the last batches that it learned from


@dataclass(frozen=True)
class GuidedTensor(Record):
    """The guides of one parameter."""

    name: str
    weights: int
    mean: float  # of its guides
    still: float  # share of its guides below 0.01
    free: float  # share above 0.5
    moved: float  # root of the mean squared movement; of Fisher information, of its mean
    histogram: list[int]  # guides in equal parts of [0, 1]


@dataclass(frozen=True)
class GuideArm(Record):
    """Few-shot training in one way, over draws of labelled rows."""

    name: str
    title: str
    scores: list[float]  # accuracy on the held-out rows, one a draw
    mean: float
    interval: Interval | None  # Student's t over the draws; None of one
    gain: Interval | None  # over plain training, in pairs; None for itself, and of one draw
    behind: Interval | None  # guided training's gain over it, in pairs; None for itself, and of one draw
    seconds: float  # of one fit, the median over the draws
    lr: float  # peak learning rate, before the factor of a smaller one


@dataclass(frozen=True, kw_only=True)
class Scouting(StudyRecord):
    """Guides, how they came about, and what they are worth on a target."""

    task: str  # name of the pre-training data
    classes: list[str]
    rows: int
    backbone: str
    parameters: int
    measure: str  # "movement" or "fisher"
    together: bool  # whether scouts were computed at once
    scouts: list[ScoutRun]
    scout_seconds: float
    tensors: list[GuidedTensor]  # by name, in the order of the backbone
    mean: float  # of all guides
    target: str  # name of the target's data; "" if there was none
    target_classes: list[str]
    train_rows: int  # labelled rows of one draw
    test_rows: int  # held-out rows of the target
    arms: list[GuideArm]
    verdict: str  # "helps", "controls", "harms", "unclear" or "": see `headstart scouts --help`

    main_tables: ClassVar[tuple[str, ...]] = ("arms", "tensors")

    def arm(self, name: str) -> GuideArm:
        """The arm of a name."""
        return next(arm for arm in self.arms if arm.name == name)

    @property
    def figure(self) -> Figure | None:
        """The accuracy with guides on the target."""
        return Figure.of("accuracy", self.arm(GUIDED).interval) if self.arms else None


SPEC = Study(
    name="scouts",
    summary="Learn how far each weight of a backbone may move, and whether that helps.",
    examples=(
        "headstart scouts photos/ --backbone efficientnet_lite0 --out guides/",
        "headstart scouts photos/ --target scans/ --out guides/",
    ),
    inputs=(
        BACKBONE,
        DATA,
        optional_input(
            name="target",
            help="Labelled data of the problem that the guides are for; other rows than the data's.",
        ),
    ),
    settings=ScoutsSettings,
    record=Scouting,
    group=MODELS,
    schema=1,
    needs_out=True,
)
