"""Fit a method on rows of a session's data, stage by stage, resumable and logged."""

import copy
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import Backbone, Distilled, Diverged, Grouped, Head, Method, Model, require_label_kind
from headstart.data.stream import ahead
from headstart.models.words import WordEncoder
from headstart.run.checkpoint import save_state
from headstart.run.frozen import Replay
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.state import Run, Tick
from headstart.run.watch import drain, log, record_losses, resume, save_checkpoints, save_last
from headstart.session.class_shares import correct_shares
from headstart.session.fitted import (
    USUAL,
    Fitted,
    adjust_logits,
    eval_state,
    restore_flags,
    select_on_holdout,
    split_holdout,
)
from headstart.session.fitted import FitOptions as FitOptions
from headstart.session.guiding import about_guides, guides_of, require_guides
from headstart.session.input_pipeline import (
    InputSource,
    LabelUnits,
    MethodInputs,
    batch_stream,
    example_batch,
    method_inputs,
    plain_input,
    require_batch,
    with_views,
)
from headstart.session.requirements import (
    group_notes,
    group_rows,
    label_free_stages,
    learns_from_words,
    learns_on_source_alone,
    require_data,
    row_weights,
)
from headstart.session.session_data import SessionData, SourceTasks
from headstart.session.students import teacher_shapes
from headstart.session.teacher import taught_by
from headstart.session.unsolved import unsolved_as_diverged
from headstart.session.view_use import draws_views, view_cautions

CHECKPOINT_EVERY = 20  # steps


