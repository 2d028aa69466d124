"""Cross-validation of one configuration after the other on the same folds, each fold a kept step."""

import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadInput, Diverged, derive_seed
from headstart.records.settings import TrainingSettings
from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.session.recipes import recipe_for
from headstart.session.scoring import value
from headstart.session.session import Session
from headstart.studies.search.spaces import Configured

Step = dict[str, Any]


@dataclass(frozen=True)
class CrossValidator:
    """Cross-validation of configurations on one session's data.

    Attributes:
        session: on the training part.
        folds: (rows,) which fold holds a row out.
        settings: of all trainings.
        steps: the finished folds.
        progress: shows the current one.
        budget: seconds from now after which no fold begins; None: any number.
    """

    session: Session
    folds: NDArray[np.int64]
    settings: TrainingSettings
    steps: StepCache
    progress: Progress
    budget: float | None
    begun: float = field(default_factory=time.perf_counter)

    def out_of_time(self) -> bool:
        """Whether no further fold may be begun."""
        return self.budget is not None and time.perf_counter() - self.begun >= self.budget

    def done(self, config: Configured, number: int) -> bool:
        """Whether a fold is finished."""
        return self.steps.done(_name(config, number))

    def fold(self, config: Configured, number: int, shown: str) -> str:
        """Compute a fold unless it is kept; why it failed, with the kind of reason first, or ""."""
        with self.progress.step(shown):
            step = self.steps.once(_name(config, number), lambda: self._fold(config, number))
        return str(step.get("failed", ""))

    def predictions(self, config: Configured, folds: int) -> tuple[Tensor, NDArray[np.int64]]:
        """Logits (n, classes) on the held-out rows of the first folds, which are finished, and these rows."""
        logits = [self.steps.once(_name(config, number), dict)["logits"] for number in range(folds)]
        return torch.cat(logits), np.concatenate([np.flatnonzero(self.folds == n) for n in range(folds)])

    def value(self, config: Configured, folds: int) -> float:
        """The metric of selection over the held-out rows of the first folds."""
        logits, rows = self.predictions(config, folds)
        return value(logits, self.session.data.labels[rows])

    def _fold(self, config: Configured, number: int) -> Step:
        held = np.flatnonzero(self.folds == number)
        rest = np.flatnonzero(self.folds != number)
        name = _name(config, number)
        settings = self.settings if config.lr is None else replace(self.settings, lr=config.lr)
        epochs = settings.epochs
        assert epochs is not None
        recipe = recipe_for(config.method, settings, epochs, len(rest), derive_seed(settings.seed, name))
        try:
            checkpoint = self.steps.checkpoint(name)
            fitted = self.session.fit(config.method, rest, recipe, name=name, checkpoint=checkpoint)
        except Diverged as error:
            return {"failed": f"diverged {error}"}
        except BadInput as error:
            return {"failed": f"refused {error}"}
        return {"logits": fitted.logits(held)}


def _name(config: Configured, number: int) -> str:
    return f"try {config.label} fold {number}"
