"""The budget that has room for what the time left out, by how long the trainings of the run took."""

import math
from collections.abc import Sequence
from dataclasses import replace

from headstart.studies.adapt.candidates import CrossValidation
from headstart.studies.adapt.choice import CandidateResult, lacks_time
from headstart.studies.adapt.plan import Plan, fold_name, with_way_out

RATE = "rate of the trainings"  # the decision that keeps it, for a run that goes on


def measured_rate(validation: CrossValidation, results: Sequence[CandidateResult]) -> float:
    """Samples a second in training a whole model, by all finished folds of whole models; 0 if there is none.

    The plan counted on a few steps that were timed before anything was trained.
    """
    plan, progress = validation.plan, validation.folder.progress
    rows = float((validation.folds != 0).sum())
    tried = [result.method for result in _whole(results) if result.folds]
    took = {method.label: progress.by_siblings([fold_name(method, 0)]) for method in tried}
    planned = sum(plan.seconds(method, rows) for method in tried if took[method.label])
    return plan.rate * planned / sum(took.values()) if planned else 0.0


def remeasured(validation: CrossValidation, results: Sequence[CandidateResult]) -> Plan:
    """The plan, with the larger budget by the measured rate and by the folds that were left out in the end.

    The rate is measured once and kept, so that a resumed run says the same, and one that goes on plans by it.
    """
    plan, budget, folds = validation.plan, validation.budget, validation.settings.folds
    if math.isinf(budget.seconds) or math.isinf(plan.rate) or not plan.tuning:
        return plan
    rate = budget.decide(RATE, lambda: measured_rate(validation, results))
    if not rate:
        return plan
    missing = sum(folds - result.folds for result in _whole(results) if lacks_time(result.dropped))
    planned = plan.decisions[:-1] if plan.larger else plan.decisions
    now = replace(plan, rate=rate, decisions=planned, larger=0.0)
    now = with_way_out(now, budget.seconds, missing, int((validation.folds != 0).sum()))
    return replace(now, rate=plan.rate)


def _whole(results: Sequence[CandidateResult]) -> list[CandidateResult]:
    return [result for result in results if not result.method.about.closed_form]