@dataclass
class Session(SessionData):
    """Fits methods on rows of its data."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._words: Session | None = None

    def suited_to(self, method: Method[Any]) -> "Session":
        """This session, or of texts, for a method that learns from columns, one on their words.

        Which words there are is told by all texts of the data; what each counts, by the rows of a fit.
        """
        if not learns_from_words(method, self.backbone):
            return self
        if self._words is None:
            assert self.data.texts is not None
            self._words = replace(self, backbone=WordEncoder.of(self.data.texts), guides=None)
        return self._words

    def fit(
        self,
        method: Method[Any],
        rows: np.ndarray,
        recipe: Recipe,
        *,
        name: str = "",
        checkpoint: Path | None = None,
        options: FitOptions = USUAL,
    ) -> Fitted:
        """Carry out the stages of a method on rows (n,) of the data; each starts from the one before.

        Stages that learn on the source alone take all of its rows. With `checkpoint`, a descent that was
        interrupted goes on from there, or from a file beside it if it is one on the source. Numbers are
        learned in units of their own, see `LabelUnits`; the fitted model predicts in those of the data.

        Args:
            method: with its settings.
            rows: (n,) of the data.
            recipe: how to descend.
            name: of the run, in the log.
            checkpoint: file that an interrupted descent goes on from.
            options: sample weights, an evaluation hook, the head of a saved model.

        Raises:
            BadInput: a stage can't learn this kind of label, or needs other data where there are none.
            Diverged: a loss is no longer a number, or the equations of a stage have no solution in numbers.
        """
        session = self.suited_to(method)
        stages, backbone, head = _begin(session, method, options)
        require_data((method,), "this run", **session.roles)
        holds_out = method.holdout_fraction() > 0
        learn, held = (
            split_holdout(method, session.data, rows, recipe.seed) if holds_out else (rows, rows[:0])
        )
        head = head or _trained_head(session, stages[0], learn)
        weights, cautions = row_weights(session, method, learn, recipe.seed, options.weights)
        fitted: Fitted | None = None
        begin = (backbone, head)
        descends = [number for number, stage in enumerate(stages) if not stage.about.closed_form]
        for number, stage in enumerate(stages):
            if session.source is not None and learns_on_source_alone(stage):
                fitted = _fit_on_source(session.source, stages, number, backbone, recipe, checkpoint)
                head = session.source.transferable_head(fitted.model.head, session.data)
            else:
                last = number == len(stages) - 1
                if stage.about.own_teacher:
                    session, (backbone, head) = taught_by(session, fitted, learn), begin
                started = _start(session, stage, backbone, head, learn, recipe)
                of_stage = FitOptions(weights, options.eval_hook if last else None)
                saved = checkpoint if number == (descends or [len(stages) - 1])[-1] else None
                fitted = _train(session, stage, started, learn, name or method.about.name, saved, of_stage)
                head, cautions = fitted.model.head, [*cautions, *view_cautions(fitted.run)]
            backbone = fitted.model.backbone
        assert fitted is not None
        if holds_out:
            fitted = select_on_holdout(fitted, method, session.data, learn, held, session.metric)
        if any(issubclass(stage.about.needs, Grouped) for stage in stages):
            fitted.notes.extend(group_notes(session.data, learn))
        fitted = correct_shares(session, method, fitted)
        fitted.notes.extend([*cautions, *about_guides(session, method, fitted)])
        fitted = replace(fitted, cautions=cautions)
        if session.logit_adjustment:
            fitted = adjust_logits(fitted, session.data, learn, session.logit_adjustment)
        elif units := LabelUnits.of(session.data.labels[learn]):
            fitted = replace(fitted, model=units.undone(fitted.model))
        restore_flags(fitted.model)
        return fitted


def _begin(
    session: SessionData, method: Method[Any], options: FitOptions
) -> tuple[tuple[Method[Any], ...], Backbone, Head | None]:
    """The stages to carry out, and the backbone and the head that they start from."""
    require_guides(session)
    stages = method.stages(session.data.label_kind)
    if options.first is not None:
        return stages[1:], options.first.backbone, options.first.head
    stages = stages if options.head is None else label_free_stages(stages)
    return stages, session.backbone, options.head


def _trained_head(session: SessionData, stage: Method[Any], rows: np.ndarray) -> Head | None:
    """The head that the backbone came with, for the labels of the data in the units of the rows (n,)."""
    head = None if stage.about.transfers == "nothing" else session.trained_head()
    units = LabelUnits.of(session.data.labels[rows])
    return head if head is None or units is None else units.entered(head)


def _start(
    session: SessionData,
    method: Method[Any],
    backbone: Backbone,
    head: Head | None,
    rows: np.ndarray,
    recipe: Recipe,
) -> tuple[Run[Any], Replay | None]:
    """The run of a stage, and what of it can be replayed from a cache."""
    require_label_kind(method, session.data.label_kind)
    recipe = replace(recipe, **method.recipe_overrides(), precision=session.precision)
    groups = group_rows(session.data, rows) if issubclass(method.about.needs, Grouped) else ()
    task = replace(session.task(len(rows), recipe.seed, copy.deepcopy(head)), groups=groups)
    if issubclass(method.about.needs, Distilled):
        task = replace(task, teacher=teacher_shapes(session, method))
    if session.source is not None:
        sources = [each.task(len(each.data), recipe.seed) for each in session.source.tasks]
        task = replace(task, sources=tuple(sources))
    require_batch(session, method, rows, recipe)
    if draws_views(method):
        task = with_views(session, task, rows, recipe.seed)
    if method.about.closed_form:
        least = len(rows) if session.target is None else min(len(rows), len(session.target.rows))
        recipe = replace(recipe, steps=min(-(-len(rows) // recipe.batch), least), views=0)
    suited = method if backbone.learned else method.at_full_rate()
    run = start(suited, copy.deepcopy(backbone), task, recipe, session.engine, guides_of(session, method))
    if session.cache is None or draws_views(method):
        return run, None
    key = f"{method!r} {head is None}"
    prefix = session.caches.replay(key, run, lambda: example_batch(session, method, rows))
    run.notes |= {"replay": prefix.note} if prefix.note else {}
    return run, prefix.replay


def _train(
    session: SessionData,
    method: Method[Any],
    started: tuple[Run[Any], Replay | None],
    rows: np.ndarray,
    name: str,
    checkpoint: Path | None,
    options: FitOptions = USUAL,
) -> Fitted:
    """Carry out the moves of a started run to its end; `name` and `checkpoint` are those of the stage."""
    (run, replay), eval_hook = started, options.eval_hook
    inputs, plain = _inputs(session, method, run, replay, eval_hook is not None)
    own = inputs.own
    stream = batch_stream(session, method, inputs, rows, run.recipe, options.weights)
    if checkpoint:
        resume(run, checkpoint)
    try:
        with unsolved_as_diverged(), own.replay.on(run.parts) if own.replay else nullcontext():
            ticks: Iterator[Tick] = train(run, ahead(stream))
            if eval_hook is not None:
                ticks = eval_hook.run_at(ticks, lambda: eval_state(session, method, run, plain, rows))
            drain(_watch(session, ticks, run, name, checkpoint))
    except Diverged as error:
        if checkpoint:
            save_last(run, checkpoint, error)
        raise
    if run.average:
        run.parts.load_state_dict(run.parts.state_dict() | run.average.values)
    with unsolved_as_diverged():
        model = method.predictor(run.parts)
    assert isinstance(model, Model)
    curve = [] if method.about.closed_form else list(run.notes.get("curve", []))
    notes = [note for note in (*own.notes, *(run.notes.get(key) for key in ("replay", "accumulate"))) if note]
    # a model that is not the run's own, such as an average of weights, takes samples
    is_own = own.replay is not None and model.backbone is run.parts[own.replay.part]
    plain_own = plain_input(session, run, own.replay if is_own else None)
    return Fitted(method, model, curve, notes, run, plain_own.replay, plain_own.source)


def _inputs(
    session: SessionData, method: Method[Any], run: Run[Any], replay: Replay | None, evaluated: bool
) -> tuple[MethodInputs, tuple[InputSource, InputSource]]:
    """What training takes and what evaluations take; where one can't be cached, none is."""
    if evaluated and not _evaluates_cached(method, run, replay):
        replay = None
    inputs = method_inputs(session, method, run, replay)
    plain = (inputs.own, inputs.own)
    if evaluated:  # recorded before the training, as nothing can be on the way
        own = plain_input(session, run, inputs.own.replay)
        target = session.target
        plain = (own, own if target is None else plain_input(target.session, run, inputs.own.replay))
    if inputs.own.replay is not None and any(each.replay is None for each in plain):
        return _inputs(session, method, run, None, evaluated)
    return inputs, plain


