"""The models fitted on the whole training part, and their one prediction of the held-out test part."""

import copy
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from headstart.core import Diverged, Method, Model, derive_seed
from headstart.data.dataset import Dataset
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.nn.heads import make_head
from headstart.session.recipes import recipe_for
from headstart.session.scoring import difference, scores
from headstart.session.session import Session
from headstart.studies.adapt import Curve, Tested
from headstart.studies.adapt.baselines import CONSTANTS, constant, plain, title_of
from headstart.studies.adapt.candidates import CrossValidation


@dataclass(frozen=True)
class FittedModel:
    """A method fitted on all of the training part."""

    method: Method[Any]
    state: dict[str, Tensor]
    head: tuple[str, dict[str, Any]]
    trained: int
    curve: list[float]
    notes: list[str]

    def model(self, session: Session) -> Model:
        """The fitted model on the session's device, in evaluation mode."""
        made = Model(copy.deepcopy(session.backbone), make_head(*self.head))
        made.load_state_dict(self.state)
        return made.to(session.engine.device).eval()

    def shown_curve(self) -> Curve | None:
        """Its learning curve, if it was descended."""
        steps = list(range(1, len(self.curve) + 1))
        return Curve(self.method.label, self.method.title, -1, steps, self.curve) if self.curve else None


def refit(validation: CrossValidation, method: Method[Any]) -> FittedModel:
    """Fit a method on all of the training part; a step of the study."""
    name = refit_name(method)
    rows = np.arange(len(validation.session.data))

    def compute() -> dict[str, Any]:
        seed = derive_seed(validation.settings.seed, name)
        recipe = recipe_for(method, validation.settings, validation.plan.epochs_of(method), len(rows), seed)
        checkpoint = validation.folder.steps.checkpoint(name)
        fitted = validation.session.fit(method, rows, recipe, name=name, checkpoint=checkpoint)
        head = fitted.model.head
        return {
            "state": dict(fitted.model.state_dict()),
            "head": [type(head).__name__, dict(head.settings)],
            "trained": fitted.trained,
            "curve": fitted.curve,
            "notes": fitted.notes,
        }

    kept = validation.folder.once(name, compute)
    if "diverged" in kept:
        raise Diverged(kept["diverged"])
    state, head, trained, curve, notes = kept.values()
    return FittedModel(method, state, tuple(head), trained, curve, notes)


def refit_scratch(validation: CrossValidation) -> FittedModel | None:
    """The same architecture trained from random weights; None if the plan leaves it out or it diverges."""
    with suppress(Diverged):
        return refit(validation, FromScratch()) if validation.plan.scratch else None
    return None


def refit_name(method: Method[Any]) -> str:
    """The step's name."""
    return f"fit {method.label} on the whole training part"


def evaluate_on_test(
    validation: CrossValidation, selected: FittedModel, scratch: FittedModel | None, test: Dataset
) -> tuple[list[Tested], Tensor]:
    """All figures on the test part, which nothing has seen before, and the selected model's logits."""
    predicted = _predict_test(validation, selected, scratch, test)
    logits, labels, seed = predicted["logits"], test.labels, validation.settings.seed
    titles = {
        "selected": (selected.method.title, selected.trained),
        "from-scratch": ("From scratch", scratch.trained if scratch else 0),
    }
    linear = predicted["raw parameters"]
    for name in logits.keys() - titles.keys():
        none = name == CONSTANTS[test.label_kind][0]
        titles[name] = (title_of(name, test.label_kind), 0 if none else linear)
    ours = logits["selected"]
    tested = []
    for name, theirs in logits.items():
        gain = None if name == "selected" else difference(ours, theirs, labels, seed)
        tested.append(Tested(name, *titles[name], scores(theirs, labels, seed), gain))
    return tested, ours


def _predict_test(
    validation: CrossValidation, selected: FittedModel, scratch: FittedModel | None, test: Dataset
) -> dict[str, Any]:
    """Outputs (test rows, outputs) of every model; a step of the study, done once."""
    session, outputs = validation.session, len(test.classes)
    everything = np.arange(len(session.data))

    def compute() -> dict[str, Any]:
        held = Session(session.backbone, test, precision=session.precision, engine=session.engine)
        rows = np.arange(len(test))
        logits = {"selected": held.logits(selected.model(session), rows)}
        if scratch is not None:
            logits["from-scratch"] = held.logits(scratch.model(session), rows)
        raw = plain(session, everything)
        logits[raw.name] = raw.logits(held, rows)
        name, _ = CONSTANTS[test.label_kind]
        logits[name] = constant(session.data.labels, outputs, len(test))
        return {"logits": logits, "raw parameters": sum(p.numel() for p in raw.head.parameters())}

    return validation.folder.once("test", compute)
