"""A model while it is fitted and after: evaluation on the way, selection on held-out rows, the result."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.core import Descend, Head, Method, Model, SampleLoader, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.splits import holdout
from headstart.data.train_test_split import Rows
from headstart.nn.heads import AdjustedHead
from headstart.records.metric_titles import title_of
from headstart.run.frozen import Replay
from headstart.run.state import Run, Tick
from headstart.session.input_pipeline import InputSource, LabelUnits
from headstart.session.scoring import outputs_of, selection_metric, selection_score
from headstart.session.session_data import SessionData


@dataclass
class Fitted:
    """Result of a fit."""

    method: Method[Any]  # that was fitted
    model: Model  # backbone and head
    curve: list[float]  # the loss of each step; empty for a closed form
    notes: list[str]  # sentences for the record
    run: Run[Any]  # that gave the model
    replay: Replay | None  # of the cached prefix, if `source` gives its outputs
    source: SampleLoader  # of what the run's parts take, in plain views
    cautions: list[str] = field(default_factory=list)  # the notes that question the result

    def logits(self, rows: np.ndarray) -> Tensor:
        """Outputs (n, outputs) on the CPU for rows (n,) of the data that it was fitted in."""
        self.run.parts.eval()
        with self.replay.on(self.run.parts) if self.replay else nullcontext():
            return outputs_of(self.model, self.source, rows, self.run.engine.device)

    @property
    def trained(self) -> int:
        """Number of trained parameters: those that descents changed, or else those of the solved head."""
        descents = [move for move in self.run.moves if isinstance(move, Descend)]
        changed = {id(p): p.numel() for move in descents for p in move.parameters(self.run.parts)}
        return sum(changed.values()) if changed else sum(p.numel() for p in self.model.head.parameters())


@dataclass(frozen=True)
class EvalState:
    """A model in the middle of its training."""

    model: Model  # what would be shipped; its tensors are those that go on learning
    logits: Callable[[Rows], Tensor]  # outputs (n, outputs) for rows (n,) of the data that it is fitted in
    target_logits: Callable[[Rows], Tensor]  # the same for rows of the unlabelled data


@dataclass(frozen=True)
class EvalHook:
    """Callback of the last stage: evaluate the model after chosen steps."""

    steps: frozenset[int]  # after which the model is evaluated, each >= 1
    evaluate: Callable[[int, EvalState], None]  # takes the step and the model

    def run_at(self, ticks: Iterator[Tick], state: Callable[[], EvalState]) -> Iterator[Tick]:
        """The same ticks, with an evaluation after each of the steps."""
        for tick in ticks:
            if tick.step in self.steps:
                self.evaluate(tick.step, state())
            yield tick


def eval_state(
    session: SessionData,
    method: Method[Any],
    run: Run[Any],
    plain: tuple[InputSource, InputSource],
    rows: Rows,
) -> EvalState:
    """The model in the middle of its training; `plain` are the inputs of the data and of the target."""
    units = LabelUnits.of(session.data.labels[rows])
    predictor = method.predictor(run.parts)
    assert isinstance(predictor, Model)
    model = (units.undone(predictor) if units else predictor).eval()
    logits = [partial(outputs_of, model, each.source, device=session.engine.device) for each in plain]
    return EvalState(model, *logits)


def split_holdout(method: Method[Any], data: Dataset, rows: Rows, seed: int) -> tuple[Rows, Rows]:
    """Split the rows (n,) of a fit into those that a method learns from and those it selects by.

    The split is stratified and cuts no group. Where it would leave a class without a row to learn from,
    nothing is held out.
    """
    strata = data.strata[rows]
    learn, held = holdout(
        strata, data.groups_of(rows), method.holdout_fraction(), derive_seed(seed, "held apart")
    )
    if len(held) == 0 or set(strata.tolist()) != set(strata[learn].tolist()):
        return rows, held[:0]
    return rows[learn], rows[held]


def select_on_holdout(
    fitted: Fitted, method: Method[Any], data: Dataset, rows: Rows, held: Rows, metric: str
) -> Fitted:
    """The fit with the model selected by a metric on the `held` rows; `rows` are those it learned from.

    "" is the usual metric of the kind of label.
    """
    title, metric = method.about.title, metric or selection_metric(data.labels)
    if not len(held):
        note = f"{title}: {len(rows)} rows are too few to hold some out, so nothing is left out."
        return replace(fitted, notes=[*fitted.notes, note])
    units, labels = LabelUnits.of(data.labels[rows]), data.labels[held]
    labels = units.standard(labels) if units else labels

    def score(model: nn.Module) -> float:
        assert isinstance(model, Model)
        return selection_score(replace(fitted, model=model).logits(held), labels, metric)

    result = method.select_on_holdout(fitted.run.parts, score)
    model = method.predictor(fitted.run.parts)
    assert isinstance(model, Model)
    by = title_of(metric)
    note = f"{title}, by the {by} on {len(held)} rows that were held out of the training: {result}"
    return replace(fitted, model=model, notes=[*fitted.notes, note])


def adjust_logits(fitted: Fitted, data: Dataset, rows: Rows, strength: float) -> Fitted:
    """The fit with the log of each class's share in the training rows (n,) taken off its logit."""
    if fitted.model.head.prior_free:
        note = f"{fitted.method.about.title} takes all classes as equally frequent: no logit is adjusted."
        return replace(fitted, notes=[*fitted.notes, note])
    counts = torch.from_numpy(np.bincount(data.labels[rows], minlength=len(data.classes)))
    head = AdjustedHead.of(fitted.model.head, counts, strength)
    return replace(fitted, model=Model(fitted.model.backbone, head).eval())


def restore_flags(model: Model) -> None:
    """All of a fitted model requires gradients again, but for what the caller froze, for whoever goes on."""
    frozen: frozenset[str] = getattr(model.backbone, "frozen_parameters", frozenset())
    kept = {id(parameter) for name, parameter in model.backbone.named_parameters() if name in frozen}
    for parameter in model.parameters():
        if parameter.is_floating_point():
            parameter.requires_grad_(id(parameter) not in kept)


@dataclass(frozen=True)
class FitOptions:
    """Optional arguments of `Session.fit`."""

    # (rows of the data,) >= 0, at any scale. None: those of a method that weights source rows, or else 1
    weights: np.ndarray | None = None
    eval_hook: EvalHook | None = None  # evaluates the model while the last stage learns
    # of a saved model, without labels to learn another from: only the stages that need none are carried out
    head: Head | None = None
    first: Model | None = None  # what the first stage gives, if it was carried out before; not of numbers


USUAL = FitOptions()
