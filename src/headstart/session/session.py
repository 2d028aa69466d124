"""Fit methods on rows of a session's data, stage by stage, resumable and logged."""

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import (
    Backbone,
    CannotWrite,
    Diverged,
    Head,
    HeadstartError,
    Method,
    Model,
    require_label_kind,
)
from headstart.data.stream import ahead
from headstart.run.checkpoint import save_state
from headstart.run.frozen import Replay
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.state import Run, Tick
from headstart.run.watch import drain, log, record_losses, resume, save_checkpoints
from headstart.session.evaluation import EvalHook, eval_state, plain_inputs, ships_its_own
from headstart.session.fitted import Fitted as Fitted
from headstart.session.fitted import trained
from headstart.session.holdout_selection import hold_out, selected_model
from headstart.session.input_pipeline import (
    InputSource,
    MethodInputs,
    batch_stream,
    example_batch,
    method_inputs,
    plain_input,
)
from headstart.session.requirements import (
    about_groups,
    group_rows,
    label_free_stages,
    learns_on_source_alone,
    require_data,
    row_weights,
)
from headstart.session.session_data import SessionData, SourceTask
from headstart.session.units import Units


def save_last(run: Run[Any], checkpoint: Path, error: Diverged) -> None:
    """Save the last good weights; where that fails, say so without hiding the error."""
    try:
        save_state(run.state_dict(), checkpoint)
    except CannotWrite as failure:
        raise Diverged(f"{error} {failure}") from error


def logged(ticks: Iterable[Tick], file: Path, name: str, run: Run[Any]) -> Iterator[Tick]:
    """The ticks, each of which is a line in the file.

    Raises:
        CannotWrite: no space or no right.
    """
    try:
        yield from log(ticks, file, name, run)
    except OSError as error:
        if isinstance(error, HeadstartError):
            raise
        raise CannotWrite(f"Can't write {file}: {error.strerror or error}. Free some space.") from error


Watch = Callable[[Iterable[Tick], Run[Any]], Iterator[Tick]]
CHECKPOINT_EVERY = 20  # steps


@dataclass(frozen=True)
class FitOptions:
    """Optional arguments of `Session.fit`.

    Attributes:
        weights: (rows of the data,) >= 0, sample weights, at any scale. None takes those of a method
            that weights source rows, if there is a target, and else 1.
        eval_hook: evaluates the model while the last stage learns.
        head: of a saved model, without labels to learn another from: only the stages that need none are
            carried out.
    """

    weights: np.ndarray | None = None
    eval_hook: EvalHook | None = None
    head: Head | None = None


@dataclass(frozen=True)
class StageOptions:
    """Options of one stage: run name, checkpoint path, sample weights, evaluation hook."""

    name: str
    checkpoint: Path | None
    weights: np.ndarray | None = None
    eval_hook: EvalHook | None = None


