"""A backbone and data by role, and what frozen parts give for them, computed once and kept."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.core import Backbone, BadInput, Batch, Descend, Head, Method, SampleLoader, Task
from headstart.data.augment import Augment
from headstart.data.dataset import Dataset
from headstart.data.pooled import pool, why_not_pooled
from headstart.data.source_task import align_labels
from headstart.data.stream import Sentences
from headstart.data.train_test_split import Rows
from headstart.models.backbone import AnyBackbone
from headstart.models.fast import fast
from headstart.run.cache import Cache, Dtype, key_of
from headstart.run.engine import Engine, One
from headstart.run.engine_choices import EngineChoices
from headstart.run.frozen import Found, Replay, find
from headstart.run.recipe import Precision, Recipe
from headstart.run.state import Run, Tick
from headstart.run.step_cache import file_name, release_memory
from headstart.run.token_records import of_length
from headstart.session.inputs import loader_of
from headstart.session.scoring import outputs_of

LARGEST = 2**30  # bytes of a record of tokens within a backbone
ROWS = 16  # that go through a frozen prefix at a time: more take more memory and are no faster


@dataclass
class ActivationCaches:
    """Replays and caches of the runs on one backbone and one data set."""

    folder: Path | None  # for the records; None: nothing is recorded
    dtype: Dtype  # of the records
    rows: int  # of the data
    size: Callable[[], int] = lambda: 0  # bytes of a record within the backbone, if the rows differ in length
    show: Callable[[float], None] = lambda _share: None  # is told which share of a record is done
    _found: dict[str, Found] = field(default_factory=dict)
    _caches: dict[str, Cache] = field(default_factory=dict)

    @property
    def partly(self) -> bool:
        """Whether what lies within a backbone is recorded: of texts too, unless it is too much."""
        return self.size() <= LARGEST

    def replay(self, key: str, run: Run[Any], batch: Callable[[], Batch]) -> Found:
        """What of a run can be replayed, looked for once for each `key`; a batch shows it."""
        if key not in self._found:
            wanted = self.folder is not None and (self.partly or _frozen(run))
            self._found[key] = find(run, batch()) if wanted else Found(None)
        return self._found[key]

    def loader(self, run: Run[Any], replay: Replay, source: SampleLoader, views: int) -> SampleLoader:
        """What the frozen prefix of a run gives for the samples of a source.

        Raises:
            CacheRefused: the record on the disk can't be trusted.
        """
        assert self.folder is not None
        part = run.parts[replay.part]
        readout = part.readout if isinstance(part, AnyBackbone) else None
        boundary = f"{replay.boundary} {readout}" if readout else replay.boundary
        key = key_of(replay.weights(run.parts), boundary, source.content, self.dtype)
        slot = f"{key} {views}"
        if slot not in self._caches:
            self.show(0.0)
            compute = _compute(run, replay, self.dtype == "bf16", self.rows * max(views, 1), self.folder)
            if replay.tokens and isinstance(source, Sentences):
                compute = _as_long_as(longest(source, self.rows), compute)
            cache = Cache(self.folder, source, compute, key, self.rows, views, self.dtype)
            recorded = self._fill(cache)
            cache.compute = _all_is_there  # lets go of the run, its gradients and the optimiser's state
            self._caches[slot] = cache
            if recorded:  # or else what recording took lies there while training takes its own
                release_memory()
        return self._caches[slot]

    def _fill(self, cache: Cache) -> bool:
        """Record what is missing; whether anything was."""
        done = 0
        for done in cache.fill():
            self.show(done / (self.rows * max(cache.views, 1)))
        return done > 0


def _frozen(run: Run[Any]) -> bool:
    """Whether no backbone learns."""
    descents = [move for move in run.moves if isinstance(move, Descend)]
    learning = {id(p) for move in descents for p in move.parameters(run.parts)}
    parts = [part for part in run.parts.values() if isinstance(part, Backbone)]
    return not any(id(p) in learning for part in parts for p in part.parameters())


def _compute(
    run: Run[Any], replay: Replay, bf16: bool, rows: int, folder: Path
) -> Callable[[Tensor], Tensor]:
    """What records the prefix's output for so many rows; a whole backbone is made fast first."""
    part = run.parts[replay.part]
    if not replay.boundary and isinstance(part, AnyBackbone) and run.engine.device.type == "cpu":
        encoder = fast(part, bf16=bf16, rows=rows, choices=EngineChoices(folder))

        def encode(x: Tensor) -> Tensor:
            with torch.inference_mode():
                features: Tensor = encoder(x)
            return features

        return encode

    def record(x: Tensor) -> Tensor:
        with run.engine.autocast(bf16):
            given = [replay.record(run.parts, rows.to(run.engine.device)) for rows in torch.split(x, ROWS)]
        return torch.cat(given)

    return record


def _as_long_as(length: int, compute: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """`compute`, with records of that many tokens."""
    return lambda x: of_length(compute(x), length)


def longest(source: Sentences, rows: int) -> int:
    """Tokens of the longest of so many rows."""
    return int(source.lengths(np.arange(rows)).max(initial=1))


def _all_is_there(_x: Tensor) -> Tensor:
    raise AssertionError("a cache that is full computes nothing")


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
    logbook: Path | None = None  # file for the ticks of all runs; None: none
    watch: Watch | None = None  # wraps the ticks of every run, for a progress bar
    show: Callable[[float], None] = lambda _share: None  # is told how much of what frozen parts give is there
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

    @property
    def roles(self) -> dict[str, bool]:
        """Which data there are beside the labelled rows, as `require_data` takes them."""
        labelled = self.target is not None and self.target.target_labelled is not None
        beside = {"source": self.source, "target": self.target}
        return {"target_labelled": labelled} | {role: data is not None for role, data in beside.items()}

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
