"""A backbone and data by role, and what frozen parts give for them, computed once and kept."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from torch import Tensor, nn

from headstart.core import BadInput, Guides, Head, Method, SampleLoader, Task
from headstart.data.augment import Augment
from headstart.data.dataset import Dataset
from headstart.data.pooled import pool, why_not_pooled
from headstart.data.source_task import align_labels
from headstart.data.stream import Sentences
from headstart.data.train_test_split import Rows
from headstart.models.backbone import AnyBackbone
from headstart.run.engine import Engine, One
from headstart.run.recipe import Precision, Recipe
from headstart.run.state import Run, Tick
from headstart.run.step_cache import file_name
from headstart.session.activation_caches import ActivationCaches, longest
from headstart.session.asking import Teacher
from headstart.session.inputs import loader_of
from headstart.session.scoring import outputs_of

Watch = Callable[[Iterable[Tick], Run[Any]], Iterator[Tick]]


@dataclass
class SessionData:
    """One data set as the inputs of one backbone, and the data that methods may learn from beside it."""

    backbone: AnyBackbone  # never changed; every run has its own copy
    data: Dataset  # the rows that methods may be fitted on and asked about
    cache: Path | None = None  # folder for what frozen parts gave; None computes it every time
    precision: Precision = "float32"  # of training and of the cache
    augment: Augment | None = None  # what makes views for training; None: none
    engine: Engine = field(default_factory=One)  # where it runs
    # other data for the methods that learn from two data sets; None: there are none
    source: "SourceTasks | None" = None
    # unlabelled rows of the domain that models are for, for methods that learn from them
    target: "TargetDomain | None" = None
    # rows without labels, on which methods are pre-trained beside those of the data
    unlabelled: "SessionData | None" = None
    views: Any = None  # of the caller's own, for pre-training, see `headstart.nn.views.callers`
    teacher: Teacher | None = None  # of students, for methods that learn what it says
    logbook: Path | None = None  # file for the ticks of all runs; None: none
    watch: Watch | None = None  # wraps the ticks of every run, for a progress bar
    show: Callable[[float], None] = lambda _share: None  # is told how much of what frozen parts give is there
    guides: Guides | None = None  # of the backbone's weights; None: all are free
    logit_adjustment: float = 0.0  # times the log of a class's share that is taken off fitted models' logits
    metric: str = ""  # that models and methods are selected by; "": the usual one of the kind of label

    def __post_init__(self) -> None:
        rows, size = len(self.data), self._record_size
        self.caches = ActivationCaches(self.cache, self.precision, rows, size, self.show)
        self._sources: dict[Augment | None, SampleLoader] = {}
        self.shape = tuple(self.source_in(None).fetch(np.zeros(1, np.int64), np.full(1, -1)).shape[1:])

    def _record_size(self) -> int:
        """Bytes of the vectors of all tokens, each text as long as the longest; 0 of what is no text."""
        source = self.source_in(None)
        if not isinstance(source, Sentences):
            return 0
        rows = len(self.data)
        return 4 * rows * longest(source, rows) * (self.backbone.anatomy.width + 1)

    def with_backbone(self, backbone: AnyBackbone) -> Self:
        """The same with other weights of the backbone, without guides; decoded pictures stay in memory."""
        made = replace(self, backbone=backbone, guides=None)
        made._sources = self._sources
        return made

    @property
    def roles(self) -> dict[str, bool]:
        """Which data there are beside the labelled rows, as `require_data` takes them."""
        labelled = self.target is not None and self.target.target_labelled is not None
        beside = {"source": self.source, "target": self.target}
        known = {"target_labelled": labelled, "teacher": self.teacher is not None}
        return known | {role: data is not None for role, data in beside.items()}

    def task(self, rows: int, seed: int, head: Head | None = None) -> Task:
        """What a method learns from so many rows of the data."""
        classes = tuple(self.data.classes)
        return Task(len(classes), self.shape, rows, seed, head, self.data.label_kind, classes=classes)

    def trained_head(self) -> Head | None:
        """The head that the backbone came with, if it was handed on to the labels of the data."""
        trained, own = self.backbone.trained_head, (tuple(self.data.classes), self.data.label_kind)
        if trained is None or not trained.handed_on or (trained.classes, trained.label_kind) != own:
            return None
        return trained.head

    def logits(
        self, model: nn.Module, rows: np.ndarray, done: Callable[[int], None] = lambda _rows: None
    ) -> Tensor:
        """Outputs (n, outputs) on the CPU of a model for samples of rows (n,); see `outputs_of`."""
        return outputs_of(model.eval(), self.source_in(None), rows, self.engine.device, done=done)

    def samples(self, rows: np.ndarray) -> Tensor:
        """The plain samples (n, ...) of rows (n,)."""
        return self.source_in(None).fetch(rows, np.full(len(rows), -1))

    def quickest(self, rows: np.ndarray) -> np.ndarray:
        """Rows (n,) in the order in which they are computed soonest: texts by length."""
        source = self.source_in(None)
        if isinstance(source, Sentences):
            return rows[np.argsort(source.lengths(rows), kind="stable")]
        return rows

    def source_in(self, augment: Augment | None) -> SampleLoader:
        """Samples of the data; decoded pictures stay in memory from one run to the next."""
        if augment not in self._sources:
            self._sources[augment] = loader_of(self.data, self.backbone, augment)
        return self._sources[augment]


@dataclass(frozen=True)
class SourceTasks:
    """Labelled data of other tasks, beside those of the target."""

    tasks: tuple[SessionData, ...]  # on the data of each source, with the target's backbone
    pooled: SessionData | None  # on the rows of all as one task; None if their labels do not go together
    recipe: Recipe | None = None  # of what is learned on the sources alone; None takes that of each fit
    # where the states of what is learned on the sources alone are kept, so that all fits of a study begin
    # with the same one. Needs a `recipe`, since it must be the same for all
    folder: Path | None = None

    @property
    def session(self) -> SessionData:
        """On the rows of all sources as one task, for what one head learns.

        Raises:
            BadInput: their labels do not go together.
        """
        if self.pooled is None:
            raise BadInput(f"One head can't learn all sources: {why_not_pooled(self._data)}.")
        return self.pooled

    @property
    def _data(self) -> list[Dataset]:
        return [task.data for task in self.tasks]

    def checkpoint(self, stages: Sequence[Method[Any]], number: int, given: Path | None) -> Path | None:
        """The file for the state of a stage on the sources; beside the `given` one if there is no folder."""
        if self.folder is not None and self.recipe is not None:
            labels = " then ".join(stage.label for stage in stages[: number + 1])
            return self.folder / f"{file_name(f'source {labels}')}.checkpoint"
        return None if given is None else given.with_name(f"{given.stem}.stage-{number + 1}{given.suffix}")

    def transferable_head(self, head: Head, target: Dataset) -> Head | None:
        """The head that a stage on the sources hands on to the target: its own if the labels are the same."""
        own = self.session.data
        return head if (own.label_kind, own.classes) == (target.label_kind, target.classes) else None


def attach_source(
    session: SessionData,
    sources: Sequence[Dataset],
    recipe: Recipe | None = None,
    folder: Path | None = None,
) -> SourceTasks:
    """The source tasks for a session that learns from other data, with the same backbone."""

    def on(data: Dataset) -> SessionData:
        return replace(session, data=data, augment=data.modality.augment, source=None)

    tasks = tuple(map(on, sources))
    pooled = tasks[0] if len(tasks) == 1 else None
    if len(tasks) > 1 and not why_not_pooled(sources):
        pooled = on(align_labels(pool(sources), session.data))
    return SourceTasks(tasks, pooled, recipe, folder)


@dataclass(frozen=True)
class TargetDomain:
    """Rows of the domain that a model is for."""

    session: SessionData  # on samples without labels, with the source's backbone
    # on labelled rows of the same domain to learn from; None: there are none
    target_labelled: SessionData | None = None
    some: Rows | None = None  # rows of `session` that may be learned from; None: all

    @property
    def rows(self) -> Rows:
        """Those that may be learned from."""
        return np.arange(len(self.session.data)) if self.some is None else self.some


def attach_target(
    session: SessionData, target: Dataset, target_labelled: Dataset | None = None, some: Rows | None = None
) -> TargetDomain:
    """The target for a session on the source: unlabelled rows, and maybe a few labelled ones."""

    def on(data: Dataset) -> SessionData:
        augment = data.modality.augment if session.augment else None
        return replace(session, data=data, augment=augment, source=None, target=None)

    return TargetDomain(on(target), None if target_labelled is None else on(target_labelled), some)
