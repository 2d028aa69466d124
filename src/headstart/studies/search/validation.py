"""Cross-validation of the configurations of a search, fold by fold; each is kept."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadInput, Diverged, derive_seed, make
from headstart.data.dataset import Dataset
from headstart.data.splits import folds as assign_folds
from headstart.records.record import Interval
from headstart.session.recipes import recipe_for
from headstart.session.scoring import choose_metric, difference, selection_score
from headstart.session.session import Session
from headstart.studies._runner import Job
from headstart.studies.search import SearchSettings, SearchTrial
from headstart.studies.search.backbones import searched
from headstart.studies.search.spaces import Configured


@dataclass(frozen=True)
class CrossValidator:
    """Cross-validation of configurations on the same folds, each fold a kept step."""

    job: Job[SearchSettings]
    sessions: Mapping[str, Session]  # on the training part, by the name of the backbone
    folds: NDArray[np.int64]  # (rows,) which fold holds a row out
    budget: float | None  # seconds from now after which no fold begins; None: any number
    begun: float = field(default_factory=time.perf_counter)

    def out_of_time(self) -> bool:
        """Whether no further fold may be begun."""
        return self.budget is not None and time.perf_counter() - self.begun >= self.budget

    def done(self, config: Configured, number: int) -> bool:
        """Whether a fold is finished."""
        return self.job.folder.steps.done(_name(config, number))

    def fold(self, config: Configured, number: int, shown: str) -> str:
        """Compute a fold unless it is kept; why it failed, with the kind of reason first, or ""."""
        with self.job.step(shown):
            step = self.job.folder.steps.once(_name(config, number), lambda: self._fold(config, number))
        return str(step.get("failed", ""))

    def value(self, config: Configured, folds: int) -> float:
        """The metric over the held-out rows of the first folds, which are finished; the highest is best.

        Where lower figures are better, their sign is turned.
        """
        labels = self._any.data.labels[self._held_out(folds)]
        return selection_score(self._outputs(config, folds), labels, self.metric)

    def difference(self, first: SearchTrial, second: SearchTrial) -> Interval:
        """Score of the first trial less the second's on the same rows."""
        settings = self.job.settings
        several = "" not in self.sessions
        configs = [
            Configured(make(trial.method), trial.lr, trial.backbone if several else "")
            for trial in (first, second)
        ]
        first_outputs, second_outputs = (self._outputs(config, settings.folds) for config in configs)
        rows, data = self._held_out(settings.folds), self._any.data
        truth = data.labels[rows], data.groups_of(rows), settings.seed
        return difference(first_outputs, second_outputs, *truth, self.metric)

    @property
    def metric(self) -> str:
        """The metric of selection."""
        return self._any.metric

    @property
    def _any(self) -> Session:
        return next(iter(self.sessions.values()))

    def _outputs(self, config: Configured, folds: int) -> Tensor:
        """Logits (n, classes) on the held-out rows of the first folds."""
        steps = [self.job.folder.steps.once(_name(config, number), dict) for number in range(folds)]
        return torch.cat([step["logits"] for step in steps])

    def _held_out(self, folds: int) -> NDArray[np.int64]:
        return np.concatenate([np.flatnonzero(self.folds == number) for number in range(folds)])

    def _fold(self, config: Configured, number: int) -> dict[str, Any]:
        rest, name = np.flatnonzero(self.folds != number), _name(config, number)
        settings = self.job.settings.training()
        if config.lr is not None:
            settings = replace(settings, lr=config.lr)
        assert settings.epochs is not None
        seed = derive_seed(settings.seed, name)
        recipe = recipe_for(config.method, settings, settings.epochs, len(rest), seed)
        try:
            checkpoint = self.job.folder.steps.checkpoint(name)
            session = self.sessions[config.backbone]
            fitted = session.fit(config.method, rest, recipe, name=name, checkpoint=checkpoint)
        except Diverged as error:
            return {"failed": f"diverged {error}"}
        except BadInput as error:
            return {"failed": f"refused {error}"}
        return {"logits": fitted.logits(np.flatnonzero(self.folds == number))}


def _name(config: Configured, number: int) -> str:
    return f"try {config.label} fold {number}"


def validator_of(job: Job[SearchSettings], train: Dataset) -> CrossValidator:
    """On the training part, with what former runs have left of the budget."""
    settings, folder = job.settings, job.folder
    metric = choose_metric(train.labels, settings.metric)
    rows = np.arange(len(train))
    more: dict[str, Any] = {"logbook": folder.path / "ticks.jsonl", "metric": metric}
    sessions = {
        name: replace(job, inputs={**job.inputs, "backbone": backbone}).session(train, rows, **more)
        for name, backbone in searched(job.inputs).items()
    }
    folds = assign_folds(train.strata, train.groups, settings.folds, derive_seed(settings.seed, "folds"))
    spent = sum(cost["seconds"] for cost in folder.steps.spent().values())
    return CrossValidator(job, sessions, folds, None if settings.budget is None else settings.budget - spent)
