"""How fast a whole model is trained here."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.records.settings import AdaptSettings
from headstart.run.state import Run, Tick
from headstart.run.step_cache import release_memory
from headstart.session.recipes import recipe_for
from headstart.session.session import Session

STEPS = 4  # the first warms up


def training_rate(session: Session, settings: AdaptSettings, method: FineTune) -> float:
    """Samples a second in fine-tuning; inf if the settings say how long to train."""
    if settings.epochs is not None:
        return float("inf")
    data = session.data.subset(np.arange(min(len(session.data), settings.batch)))
    rows = np.arange(len(data))
    recipe = replace(recipe_for(method, settings, 1, len(rows), settings.seed), steps=STEPS)
    times: list[float] = []

    def note(ticks: Iterable[Tick], _run: Run[Any]) -> Iterator[Tick]:
        for tick in ticks:
            times.append(time.perf_counter())
            yield tick

    quiet = replace(session, data=data, logbook=None, watch=note)
    quiet.fit(method, rows, recipe)
    release_memory()
    return len(rows) / float(np.diff(times).min())