@dataclass
class Session(SessionData):
    """Fits methods on rows of its data.

    Attributes:
        logbook: file for the ticks of all runs; None: none.
        watch: wraps the ticks of every run, for a progress bar.
    """

    logbook: Path | None = None
    watch: Watch | None = None

    def fit(
        self,
        method: Method[Any],
        rows: np.ndarray,
        recipe: Recipe,
        *,
        name: str = "",
        checkpoint: Path | None = None,
        options: FitOptions = FitOptions(),
    ) -> Fitted:
        """Carry out the stages of a method on rows (n,) of the data; each starts from the one before.

        Stages that learn on the source alone take all of its rows. With `checkpoint`, a descent that was
        interrupted goes on from there, or from a file beside it if it is one on the source. Numbers are
        learned in units of their own, see `Units`; the fitted model answers in those of the data.

        Args:
            method: with its settings.
            rows: (n,) of the data.
            recipe: how to descend.
            name: of the run, in the log.
            checkpoint: file that an interrupted descent goes on from.
            options: sample weights, an evaluation hook, the head of a saved model.

        Raises:
            BadInput: a stage can't learn what the labels are, or needs other data where there are none.
        """
        backbone: Backbone = self.backbone
        stages, head = method.stages(self.data.label_kind), options.head
        if head is not None:
            stages = label_free_stages(stages)
        given = {"source": bool(self.source), "target": bool(self.target)}
        labelled = bool(self.target and self.target.target_labelled)
        require_data((method,), "this run", **given, target_labelled=labelled)
        rows, held = hold_out(method, self.data, rows, recipe.seed)
        counts, said = row_weights(self, method, rows, recipe.seed, options.weights)
        fitted: Fitted | None = None
        for number, stage in enumerate(stages):
            if self.source is not None and learns_on_source_alone(stage):
                fitted = self._on_source(self.source, stages, number, backbone, recipe, checkpoint)
                head = self.source.transferable_head(fitted.model.head, self.data)
            else:
                last = number == len(stages) - 1
                run, replay = self._start(stage, backbone, head, rows, recipe)
                title, saved = name or method.about.name, checkpoint if last else None
                of_stage = StageOptions(title, saved, counts, options.eval_hook if last else None)
                fitted = self._carry_out(stage, run, replay, rows, of_stage)
                head = fitted.model.head
            backbone = fitted.model.backbone
        assert fitted is not None
        fitted = selected_model(fitted, method, self.data, rows, held)
        fitted.notes.extend((*said, *about_groups(self.data, stages, rows)))
        units = Units.of(self.data.labels[rows])
        return replace(fitted, model=units.undone(fitted.model)) if units else fitted

    def _start(
        self, method: Method[Any], backbone: Backbone, head: Head | None, rows: np.ndarray, recipe: Recipe
    ) -> tuple[Run[Any], Replay | None]:
        require_label_kind(method, self.data.label_kind)
        recipe = replace(recipe, **method.recipe_overrides(), precision=self.precision)
        task = self.task(len(rows), recipe.seed, copy.deepcopy(head))
        task = replace(task, groups=group_rows(self.data, method, rows))
        if self.source is not None:
            task = replace(task, source=self.source.session.task(len(self.source.rows), recipe.seed))
        if method.about.closed_form:
            least = len(rows) if self.target is None else min(len(rows), len(self.target.rows))
            recipe = replace(recipe, steps=min(-(-len(rows) // recipe.batch), least), views=0)
        run = start(method, copy.deepcopy(backbone), task, recipe, self.engine)
        found = self.records.replay(
            f"{method!r} {head is None}", run, lambda: example_batch(self, method, rows)
        )
        run.notes |= {"replay": found.note} if found.note else {}
        return run, found.replay

    def _carry_out(
        self,
        method: Method[Any],
        run: Run[Any],
        replay: Replay | None,
        rows: np.ndarray,
        options: StageOptions,
    ) -> Fitted:
        name, checkpoint, eval_hook = options.name, options.checkpoint, options.eval_hook
        given, plain = self._fed(method, run, replay, eval_hook is not None)
        feed = given[0]
        stream = batch_stream(self, method, given, rows, run.recipe, options.weights)
        if checkpoint:
            resume(run, checkpoint)
        try:
            with feed.replay.on(run.parts) if feed.replay else nullcontext():
                ticks: Iterator[Tick] = train(run, ahead(stream))
                if eval_hook is not None:
                    ticks = eval_hook.run_at(ticks, lambda: eval_state(self, method, run, plain, rows))
                drain(self._watched(ticks, run, name, checkpoint))
        except Diverged as error:
            if checkpoint:
                save_last(run, checkpoint, error)
            raise
        if run.average:
            run.parts.load_state_dict(run.parts.state_dict() | run.average.values)
        model = method.predictor(run.parts)
        assert isinstance(model, Model)
        curve = [] if method.about.closed_form else list(run.notes.get("curve", []))
        said = (run.notes.get(name, "") for name in ("replay", "accumulate"))
        notes = [note for note in (*feed.notes, *said) if note]
        # a model that is not the run's own, such as an average of weights, takes samples
        own = feed.replay is not None and model.backbone is run.parts[feed.replay.part]
        answers = plain_input(self, run, feed.replay if own else None)
        return Fitted(method, model, curve, trained(run, model), notes, run, answers.replay, answers.source)

    def _fed(
        self, method: Method[Any], run: Run[Any], replay: Replay | None, looked: bool
    ) -> tuple[MethodInputs, tuple[InputSource, InputSource]]:
        """What training eats and what looks at it take; where one can't be recorded, none is."""
        if looked and not ships_its_own(method, run, replay):
            replay = None
        given = method_inputs(self, method, run, replay)
        plain = plain_inputs(self, run, given[0].replay) if looked else (given[0], given[0])
        if given[0].replay is not None and any(one.replay is None for one in plain):
            return self._fed(method, run, None, looked)
        return given, plain

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
        assert isinstance(there, Session)
        saved = source.checkpoint(stages, number, checkpoint)
        run, replay = there._start(stage, backbone, None, rows, source.recipe or recipe)
        fitted = there._carry_out(
            stage, run, replay, rows, StageOptions(f"{stage.label} on the source", saved)
        )
        if saved and not run.notes.get("finished"):
            run.notes["finished"] = True
            save_state(run.state_dict(), saved)
        return fitted

    def _watched(
        self, ticks: Iterator[Tick], run: Run[Any], name: str, checkpoint: Path | None
    ) -> Iterator[Tick]:
        ticks = record_losses(ticks, run)
        if self.logbook and run.optimisers:
            ticks = logged(ticks, self.logbook, name, run)
        if not checkpoint:
            yield from self.watch(ticks, run) if self.watch else ticks
            return
        with closing(save_checkpoints(ticks, run, checkpoint, CHECKPOINT_EVERY)) as kept:
            yield from self.watch(kept, run) if self.watch else kept
