"""Makes the plan: measures how fast training is here, and goes on with an earlier plan."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from headstart.core import Method
from headstart.face import spell
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.report.text import join_words
from headstart.session.recipes import VIEWS
from headstart.session.requirements import needs_source
from headstart.session.session import Session
from headstart.studies._runner import Job
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.budget import HALF, TRAINING, Budget, training_rate
from headstart.studies.adapt.costs import SAFE, SIZES, Amounts
from headstart.studies.adapt.going_on import earlier_sitting
from headstart.studies.adapt.plan import (
    NO_ROOM,
    Plan,
    enough,
    make_plan,
    missing_folds,
    only_upper,
    upper_parts,
    with_way_out,
)
from headstart.studies.adapt.usual_methods import FURTHER, named
from headstart.studies.curve.subsets import default_sizes, n_strata, strata_for_subsets

PLAN = "plan"  # the step
PLANNED = 0.2  # share of the budget, below which no time goes into measuring how fast training is
MEASURED = 0.1  # share of the budget that measuring may take, unless the first way alone takes longer
# times that of reading a row that training a whole model on it takes at least, and how many times faster
# tuning its last blocks is at most: where not even that leaves time for tuning, nothing is measured
QUICKEST, FASTER = 2.0, 6.0
UNFUSED = 1.5  # times the time of reading features that recording outputs within a backbone takes
MOMENT = 1e-6  # seconds that a row takes at least


@dataclass(frozen=True)
class Planner:
    """Makes the plan of a study: what each way of training costs here, and what the time has room for."""

    job: Job[AdaptSettings]
    session: Session
    budget: Budget
    read: float  # seconds that the frozen backbone takes for a row

    @cached_property
    def amounts(self) -> Amounts:
        """Of rows to learn from."""
        data, learned = self.session.data, self.session.backbone.learned
        smallest = int(np.bincount(strata_for_subsets(data), minlength=n_strata(data)).min())
        return Amounts(len(data), smallest, n_strata(data), default_sizes(SIZES, data), learned)

    @cached_property
    def earlier(self) -> Plan | None:
        """The plan of the run with a smaller budget that this one goes on with."""
        before = earlier_sitting(self.job.folder)
        return Plan(**before["plan"]) if before.get("plan") else None

    def plan(self, methods: Sequence[Method[Any]]) -> Plan:
        """For all methods, or without those of the best quality where not all folds of them fit."""
        settings = self.job.settings
        if settings.quality == "fast":
            return replace(make_plan(settings, self.amounts, 1.0, seconds=(0.0, 0.0)), decisions=[_fast()])
        if not self._may_tune(methods):
            return self._without_measuring(methods)
        plan, further = self._for_all(methods), {} if settings.methods else named(FURTHER)
        left_out = [method.label for method in methods if method.label in further]
        if not left_out or plan.rivals == settings.folds:
            return plan
        plan = self._for_all([method for method in methods if method.label not in further])
        said = f"{join_words([further[label].title for label in left_out])} were not tried: {NO_ROOM}"
        return replace(plan, left_out=left_out, decisions=[*plan.decisions, said])

    def likely(self, methods: Sequence[Method[Any]]) -> Plan:
        """What may come, by a guess of the speed, for the remaining time until more is known."""
        settings, left = self.job.settings, SAFE * self.budget.left()
        if settings.quality == "fast" or settings.epochs is not None:
            return make_plan(settings, self.amounts, math.inf if settings.epochs else 1.0, seconds=(0.0, 0.0))
        room = left, min(left, HALF * settings.seconds - self.budget.elapsed())
        return make_plan(
            settings, self.amounts, self._guess(TRAINING), ways=self._ways(methods), seconds=room
        )

    def _guess(self, times: float) -> float:
        """Samples a second in training a whole model, if it takes so many times as long as reading."""
        return 1 / (times * max(self.read, MOMENT))

    def _ways(self, methods: Sequence[Method[Any]]) -> int:
        """Of tuning a whole model; those that learn on the source first count twice."""
        whole = [method for method in methods if not method.about.closed_form]
        return sum(1 + needs_source(method, self.session.data.label_kind) for method in whole)

    def _may_tune(self, methods: Sequence[Method[Any]]) -> bool:
        """Whether there is time to measure how fast tuning is, and for tuning if it is as fast as can be."""
        ways, left = self._ways(methods), SAFE * self.budget.left()
        if left < SAFE * PLANNED * self.job.settings.seconds:
            return False
        if not ways or math.isinf(left) or (self.earlier and self.earlier.tuning):
            return True
        room, rate = (left, left), self._guess(QUICKEST)
        return make_plan(self.job.settings, self.amounts, rate, FASTER, ways, seconds=room).tuning

    def _without_measuring(self, methods: Sequence[Method[Any]]) -> Plan:
        """Probes alone, and the budget that would have room for tuning, by a guess of the speed."""
        settings, ways = self.job.settings, self._ways(methods)
        plan = make_plan(settings, self.amounts, self._guess(TRAINING), ways=ways, seconds=(0.0, 0.0))
        short = max(0.0, plan.short - SAFE * max(0.0, self.budget.left()))
        given = f", if training takes {TRAINING:g} times as long as reading: none was timed"
        return with_way_out(replace(plan, short=short if ways else 0.0), settings.seconds, given=given)

    def _for_all(self, methods: Sequence[Method[Any]]) -> Plan:
        """What is tried of each of the methods alike."""
        settings, left = self.job.settings, self.budget.left()
        ways, begun = self._ways(methods), self.budget.elapsed()
        half = (1.0 if settings.quality == "best" else HALF) * settings.seconds - self.budget.elapsed()
        folds = settings.folds
        rows = len(self.session.data) * (folds - 1) // folds

        def ending(plan: Plan) -> Plan:
            return with_way_out(plan, settings.seconds, missing_folds(plan, ways, folds), rows)

        if self.earlier and self.earlier.tuning:
            return ending(longer(self.earlier, settings, self.amounts, ways, SAFE * left))
        fit = partial(make_plan, settings, self.amounts, self._rate(), ways=ways)
        plan = fit(seconds=(SAFE * left, min(half, SAFE * left)))
        for last in () if settings.methods else upper_parts(len(self.job.inputs["backbone"].blocks)):
            if enough(plan) or self.budget.elapsed() - begun > MEASURED * settings.seconds:
                break
            record = recording(self.session, replace(plan, last=last), self.read)
            room = SAFE * left - record
            fewer = fit(self._rate(last) / self._rate(), seconds=(room, min(half - record, room)))
            missing = min(plan.short or math.inf, fewer.short + record)
            plan = replace(only_upper(fewer, last, self.session.caches.partly), short=missing)
        return ending(plan) if ways and settings.epochs is None else plan

    @cached_property
    def _measured(self) -> dict[int | None, float]:
        """Samples a second in tuning so many of the last blocks, None: all, measured once each."""
        return {}

    def _rate(self, last: int | None = None) -> float:
        if last not in self._measured:
            ways = 1 + len(upper_parts(len(self.job.inputs["backbone"].blocks)))
            done, share = len(self._measured), self.job.progress.share
            share(done / ways)
            self._measured[last] = training_rate(
                self.session,
                self.job.settings,
                FineTune(last=last),
                self.read,
                lambda part: share((done + part) / ways),
            )
        return self._measured[last]


def plan_study(planner: Planner, methods: Sequence[Method[Any]]) -> Plan:
    """What fits the budget; the speed is measured once, so that a resumed run keeps to the plan."""
    return Plan(**planner.job.folder.once(PLAN, lambda: asdict(planner.plan(methods))))


def longer(earlier: Plan, settings: AdaptSettings, amounts: Amounts, ways: int, seconds: float) -> Plan:
    """The plan for a larger budget: trainings of the same length, so that all folds of a method are alike.

    Nothing of what was planned before is taken back.
    """
    alike = replace(settings, epochs=earlier.epochs)
    plan = make_plan(alike, amounts, earlier.rate, earlier.relative, ways, seconds=(seconds, seconds))
    if not plan.tuning or (plan.folds, plan.scratch) < (earlier.folds, earlier.scratch):
        plan = replace(earlier, decisions=earlier.decisions[:-1] if earlier.larger else earlier.decisions)
    elif earlier.last:
        plan = only_upper(plan, earlier.last)
    return replace(plan, larger=0.0)


def recording(session: Session, plan: Plan, read: float) -> float:
    """Seconds in which the outputs of frozen blocks are recorded, all views; 0 where none are."""
    recorded = plan.last is not None and session.caches.partly and math.isfinite(plan.rate)
    views = VIEWS + 1 if session.augment else 1
    return UNFUSED * views * read * len(session.data) if recorded else 0.0


def _fast() -> str:
    return (
        f"Nothing but methods that are solved in one pass was tried, as {spell('quality', 'fast')} says; "
        f"{spell('quality', 'good')} trains whole models too."
    )
