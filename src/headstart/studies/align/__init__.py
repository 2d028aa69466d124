"""Adapt a model to an unlabelled target domain, from a labelled source or a saved model.

Every method is trained on the source's rows with their labels and on the target's without, `seeds` times, and
evaluated on the way. A score that needs no target label selects which of these models is shipped. If the
target has labels, a share of its rows is held out from all learning, and they are read for the table alone:
training on the source only, the last model, the selected one, and the one that the labels would select.
The record says whether it helped.

Raises:
    BadData: nothing readable, other labels than the source has, or rows of another kind or shape.
    BadInput: an unknown name or a setting out of range, or a method that learns nothing from a target; on
        resuming, another study's folder.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from headstart.records.record import Interval, Record
from headstart.records.settings import SECONDS, SHARE, TrainingSettings, one_of, option, several, whole
from headstart.studies._spec import LABEL_FIXES, SHIFT, Figure, Input, Study, StudyRecord, optional_input
from headstart.studies.shift import Shift

SOURCE_ONLY = "source-only"
SOURCE_ONLY_PROBE = "source-only-probe"  # a linear probe on frozen features of the source's rows
WEIGHTED_SOURCES = "weighted-sources"  # source-only with weights of rows by their source
SOURCE_EXPERTS = "source-experts"  # a linear probe on frozen features for each source
BASELINES = (SOURCE_ONLY, SOURCE_ONLY_PROBE)
BY_VOTE = ("consensus", "safe")  # rules that take the vote of the methods besides a score
TITLES = {  # of the rules and scores that need no target labels
    "consensus": "information maximisation among methods that agree with the vote of the others",
    "safe": "information maximisation if it agrees with the vote of the others",
    "im": "information maximisation",
    "bnm": "nuclear norm (BNM)",
    "snd": "neighbourhood density (SND)",
    "iwv": "importance-weighted validation",
    "dev": "deep embedded validation (DEV)",
    "reverse": "reverse validation",
    "source": "held-out source rows",
}


@dataclass(frozen=True, kw_only=True)
class AlignSettings(TrainingSettings):
    """How `align` works; each field is an option of the command line."""

    kind: ClassVar[str] = "align"

    methods: tuple[str, ...] = option(
        "Method, with settings after a colon: dann:weight=0.5; repeatable. Default: a few of each family.",
        (),
        several("methods"),
    )
    select: Literal["consensus", "safe", "im", "bnm", "snd", "iwv", "dev", "reverse", "source"] | None = (
        option(
            "What selects models without target labels. safe: the model of the highest information "
            "maximisation (im) if it agrees with the vote of the others more often than source-only, else "
            "source-only; consensus: the highest im among methods that agree at least as often; or a score "
            "alone: im, bnm, snd, iwv, dev, reverse, or source, the figure on held-out source rows. Default: "
            "safe; iwv for tags and numbers; im for a saved model.",
            None,
            one_of(*TITLES),
        )
    )
    seeds: int = option("Number of random seeds per method.", 3, whole(1))
    budget: float | None = option(
        "Seconds (or 90s, 5m, 1h) from the start of the command; trainings become shorter, and a method, or "
        "a further seed of all methods, is left out if it would end later. Default: no limit.",
        None,
        SECONDS,
        duration=True,
    )
    epochs: int | None = option(
        "Epochs per training, over the larger of the two domains. Default: 10; of an untrained network, if "
        "these are few steps, as many as source-only is best with on held-out source rows.",
        None,
        whole(1),
    )
    evaluations: int = option(
        "Evaluations per training; the selected model is one of these checkpoints.", 5, whole(1)
    )
    last: int | None = option(
        "Number of last blocks of the backbone to train; 0: all. Default: 2 of a backbone by name, else all.",
        None,
        whole(0),
    )
    validation: float = option("Fraction of the source rows held out for selection, in (0, 1).", 0.2, SHARE)
    test: float = option("Fraction of a labelled target held out for the report, in (0, 1).", 0.3, SHARE)
    overlap: bool = option("Drop labelled target rows whose class the source lacks.", False)
    unlabelled: bool = option("Ignore the labels of the target, also in the report.", False)
    batch: int = option("Batch size per domain.", 32, whole(1))


@dataclass(frozen=True)
class EvalPoint(Record):
    """A model at one step of a training."""

    method: str
    seed: int
    step: int
    progress: float  # of the training, in (0, 1]
    scores: dict[str, float]  # without target labels, by name, higher is better; those that could be computed
    source: float  # metric of selection on held-out source rows
    target: float | None  # main metric on the target's test rows, where labels are there: for the report only


@dataclass(frozen=True)
class MethodResult(Record):
    """A method over all seeds: means of the figures and of the ends of their intervals."""

    method: str  # name and settings
    title: str
    seeds: int  # that did not diverge
    score: float  # of the selected models, by which they were selected
    source: float  # metric of selection of the selected models on held-out source rows
    steps: list[int]  # of the selected models, by seed
    last: Interval | None  # on target test rows, at the end of the training
    selected: Interval | None  # at the steps that were selected without labels
    oracle: Interval | None  # at the steps that are best by the labels, which the selection can't know
    spread: float | None  # standard deviation of the selected models over the seeds
    gain: Interval | None  # selected, less the selected model of `parent`, on the same rows
    notes: list[str]
    parent: str = SOURCE_ONLY  # baseline that is trained as long: of frozen features the probe
    agreement: float | None = (
        None  # share of target rows where it says what the others vote for; None: no vote
    )
    baseline_agreement: float | None = None  # the same of source-only, with the same vote
    over_source_only: Interval | None = None  # as `gain`, against source-only where that is not the parent


@dataclass(frozen=True)
class LeftOut(Record):
    """A method that could not be carried out with any seed."""

    method: str  # name and settings
    title: str
    reason: str  # with the first seed


@dataclass(frozen=True, kw_only=True)
class Alignment(StudyRecord):
    """Result of adapting from a source to an unlabelled target."""

    source: str  # names of the data; those of several sources with + between them
    target: str
    classes: list[str]
    kind: str  # of the samples: pictures, texts, tables, numbers
    source_rows: int  # trained on
    held_rows: int  # of the source, held out for model selection
    target_rows: int  # trained on without labels
    target_labelled_rows: int  # of the target, trained on with labels
    test_rows: int  # of the target, held out for testing; 0: no labels
    backbone: str
    backbone_parameters: int
    metric: str  # of all figures
    chosen_by: str  # a key of `TITLES`
    chosen: str  # the method whose model is shipped
    chosen_seed: int
    chosen_step: int
    headline: str
    verdict: str  # helped, unclear, harmed, unknown (no labels) or nothing (source-only was selected)
    table: list[MethodResult]  # source-only and its probe first, then by score
    eval_points: list[EvalPoint]
    shift: Shift | None
    label_kind: str = "classes"  # "classes", "tags" or "numbers"
    shipped: Interval | None = None  # of the shipped model alone on target test rows; the table has means
    epochs: int = 10  # of each training
    # rows trained on by the name of the source domain; {} for a saved model in its place
    domains: dict[str, int] = field(default_factory=dict)
    # share of each source domain in the target as a mixture of them; {} of one source
    similarity: dict[str, float] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)  # methods that could not be carried out

    def row(self, method: str) -> MethodResult:
        """The row of a method in the table."""
        return next(row for row in self.table if row.method == method)

    @property
    def figure(self) -> Figure | None:
        """Of the shipped model on rows of the target; None without labels."""
        return Figure.of(self.metric, self.shipped)


SPEC = Study(
    name="align",
    summary="Adapt a model to unlabelled data from labelled data of another domain; say whether it helped.",
    examples=(
        "headstart align photos/ sketches/",
        "headstart align photos/ sketches/ --source paintings/",
        "headstart align run sketches/ --method shot",
    ),
    group=SHIFT,
    inputs=(
        Input(
            name="source",
            help="Labelled data of another domain, or several, repeated or as a list, which are pooled, "
            "weighted and learned one by one; or a run folder, whose model is adapted without a source.",
            kind="value",
            option=True,
            either=True,
            several=True,
        ),
        Input(
            name="target",
            help="What the model is for: data of the same kind. Labels are only reported on.",
            kind="value",
            option=True,
            either=True,
        ),
        optional_input(
            name="backbone",
            help="A name, a module or a backbone, never changed. Default: the built-in one for the data.",
            kind="backbone",
            positional=True,
        ),
        optional_input(
            name="target_labelled",
            help="Labelled rows of the target to learn from.",
            kind="value",
            flag="target-labels",
        ),
        replace(
            LABEL_FIXES,
            help="File of label fixes for the source, as `headstart labels` makes one; repeatable.",
        ),
    ),
    settings=AlignSettings,
    record=Alignment,
    without=("task", "attribute_column"),
    resumed=("budget",),
)
