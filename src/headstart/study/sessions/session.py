"""A backbone, data and a cache: carries out methods on rows of the data and answers for others."""

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from headstart.core import (
    Backbone,
    CacheRefused,
    Diverged,
    Head,
    Labelled,
    Method,
    Model,
    Source,
    Task,
    TwoTasks,
    able,
    fold,
)
from headstart.data.augment import Augment
from headstart.data.dataset import Dataset
from headstart.data.labels import labels_of
from headstart.data.paired import paired
from headstart.data.stream import Sentences, Stream, ahead, labelled, once
from headstart.models.backbone import AnyBackbone
from headstart.run.checkpoint import save_state
from headstart.run.engine import Engine, One
from headstart.run.frozen import Replay
from headstart.run.loop import Run, Tick, start, train
from headstart.run.recipe import Precision, Recipe
from headstart.run.watch import drain, keep, remember, resume

from .inputs import source_of
from .logbook import logged, save_last
from .outputs import outputs_of
from .recorded import Recorded
from .settling import held_apart, settled
from .source import SourceTask, on_source, refuse_sourced
from .trained import trained
from .units import Units

Watch = Callable[[Iterable[Tick], Run[Any]], Iterator[Tick]]
CHECKPOINT_EVERY = 20  # steps


@dataclass
class Fitted:
    """What a method made of a backbone and some rows."""

    method: Method[Any]
    model: Model
    curve: list[float]  # loss of each step; empty for what is solved, not descended
    trained: int  # parameters that were changed or made
    notes: list[str]
    run: Run[Any]
    replay: Replay | None
    source: Source  # of what the run's parts take, in plain views
    batch: int = 32

    def logits(self, rows: np.ndarray) -> Tensor:
        """Outputs (n, outputs) on the CPU for rows (n,) of the data that it was fitted in."""
        self.run.parts.eval()
        with self.replay.on(self.run.parts) if self.replay else nullcontext():
            return outputs_of(self.model, self.source, rows, self.run.engine.device, self.batch)


