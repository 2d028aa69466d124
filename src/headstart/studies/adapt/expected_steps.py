"""What a study's steps will take, and what they took."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from headstart.core import Method
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.run.step_cache import file_name
from headstart.studies.adapt import Timing
from headstart.studies.adapt.candidates import CrossValidation
from headstart.studies.adapt.evaluation import LAYERS, size_name, size_steps
from headstart.studies.adapt.fixed_costs import last_steps
from headstart.studies.adapt.plan import fold_name, refit_name
from headstart.studies.adapt.planner import MEASURED, PLAN, recording
from headstart.studies.curve.subsets import n_strata

GUESS = 30.0  # samples a second where none were measured
SOLVED = 1.0  # seconds of a solution, before any was timed


def expected_steps(
    validation: CrossValidation, methods: Sequence[Method[Any]], read: float, rows: Mapping[str, int]
) -> dict[str, float]:
    """The names of the steps that come after the plan with an estimate of the seconds of each.

    Args:
        validation: with its plan.
        methods: that are compared.
        read: seconds that the frozen backbone takes for a row.
        rows: in the parts, see `last_steps`.
    """
    plan, data = validation.plan, validation.session.data
    plan = plan if math.isfinite(plan.rate) else replace(plan, rate=GUESS)
    steps = last_steps(validation.settings, rows, read, 1 + bool(plan.scratch))
    steps |= {LAYERS: 1.2 * read * len(data)}
    whole = [method for method in methods if not method.about.closed_form and plan.tuning]
    for method in whole:  # which of them goes on is not known yet
        each = plan.seconds(method, len(data) - (validation.folds == 0).sum())
        count = plan.folds if method is whole[0] else plan.rivals
        steps |= {fold_name(method, number): each for number in range(count)}
        steps[refit_name(method)] = plan.seconds(method, len(data))
    if whole:
        steps[fold_name(whole[0], 0)] += recording(validation.session, plan, read)
    for method, k, seeds in size_steps(validation):
        some = k * n_strata(data)
        steps[size_name(method, k)] = (
            SOLVED * seeds if method.about.closed_form else plan.seconds(method, some)
        )
    if plan.scratch:
        steps[refit_name(FromScratch())] = plan.seconds(FromScratch(), len(data))
    return steps


def likely_steps(
    validation: CrossValidation, methods: Sequence[Method[Any]], read: float, rows: Mapping[str, int]
) -> dict[str, float]:
    """The same before anything is planned, by a likely plan; with what is solved, and with planning."""
    settings = validation.settings
    solved = [method for method in methods if method.about.closed_form]
    steps = {fold_name(method, number): SOLVED for method in solved for number in range(settings.folds)}
    if validation.plan.tuning and settings.epochs is None:
        steps[PLAN] = MEASURED * settings.seconds
    return steps | expected_steps(validation, methods, read, rows)


def steps_by_method(steps: Mapping[str, Timing], names: Sequence[str]) -> dict[str, Timing]:
    """What each method's validation cost together, beside all other steps."""
    costs = {}
    for name in names:
        own = [timing for step, timing in steps.items() if step.startswith(file_name(f"try {name} fold "))]
        if own:
            peak = max(timing.peak_megabytes for timing in own)
            costs[name] = Timing(sum(timing.seconds for timing in own), peak)
    return costs | {step: cost for step, cost in steps.items() if not step.startswith(("try-", "decide-"))}
