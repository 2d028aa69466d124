"""The pre-trainings of a curve: each start once with every seed, kept, and never on a test row."""

import copy
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from headstart.core import Diverged, HeadstartError, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.train_test_split import Rows
from headstart.models.backbone import AnyBackbone
from headstart.run.recipe import Recipe
from headstart.session.pretraining import usual_rate
from headstart.session.session import Session
from headstart.studies._runner import Job, Trial
from headstart.studies._step_times import TIMED, Stopwatch
from headstart.studies._unsolved import as_diverged
from headstart.studies.curve import CurveSettings
from headstart.studies.curve.starts import Start

BATCH = 256  # rows of a step, unless the method says otherwise
PRETRAINING = "pre-training"  # first of the keys of its trials
SAMPLES_PER_SECOND = 200.0  # two views each, for the progress bar until it knows better


@dataclass
class Pretrained:
    """The weights that the methods of a curve begin with.

    Attributes:
        job: whose steps they are.
        session: on the data, with the backbone as it was given.
        rest: rows of its training part, without labels here.
        upstream: other data, without copies of the rows of the data.
    """

    job: Job[CurveSettings]
    session: Session
    rest: Rows
    upstream: Dataset | None
    _sessions: dict[tuple[str, int], Session] = field(default_factory=dict)

    def trials(self, starts: list[Start], seed: int) -> Iterator[Trial]:
        """One for every start that is pre-trained."""
        for start in starts:
            if start.method is not None:
                recipe, rows = self._recipe(start, seed), len(self._rows(start))
                yield Trial(
                    key(start, seed),
                    _name(start, seed),
                    f"{start.title}, seed {seed}",
                    partial(self._compute, start, seed),
                    recipe.steps * min(recipe.batch, rows) / SAMPLES_PER_SECOND,
                    f"pre-training with seed {seed}",
                    measure=partial(self._measure, start, seed),
                )

    def begun(self, start: Start | None, seed: int) -> Session:
        """A session whose backbone has the weights of a start.

        Raises:
            Diverged: its pre-training did.
        """
        if start is None:
            return self.session
        place = (start.label, seed)
        if place not in self._sessions:
            self._sessions = {at: one for at, one in self._sessions.items() if at[1] == seed}
            self._sessions[place] = self.session.with_backbone(self._weights(start, seed))
        return self._sessions[place]

    def rows(self, start: Start) -> int:
        """That a start was pre-trained on."""
        return 0 if start.method is None else len(self._rows(start))

    def _weights(self, start: Start, seed: int) -> AnyBackbone:
        made = start.weights(self.session.backbone, seed)
        if start.method is None:
            return made
        kept = self.job.folder.steps.once(f"try {_name(start, seed)}", dict)
        if "value" not in kept:
            raise Diverged(f"its pre-training was left out: {kept['diverged']}")
        made = copy.deepcopy(made)
        made.load_state_dict(kept["value"])
        made.trained_head = None
        return made

    def _rows(self, start: Start) -> Rows:
        if not start.upstream:
            return self.rest
        assert self.upstream is not None
        return np.arange(len(self.upstream))

    def _recipe(self, start: Start, seed: int) -> Recipe:
        """Of the pre-training, before what the method sets itself."""
        settings, rows, own = self.job.settings, len(self._rows(start)), start.recipe_overrides()
        batch = min(own.get("batch", BATCH), rows)
        steps = -(-settings.pretrain_epochs * rows // batch)
        lr = settings.lr
        if start.without_labels:
            lr = usual_rate(self.session.backbone, start.goes_on(self.session.backbone), lr)
        recipe = Recipe(steps=steps, batch=batch, lr=lr, seed=derive_seed(seed, start.label))
        return replace(recipe, **{name: value for name, value in own.items() if name != "batch"})

    def _session(self, start: Start, seed: int) -> Session:
        """Where a start is pre-trained; nothing of it is cached."""
        begun = self.session.with_backbone(start.weights(self.session.backbone, seed))
        if not start.upstream:
            return replace(begun, cache=None)
        assert self.upstream is not None
        return replace(begun, data=self.upstream, cache=None, metric="")

    def _compute(self, start: Start, seed: int, checkpoint: Path) -> dict[str, Tensor]:
        return self._pretrain(start, self._session(start, seed), self._recipe(start, seed), checkpoint)

    def _pretrain(
        self, start: Start, session: Session, recipe: Recipe, checkpoint: Path | None = None
    ) -> dict[str, Tensor]:
        name, rows = f"pre-train {start.label}", self._rows(start)
        fitted = session.fit(start.pretraining(), rows, recipe, name=name, checkpoint=checkpoint)
        return dict(fitted.model.backbone.state_dict())

    def _measure(self, start: Start, seed: int, left: float) -> float:
        """Seconds that the steps take, by the first ones; 0 if these fail: it will say why."""
        whole = self._recipe(start, seed)
        watch = Stopwatch.with_left(left)
        session = replace(self._session(start, seed), logbook=None, watch=watch.watch)
        with suppress(HeadstartError), as_diverged():
            self._pretrain(start, session, replace(whole, steps=min(TIMED, whole.steps)))
        return sum(usual * whole.steps for _, usual in watch.usual())


def key(start: Start, seed: int) -> Any:
    """Of the trial that pre-trains a start."""
    return (PRETRAINING, start.label, 0, seed)


def _name(start: Start, seed: int) -> str:
    return f"pre-train {start.label}, seed {seed}"