@dataclass
class Session:
    """Carries out methods on one backbone and one data set.

    Attributes:
        backbone: never changed; every run has its own copy.
        data: the rows that methods may be fitted on and asked about.
        cache: folder for what frozen parts gave; None computes it every time.
        precision: of training and of the cache.
        augment: what makes views for training; None: none.
        engine: where it runs.
        logbook: file for the ticks of all runs; None: none.
        watch: wraps the ticks of every run, for a progress bar.
        source: other data for the methods that learn from two data sets; None: there are none.
    """

    backbone: AnyBackbone
    data: Dataset
    cache: Path | None = None
    precision: Precision = "float32"
    augment: Augment | None = None
    engine: Engine = field(default_factory=One)
    logbook: Path | None = None
    watch: Watch | None = None
    source: SourceTask | None = None

    def __post_init__(self) -> None:
        self._records = Recorded(self.cache, self.precision, len(self.data), not self.data.is_texts)
        self._sources: dict[Augment | None, Source] = {}
        self._shape = tuple(self._source(None).fetch(np.zeros(1, np.int64), np.full(1, -1)).shape[1:])

    def fit(
        self,
        method: Method[Any],
        rows: np.ndarray,
        recipe: Recipe,
        *,
        name: str = "",
        checkpoint: Path | None = None,
    ) -> Fitted:
        """Carry out the stages of a method on rows (n,) of the data; each starts from the one before.

        Stages that learn on the source alone take all of its rows. With `checkpoint`, a descent that was
        interrupted goes on from there, or from a file beside it if it is one on the source. Numbers are
        learned in units of their own, see `Units`; the fitted model answers in those of the data.

        Raises:
            BadInput: a stage can't learn what the labels are, or needs a source where there is none.
        """
        backbone: Backbone = self.backbone
        head: Head | None = None
        stages = method.stages(self.data.target)
        if self.source is None:
            refuse_sourced((method,), "this run")
        rows, held = held_apart(method, self.data, rows, recipe.seed)
        fitted: Fitted | None = None
        for number, stage in enumerate(stages):
            if self.source is not None and on_source(stage):
                fitted = self._on_source(self.source, stages, number, backbone, recipe, checkpoint)
                head = self.source.carried(fitted.model.head, self.data)
            else:
                saved = checkpoint if number == len(stages) - 1 else None
                run, replay = self._start(stage, backbone, head, rows, recipe)
                fitted = self._carry_out(stage, run, replay, rows, name or method.about.name, saved)
                head = fitted.model.head
            backbone = fitted.model.backbone
        assert fitted is not None
        fitted = settled(fitted, method, self.data, rows, held)
        units = Units.of(self.data.labels[rows])
        return replace(fitted, model=units.undone(fitted.model)) if units else fitted

    def logits(self, model: nn.Module, rows: np.ndarray, batch: int = 32) -> Tensor:
        """Outputs (n, outputs) on the CPU of a model that takes samples, for rows (n,) of the data."""
        return outputs_of(model.eval(), self._source(None), rows, self.engine.device, batch)

    def samples(self, rows: np.ndarray) -> Tensor:
        """The plain samples (n, ...) of rows (n,)."""
        return self._source(None).fetch(rows, np.full(len(rows), -1))

    def quickest(self, rows: np.ndarray) -> np.ndarray:
        """Rows (n,) in the order in which they are computed soonest: texts by length."""
        source = self._source(None)
        if isinstance(source, Sentences):
            return rows[np.argsort(source.lengths(rows), kind="stable")]
        return rows

    def _start(
        self, method: Method[Any], backbone: Backbone, head: Head | None, rows: np.ndarray, recipe: Recipe
    ) -> tuple[Run[Any], Replay | None]:
        able(method, self.data.target)
        recipe = replace(recipe, **method.decides(), precision=self.precision)
        task = self._task(len(rows), recipe.seed, copy.deepcopy(head))
        if self.source is not None:
            task = replace(task, source=self.source.session._task(len(self.source.rows), recipe.seed))
        if method.about.one_pass:
            recipe = replace(recipe, steps=-(-len(rows) // recipe.batch), views=0)
        run = start(method, copy.deepcopy(backbone), task, recipe, self.engine)
        if not issubclass(method.about.needs, Labelled):  # what is frozen is recorded for one data set
            return run, None
        found = self._records.replay(f"{method!r} {head is None}", run, lambda: self._few(rows))
        run.notes |= {"replay": found.note} if found.note else {}
        return run, found.replay

    def _task(self, rows: int, seed: int, head: Head | None = None) -> Task:
        return Task(len(self.data.classes), self._shape, rows, seed, head, self.data.target)

    def _few(self, rows: np.ndarray) -> Labelled:
        """A batch of the first of `rows`."""
        few = rows[:3]
        return Labelled(self.samples(few), labels_of(self.data.labels, few)).to(self.engine.device)

    def _carry_out(
        self,
        method: Method[Any],
        run: Run[Any],
        replay: Replay | None,
        rows: np.ndarray,
        name: str,
        checkpoint: Path | None,
    ) -> Fitted:
        feed = self._feed(run, replay)
        stream: Any = self._stream(feed, rows, run.recipe, method.about.one_pass)
        if method.about.needs is TwoTasks and self.source is not None:
            other, order = self.source.session, replace(run.recipe, seed=fold(run.recipe.seed, "source"))
            stream = paired(stream, other._stream(other._feed(run, None), self.source.rows, order))
        if checkpoint:
            resume(run, checkpoint)
        try:
            with feed.replay.on(run.parts) if feed.replay else nullcontext():
                drain(self._watched(train(run, ahead(stream)), run, name, checkpoint))
        except Diverged as error:
            if checkpoint:
                save_last(run, checkpoint, error)
            raise
        if run.average:
            run.parts.load_state_dict(run.parts.state_dict() | run.average.values)
        model = method.predictor(run.parts)
        assert isinstance(model, Model)
        curve = [] if method.about.one_pass else list(run.notes.get("curve", []))
        said = (run.notes.get(name, "") for name in ("replay", "accumulate"))
        notes = [note for note in (*feed.notes, *said) if note]
        # a model that is not the run's own, such as an average of weights, takes samples
        own = replay is not None and model.backbone is run.parts[replay.part]
        answers = self._plain_feed(run, replay if own else None)
        return Fitted(method, model, curve, trained(run, model), notes, run, answers.replay, answers.source)

    def _on_source(
        self,
        source: SourceTask,
        stages: tuple[Method[Any], ...],
        number: int,
        backbone: Backbone,
        recipe: Recipe,
        checkpoint: Path | None,
    ) -> Fitted:
        """Carry out a stage on the source alone; once it is saved it is not computed again."""
        stage, there, rows = stages[number], source.session, source.rows
        saved = source.checkpoint(stages, number, checkpoint)
        run, replay = there._start(stage, backbone, None, rows, source.recipe or recipe)
        fitted = there._carry_out(stage, run, replay, rows, f"{stage.label} on the source", saved)
        if saved and not run.notes.get("finished"):
            run.notes["finished"] = True
            save_state(run.state_dict(), saved)
        return fitted

    def _stream(
        self, feed: "_Feed", rows: np.ndarray, recipe: Recipe, one_pass: bool = False
    ) -> Stream[Labelled]:
        """Batches of rows (n,) of the data, numbers in units of their own."""
        units, labels = Units.of(self.data.labels[rows]), self.data.labels
        labels = units.standard(labels) if units else labels
        if one_pass:
            return once(feed.source, labels, rows, recipe.batch)
        return labelled(feed.source, labels, rows, min(recipe.batch, len(rows)), recipe.seed, feed.views)

    def _feed(self, run: Run[Any], replay: Replay | None) -> "_Feed":
        """What training takes: samples in views, or what a frozen prefix gave for them."""
        views = run.recipe.views if self.augment else 0
        if views == 0:
            return self._plain_feed(run, replay)
        if views is None or replay is None:  # fresh views in every epoch can't be recorded
            return _Feed(self._source(self.augment), None, views, [])
        return self._recorded(run, replay, views)

    def _plain_feed(self, run: Run[Any], replay: Replay | None) -> "_Feed":
        """The same without augmentation, for probes and for answers."""
        return self._recorded(run, replay, 0) if replay else _Feed(self._source(None), None, 0, [])

    def _watched(
        self, ticks: Iterator[Tick], run: Run[Any], name: str, checkpoint: Path | None
    ) -> Iterator[Tick]:
        ticks = remember(ticks, run)
        if self.logbook and run.optimisers:
            ticks = logged(ticks, self.logbook, name, run)
        if not checkpoint:
            yield from self.watch(ticks, run) if self.watch else ticks
            return
        with closing(keep(ticks, run, checkpoint, CHECKPOINT_EVERY)) as kept:
            yield from self.watch(kept, run) if self.watch else kept

    def _recorded(self, run: Run[Any], replay: Replay, views: int) -> "_Feed":
        """What the run's frozen prefix gives, recorded; the samples if the record can't be trusted."""
        source = self._source(self.augment if views else None)
        try:
            return _Feed(self._records.source(run, replay, source, views), replay, views, [])
        except CacheRefused as refusal:
            return _Feed(source, None, views, [str(refusal)])

    def _source(self, augment: Augment | None) -> Source:
        """Samples of the data; decoded pictures stay in memory from one run to the next."""
        if augment not in self._sources:
            self._sources[augment] = source_of(self.data, self.backbone, augment)
        return self._sources[augment]


@dataclass(frozen=True)
class _Feed:
    """What a run takes: a source, how to take it, and how many views of each row there are."""

    source: Source
    replay: Replay | None
    views: int | None
    notes: list[str]
