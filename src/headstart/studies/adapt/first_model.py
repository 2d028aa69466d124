"""A model that is useful from the first seconds: a probe, saved until a better one is selected."""

import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from headstart.core import BadInput, Diverged, LabelKind, Method, Model, derive_seed
from headstart.data.splits import per_class
from headstart.data.train_test_split import Rows
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe
from headstart.models.backbone import AnyBackbone
from headstart.predictor.save import save_model
from headstart.predictor.training import Training, card
from headstart.runtime.predictions import Decision
from headstart.session.inputs import fit_to_data, loader_of
from headstart.session.recipes import recipe_for
from headstart.session.requirements import frozen_encoder
from headstart.session.scoring import outputs_of
from headstart.session.session import Session
from headstart.studies._runner import Job
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.budget import HALF, Budget
from headstart.studies.adapt.candidates import CrossValidation
from headstart.studies.adapt.evaluation import refit
from headstart.studies.adapt.plan import refit_name
from headstart.studies.curve.subsets import n_strata, strata_for_subsets

EARLY = "fit a probe to some rows"
SOME = 300  # rows that the first model of all is fitted to
TIMED = 16  # rows that tell how long reading one takes
SHARE = 0.03  # of the budget, for reading them


def first_probe(methods: Sequence[Method[Any]], kind: LabelKind) -> Method[Any]:
    """The method that the first model is fitted by: the quickest good one of those solved in one pass."""
    solved = [method for method in methods if method.about.closed_form]
    return next(
        (method for method in solved if isinstance(method, RidgeProbe)), (*solved, linear_probe(kind))[0]
    )


def save_early(job: Job[AdaptSettings], session: Session, method: Method[Any], budget: Budget) -> None:
    """Fit a method to some rows, read at the smallest size, and save it before anything is compared.

    Nothing is done where reading all rows takes no time: data without sizes, such as tables, and few rows;
    nor where half of the budget is over, as there is no time to spare.
    """
    if budget.left() < HALF * budget.seconds < math.inf:
        return
    data, own = session.data, session.backbone
    sizes = data.modality.sizes(data, own.reader)
    if not sizes or len(data) <= SOME:
        return
    wanted = job.settings.size
    small = _smallest(session, job.settings, sizes if wanted is None else (wanted,))
    quick = replace(session, backbone=small, logbook=None)

    def compute() -> dict[str, Any]:
        some = _some_rows(quick, job.settings)
        fitted = replace(quick, data=data.subset(some)).fit(
            method, rows := np.arange(len(some)), recipe_for(method, job.settings, 1, len(rows), 0)
        )
        _save(job, quick, fitted.model, Training(method.label, method.title, len(rows)))
        return {"rows": len(rows)}

    job.folder.once(EARLY, compute)


def _smallest(session: Session, settings: AdaptSettings, sizes: Sequence[int | None]) -> AnyBackbone:
    """The backbone at the last of some sizes, the largest first, that it can be run at."""
    if session.backbone.trained_head is None:
        for size in sizes[::-1]:
            with suppress(BadInput):
                return fit_to_data(session.backbone, session.data, size, settings.fit)
    return session.backbone


def _some_rows(session: Session, settings: AdaptSettings) -> Rows:
    """As many rows of each class, at most `SOME`, as are read within a share of the budget."""
    data, loader = session.data, loader_of(session.data, session.backbone, None)
    seed = derive_seed(settings.seed, EARLY)
    kinds = n_strata(data)

    def of_each(rows: float) -> Rows:
        return per_class(strata_for_subsets(data), max(1, int(rows) // kinds), seed)

    few, encoder = of_each(TIMED)[:TIMED], frozen_encoder(session)
    begun = time.perf_counter()
    outputs_of(encoder, loader, few, session.engine.device)
    a_row = (time.perf_counter() - begun) / len(few)
    return of_each(min(SOME, SHARE * settings.seconds / a_row))


def save_first(job: Job[AdaptSettings], validation: CrossValidation, method: Method[Any]) -> float:
    """Fit a method on all of the training part and save it as the model until a better one is selected.

    One that can't be solved is not saved; its folds say why.

    Returns:
        Seconds that the fit took, the reading of the features with it.
    """
    name, folder, data = refit_name(method), job.folder.path / "model", validation.session.data
    known = job.folder.steps.done(name) or (job.folder.path / job.spec.record_file).exists()
    with suppress(Diverged):
        first = refit(validation, method)
        if not (known and folder.exists()):  # a finished run that goes on keeps its model until the end
            training = Training(method.label, method.title, len(data), first.curve, first.notes)
            _save(job, validation.session, first.model(validation.session_of(method)), training)
    return job.folder.steps.seconds(name)


def _save(job: Job[AdaptSettings], session: Session, model: Model, training: Training) -> None:
    data, training = session.data, replace(training, unfinished=True)
    text, kind = card(training, data.label_kind, data.classes), data.label_kind
    decision = Decision(job.settings.abstain)
    save_model(model, job.folder.path / "model", data.classes, decision, text, kind, training)
