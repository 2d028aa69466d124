"""A model that is useful from the first seconds: a probe, saved until a better one is selected."""

from collections.abc import Sequence
from typing import Any

from headstart.core import LabelKind, Method
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe
from headstart.predictor.save import save_model
from headstart.predictor.training import Training, card
from headstart.studies._runner import Job
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.candidates import CrossValidation
from headstart.studies.adapt.evaluation import refit
from headstart.studies.adapt.plan import refit_name


def first_probe(methods: Sequence[Method[Any]], kind: LabelKind) -> Method[Any]:
    """The method that the first model is fitted by: the quickest good one of those solved in one pass."""
    solved = [method for method in methods if method.about.closed_form]
    return next(
        (method for method in solved if isinstance(method, RidgeProbe)), (*solved, linear_probe(kind))[0]
    )


def save_first(job: Job[AdaptSettings], validation: CrossValidation, method: Method[Any]) -> float:
    """Fit a method on all of the training part and save it as the model until a better one is selected.

    Returns:
        Seconds that the fit took, the reading of the features with it.
    """
    name, folder, data = refit_name(method), job.folder.path / "model", validation.session.data
    kept = job.folder.steps.done(name)
    first = refit(validation, method)
    if not kept or not folder.exists():
        training = Training(method.label, method.title, len(data), first.curve, first.notes, unfinished=True)
        text = card(training, data.label_kind, data.classes)
        kind, abstain = data.label_kind, job.settings.abstain
        save_model(
            first.model(validation.session_of(method)), folder, data.classes, abstain, text, kind, training
        )
    return job.folder.steps.seconds(name)
