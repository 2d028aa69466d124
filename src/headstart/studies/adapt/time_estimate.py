"""How fast training is here, what the steps of a run will take, and what they took, `timings.json`."""

import math
import os
import platform
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from headstart.core import Method
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.run.checkpoint import write_atomically
from headstart.run.state import Run, Tick
from headstart.run.step_cache import file_name, release_memory
from headstart.session.recipes import n_strata, recipe_for
from headstart.session.session import Session
from headstart.studies._runner import Job
from headstart.studies.adapt import AdaptSettings, Result, Timing, Timings
from headstart.studies.adapt.candidates import CrossValidation
from headstart.studies.adapt.final_models import refit_name
from headstart.studies.adapt.layers import LAYERS
from headstart.studies.adapt.plan import Plan
from headstart.studies.adapt.sizes import size_name, size_steps

GUESS = 30.0  # samples a second where none were measured
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


def expected_steps(validation: CrossValidation, methods: Sequence[Method[Any]]) -> dict[str, float]:
    """The names of the coming steps with an estimate of the seconds of each."""
    plan, rows = validation.plan, len(validation.session.data)
    second = 1 / (plan.rate if math.isfinite(plan.rate) else GUESS)
    epoch = rows * second
    steps: dict[str, float] = {}
    for method in methods:
        cheap = method.about.closed_form
        each = 1.0 if cheap else 0.8 * epoch * plan.epochs_of(method) / _faster(method, plan)
        # which of the whole models goes on is not known yet
        count = validation.settings.folds if cheap else min(1, plan.folds)
        steps |= {f"try {method.label} fold {number}": each for number in range(count)}
    for method, k, seeds in size_steps(validation):
        labels = k * n_strata(validation.session.data)
        each = (
            1.0 * seeds
            if method.about.closed_form
            else labels * plan.epochs_of(method) * second / _faster(method, plan)
        )
        steps[size_name(method, k)] = each
    if plan.scratch:
        steps[refit_name(FromScratch())] = epoch * plan.scratch
    return steps | {LAYERS: 0.3 * epoch, "test": 5.0, "save": 1.0}


def _faster(method: Method[Any], plan: Plan) -> float:
    """How many times faster a method trains than one that trains the whole backbone."""
    return 1.0 if method.about.transfers == "nothing" else plan.relative


def write_timings(job: Job[AdaptSettings], record: Result) -> None:
    """Write `timings.json`: what this time took."""
    steps = {name: Timing(**cost) for name, cost in job.folder.steps.spent().items()}
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    names = [candidate.name for candidate in record.candidates]
    timings = Timings(machine, time.perf_counter() - job.started, by_method(steps, names))
    write_atomically(job.folder.path / "timings.json", timings.to_json().encode())


def by_method(steps: dict[str, Timing], names: list[str]) -> dict[str, Timing]:
    """What each method's validation cost together, beside all other steps."""
    found = {}
    for name in names:
        mine = [timing for step, timing in steps.items() if step.startswith(file_name(f"try {name} fold "))]
        if mine:
            peak = max(timing.peak_megabytes for timing in mine)
            found[name] = Timing(sum(timing.seconds for timing in mine), peak)
    return found | {step: timing for step, timing in steps.items() if not step.startswith("try-")}
