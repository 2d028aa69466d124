"""How fast a whole model is trained here."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.run.loop import Run, Tick
from headstart.run.recipe import Recipe

from .session import Session
from .settings import Settings

STEPS = 3  # the first warms up


def training_rate(session: Session, settings: Settings) -> float:
    """Samples a second in training the whole backbone; inf if the settings say how long to train."""
    if settings.epochs is not None:
        return float("inf")
    rows = np.arange(min(len(session.data), settings.batch))
    recipe = Recipe(steps=STEPS, batch=len(rows), views=None, seed=settings.seed)
    times: list[float] = []

    def note(ticks: Iterable[Tick], _run: Run[Any]) -> Iterator[Tick]:
        for tick in ticks:
            times.append(time.perf_counter())
            yield tick

    quiet = Session(
        session.backbone,
        session.data,
        precision=session.precision,
        augment=session.augment,
        engine=session.engine,
        watch=note,
    )
    quiet.fit(FineTune(), rows, recipe)
    return len(rows) / float(np.median(np.diff(times)))
