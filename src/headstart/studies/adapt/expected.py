"""What is still to come, in seconds as the plan counts them; only for the progress bar."""

import math
from collections.abc import Sequence
from typing import Any

from headstart.core import Method
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.session.subsets import kinds_in
from headstart.studies.adapt.candidates import Trials
from headstart.studies.adapt.finals import refit_name
from headstart.studies.adapt.layers import LAYERS
from headstart.studies.adapt.plan import Plan
from headstart.studies.adapt.sizes import size_name, size_steps

GUESS = 30.0  # samples a second where none were measured


def expected_steps(trials: Trials, methods: Sequence[Method[Any]]) -> dict[str, float]:
    """The names of the coming steps with an estimate of the seconds of each."""
    plan, rows = trials.plan, len(trials.session.data)
    second = 1 / (plan.rate if math.isfinite(plan.rate) else GUESS)
    epoch = rows * second
    steps: dict[str, float] = {}
    for method in methods:
        cheap = method.about.closed_form
        each = 1.0 if cheap else 0.8 * epoch * plan.epochs_of(method) / _faster(method, plan)
        # which of the whole models goes on is not known yet
        count = trials.settings.folds if cheap else min(1, plan.folds)
        steps |= {f"try {method.label} fold {number}": each for number in range(count)}
    for method, k, seeds in size_steps(trials):
        labels = k * kinds_in(trials.session.data)
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