def _evaluates_cached(method: Method[Any], run: Run[Any], replay: Replay | None) -> bool:
    """Whether the predictor is the part that takes cached outputs, and not a copy of it."""
    if replay is None or not run.optimisers:
        return replay is not None
    model = method.predictor(run.parts)
    return isinstance(model, Model) and model.backbone is run.parts[replay.part]


def _fit_on_source(
    source: SourceTasks,
    stages: tuple[Method[Any], ...],
    number: int,
    backbone: Backbone,
    recipe: Recipe,
    checkpoint: Path | None,
) -> Fitted:
    """Carry out a stage on the sources alone; once it is saved it is not computed again."""
    stage, session = stages[number], source.session
    rows = np.arange(len(session.data))
    saved = source.checkpoint(stages, number, checkpoint)
    started = _start(session, stage, backbone, None, rows, source.recipe or recipe)
    fitted, run = _train(session, stage, started, rows, f"{stage.label} on the source", saved), started[0]
    if saved and not run.notes.get("finished"):
        run.notes["finished"] = True
        save_state(run.state_dict(), saved)
    return fitted


def _watch(
    session: SessionData, ticks: Iterator[Tick], run: Run[Any], name: str, checkpoint: Path | None
) -> Iterator[Tick]:
    """The ticks of a run, recorded, logged, saved and shown."""
    ticks = record_losses(ticks, run)
    if session.logbook and run.optimisers:
        ticks = log(ticks, session.logbook, name, run)
    if not checkpoint:
        yield from session.watch(ticks, run) if session.watch else ticks
        return
    with closing(save_checkpoints(ticks, run, checkpoint, CHECKPOINT_EVERY)) as kept:
        yield from session.watch(kept, run) if session.watch else kept
