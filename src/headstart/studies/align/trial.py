"""One method, one seed: trained, evaluated on the way, its best model by a label-free rule kept."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import Head, HeadstartError, LabelKind, Method, Model, derive_seed
from headstart.data.train_test_split import Rows
from headstart.methods.inputs.domains.source_only import SourceOnly
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.methods.tuning import TuningSettings
from headstart.metrics.unlabelled import (
    deep_embedded_validation,
    importance_weighted_validation,
    information_maximisation,
    nuclear_norm,
    soft_neighbourhood_density,
)
from headstart.predictor.save import save_model
from headstart.run.checkpoint import load_state, save_state
from headstart.run.recipe import Recipe
from headstart.run.step_cache import file_name
from headstart.runtime.predictions import Decision
from headstart.session.fitted import EvalHook, EvalState
from headstart.session.recipes import VIEWS
from headstart.session.scoring import as_predictions, selection_score
from headstart.session.session import FitOptions, Session
from headstart.session.session_data import SessionData, Watch
from headstart.solvers.penalty_selection import select_logistic
from headstart.solvers.ratios.classifier import classifier_ratios
from headstart.studies.align import SOURCE_EXPERTS, SOURCE_ONLY, WEIGHTED_SOURCES, AlignSettings
from headstart.studies.align.candidate import Candidate
from headstart.studies.align.data_split import AlignData
from headstart.studies.align.selection import best
from headstart.studies.align.sources import Sources

EPOCHS = 10  # of a training, if neither the settings nor a budget say otherwise


@dataclass(frozen=True)
class Validators:
    """What the scores by which models are selected are computed from; none is a label of the target.

    In every score higher is better.
    """

    kind: LabelKind
    labels: Any  # of the h held-out source rows
    held: Tensor  # features (h, width) of the frozen backbone for these rows
    target: Tensor  # the same for target rows (m, width)
    seed: int  # of the folds of the domain classifier

    def scores(self, held: Tensor, target: Tensor) -> dict[str, float]:
        """All scores of a model with outputs (h, outputs) and (m, outputs); without those that fail."""
        values = {"source": selection_score(held, self.labels)} if len(held) else {}
        scores: dict[str, Callable[[], float]] = {}
        if self.kind == "classes":
            p = as_predictions(target, "classes")
            scores = {
                "im": lambda: information_maximisation(p),
                "bnm": lambda: nuclear_norm(p),
                "snd": lambda: soft_neighbourhood_density(p),
            }
        if len(held):
            losses = losses_of(held, self.labels, self.kind)
            scores |= {
                "iwv": lambda: importance_weighted_validation(losses, self.weights / self.weights.mean()),
                "dev": lambda: deep_embedded_validation(losses, self.weights),
                "reverse": lambda: self.reverse(target),
            }
        for name, compute in scores.items():
            try:
                values[name] = compute()
            except HeadstartError:  # such as a domain without overlap, whose weights can't be estimated
                continue
        return values

    @cached_property
    def weights(self) -> Any:
        """Importance weights (h,) of the held-out source rows, from the frozen features.

        Their mean is as it was estimated, near 1: how far it is off is what DEV corrects by.
        """
        ratios = classifier_ratios(self.held, self.target, seed=self.seed)
        return (ratios.weights * ratios.mean).numpy()

    def reverse(self, outputs: Tensor) -> float:
        """How well a probe that learns predictions for the target, of outputs (m, k), predicts the source.

        Reverse validation (Zhong et al. 2010, doi:10.1007/978-3-642-15939-8_35) on frozen features, by the
        figure that models are selected by. No row of a class that is never predicted is classified correctly.

        Raises:
            HeadstartError: no probe can be fitted to the predictions, such as to a tag that all rows have.
        """
        if self.kind != "classes":
            said = outputs.double() if self.kind == "numbers" else outputs > 0
            head = linear_probe(self.kind).solve(self.target.float(), said, outputs.shape[1])
            with torch.no_grad():
                return selection_score(head(self.held.float()), self.labels)
        predicted = outputs.argmax(1)
        kept, places = torch.unique(predicted, return_inverse=True)
        if len(kept) < 2:
            return 1 / max(1, len(np.unique(self.labels)))
        fit = select_logistic(self.target.double(), places, len(kept), 1.0, None)
        back = kept[(self.held.double() @ fit.weight.double().T + fit.bias.double()).argmax(1)]
        outputs = torch.nn.functional.one_hot(back, int(max(int(kept.max()), self.labels.max())) + 1).float()
        return selection_score(outputs, self.labels)


def starts_from(method: Method[Any], alone: Method[Any], kind: LabelKind) -> bool:
    """Whether a method goes on from what training on the source alone gives, as its settings allow.

    Models of numbers are in the units of the data and can't be gone on from.
    """
    stages = method.stages(kind)
    if kind == "numbers" or len(stages) == 1 or not isinstance(stages[0], SourceOnly):
        return False
    asked = method.changed if isinstance(method, TuningSettings) else stages[0].changed
    differ = [f.name for f in fields(SourceOnly) if getattr(stages[0], f.name) != getattr(alone, f.name)]
    return not any(name in asked for name in differ)


def losses_of(outputs: Tensor, labels: Any, kind: LabelKind) -> NDArray[np.float64]:
    """Losses (n,) of outputs (n, k): 0-1; of tags its mean; of numbers squared errors over the variance."""
    predicted, truth = outputs.double().numpy(), np.asarray(labels)
    if kind == "classes":
        missed: NDArray[np.float64] = (predicted.argmax(1) != truth).astype(np.float64)
        return missed
    truth = truth.reshape(predicted.shape).astype(np.float64)
    if kind == "tags":
        wrong: NDArray[np.float64] = ((predicted > 0) != (truth > 0.5)).mean(1)
        return wrong
    variance = np.maximum(truth.var(0), np.finfo(np.float64).tiny)
    squared: NDArray[np.float64] = (np.square(predicted - truth) / variance).mean(1)
    return squared


@dataclass(frozen=True)
class TrialRunner:
    """Trains methods, evaluates them on the way, and keeps their best models."""

    session: Session  # on the source, with the target beside it
    target: SessionData  # on the target's rows
    rows: AlignData
    settings: AlignSettings
    validators: Validators
    seen: Rows  # of the target, on which the validators compute scores
    folder: Path  # for evaluations and models
    head: Head | None  # of a saved model in the place of the source
    select: str  # a key of `TITLES`
    alone: Method[Any]  # training on the source alone
    sources: Sources | None = None  # if there are several
    starts: dict[int, Model] = field(default_factory=dict)  # what that gives, by seed, for those that go on

    def run(
        self, candidate: Candidate, seed: int, name: str, epochs: int, checkpoint: Path
    ) -> dict[str, Any]:
        """Train, and return the evaluations: scores, answers for the target, outputs for test rows.

        Raises:
            Diverged: the loss stopped being a number.
        """
        method = candidate.method
        recipe = self.recipe(method, seed, epochs)
        if candidate.label == SOURCE_EXPERTS:
            return self._evaluate_experts(name)
        if method.about.closed_form:
            options = FitOptions(head=self.head)
            fitted = self.session.fit(method, self.rows.train, recipe, name=name, options=options)
            return self._evaluate_once(candidate.label, name, fitted.model, fitted.logits, fitted.notes)
        hook = EvalHook(self.steps(recipe.steps, epochs), partial(self.evaluate, candidate.label, name))
        options = FitOptions(eval_hook=hook, head=self.head)
        if starts_from(method, self.alone, self.validators.kind):
            options = replace(options, first=self._start(seed, epochs))
        if candidate.label == WEIGHTED_SOURCES and self.sources is not None:
            weights = self.sources.weights(self.rows.train, len(self.rows.source))
            options = replace(options, weights=weights)
        train = self.rows.train
        fitted = self.session.fit(method, train, recipe, name=name, checkpoint=checkpoint, options=options)
        if candidate.label == SOURCE_ONLY:
            self.starts[seed] = fitted.model
        return {"steps": recipe.steps, "notes": fitted.notes, "evaluations": self._evaluations(name)}

    def fit_briefly(self, candidate: Candidate, steps: int, watch: Watch, hook: EvalHook | None) -> None:
        """So many steps of each stage of a training, for their time alone: `watch` gets the ticks of each."""
        method = candidate.method
        first = self.starts.get(0) if starts_from(method, self.alone, self.validators.kind) else None
        recipe = replace(self.recipe(method, 0, 1), steps=steps)
        options = FitOptions(eval_hook=hook, head=self.head, first=first)
        session = replace(self.session, logbook=None, watch=watch)
        session.fit(method, self.rows.train, recipe, options=options)

    def _start(self, seed: int, epochs: int) -> Model:
        """The model of the source alone that others go on from; trained again if it was in another run."""
        if seed not in self.starts:
            recipe = self.recipe(self.alone, seed, epochs)
            hook = EvalHook(self.steps(recipe.steps, epochs), lambda step, state: None)  # to the same bits
            options = FitOptions(eval_hook=hook)
            self.starts[seed] = self.session.fit(self.alone, self.rows.train, recipe, options=options).model
        return self.starts[seed]

    def evaluate_unadapted(self, model: Model, name: str, _checkpoint: Path) -> dict[str, Any]:
        """The only evaluation of a saved model that is not trained."""
        return self._evaluate_once(SOURCE_ONLY, name, model, partial(self.session.logits, model), [])

    def _evaluate_experts(self, name: str) -> dict[str, Any]:
        """The only evaluation of a probe for each source."""
        assert self.sources is not None
        data = self.rows.source
        model = self.sources.experts(self.session.backbone, data.label_kind, len(data.classes))
        model = model.to(self.session.engine.device)
        return self._evaluate_once(SOURCE_EXPERTS, name, model, partial(self.session.logits, model), [])

    def recipe(self, method: Method[Any], seed: int, epochs: int) -> Recipe:
        """How a method is trained: `epochs` over the larger of both domains."""
        number = derive_seed(self.settings.seed, "align", seed)
        if method.about.closed_form:
            return Recipe(batch=64, seed=number)
        return Recipe(
            steps=self.training_steps(epochs),
            batch=min(self.settings.batch, len(self.rows.train)),
            lr=self.settings.lr,
            views=VIEWS if method.trainable_blocks() else None,
            seed=number,
        )

    def training_steps(self, epochs: int) -> int:
        """Steps of so many epochs over the larger of both domains."""
        rows = max(len(self.rows.train), len(self.rows.learn))
        batch = min(self.settings.batch, len(self.rows.train))
        return max(self.evaluations(epochs), -(-epochs * rows // batch))

    def evaluations(self, epochs: int) -> int:
        """Evaluations of a training: those of the settings, one an epoch where a budget shortens it."""
        shortened = self.settings.epochs is None and epochs < EPOCHS
        return min(self.settings.evaluations, epochs) if shortened else self.settings.evaluations

    def steps(self, total: int, epochs: int) -> frozenset[int]:
        """After which of so many steps a training is evaluated: evenly, and at the end."""
        evaluations = self.evaluations(epochs)
        return frozenset(round(total * (k + 1) / evaluations) for k in range(evaluations))

    def model(self, name: str) -> Path:
        """Folder of the best model of a trial."""
        return self.folder / file_name(name) / "model"

    def _evaluate_once(
        self, label: str, name: str, model: Model, logits: Callable[[Rows], Tensor], notes: list[str]
    ) -> dict[str, Any]:
        self.evaluate(label, name, 1, EvalState(model, logits, partial(self.target.logits, model)))
        return {"steps": 1, "notes": notes, "evaluations": self._evaluations(name)}

    def evaluate(self, label: str, name: str, step: int, state: EvalState) -> None:
        """Write an evaluation down, and the model if it is the best so far by the rule of selection."""
        held, target = _outputs(state.logits, self.rows.held), state.target_logits(self.seen)
        found: dict[str, Any] = {"step": step, "scores": self.validators.scores(held, target)}
        if self.validators.kind == "classes":
            found["answers"] = target.argmax(1)
        before = [evaluation for evaluation in self._evaluations(name) if evaluation["step"] < step]
        path = self.folder / file_name(name)
        path.mkdir(parents=True, exist_ok=True)
        if best(label, [*before, found], self.select) == len(before):
            data = self.rows.source
            save_model(state.model, self.model(name), data.classes, Decision(), "", data.label_kind)
        found["test"] = _outputs(state.target_logits, self.rows.test)
        save_state(found, path / f"{step:08d}.safetensors")

    def _evaluations(self, name: str) -> list[dict[str, Any]]:
        return [load_state(path) for path in sorted((self.folder / file_name(name)).glob("*.safetensors"))]


def _outputs(logits: Callable[[Rows], Tensor], rows: Rows) -> Tensor:
    return logits(rows) if len(rows) else torch.zeros(0)
