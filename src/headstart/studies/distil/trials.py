"""The trainings of a student: on labels alone, smoothed, from scratch, and with what the teacher says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from headstart.core import BadInput, Method, derive_seed, make
from headstart.data.train_test_split import Rows
from headstart.face import spell
from headstart.methods.tuning import TuningSettings
from headstart.session.recipes import recipe_for
from headstart.session.session import Session
from headstart.studies._runner import Trial
from headstart.studies.adapt.fitted_model import to_keep
from headstart.studies.distil import ALONE, DISTILLED, SCRATCH, SMOOTHED, DistilSettings

ROWS_PER_SECOND = 50.0  # of training, for the progress bar until it knows better
SHARED = {each.name for each in fields(TuningSettings)} - {"smoothing"}  # settings that rivals take over
TITLES = {
    ALONE: "fine-tuned on labels alone",
    SMOOTHED: "with label smoothing",
    SCRATCH: "from scratch",
    DISTILLED: "distilled",
}


@dataclass(frozen=True)
class Parts:
    """Rows of the data: to learn from, to choose a student by, to test on."""

    learn: Rows
    held: Rows
    test: Rows


def distillation_of(settings: DistilSettings) -> Method[Any]:
    """The method of distillation, with the temperature and share of labels that were asked for.

    Raises:
        BadInput: it has no such setting.
    """
    method, asked = make(settings.method), {}
    for name in ("temperature", "alpha"):
        value = getattr(settings, name)
        if value is None:
            continue
        if not hasattr(method, name):
            raise BadInput(f"{method.label} has no {name}: leave {spell(name)} out.")
        asked[name] = value
    return replace(method, **asked) if asked else method  # type: ignore[type-var]


def rivals_of(method: Method[Any], settings: DistilSettings, label_kind: str) -> dict[str, Method[Any]]:
    """What each student is trained by, by role; all of a rate and a length."""
    own = {name: getattr(method, name) for name in SHARED if hasattr(method, name)}
    alone = replace(make("fine-tune"), **own)  # type: ignore[type-var]
    smoothed = {SMOOTHED: replace(alone, smoothing=settings.smoothing)}  # type: ignore[type-var]
    return {
        ALONE: alone,
        **({} if label_kind == "numbers" else smoothed),
        SCRATCH: make("from-scratch"),
        DISTILLED: method,
    }


def trials_of(
    name: str, session: Session, parts: Parts, methods: Mapping[str, Method[Any]], settings: DistilSettings
) -> Iterator[Trial]:
    """The trainings of a student, by (student, role, seed); a seed of all roles is a round."""
    for seed in range(settings.seeds):
        for role, method in methods.items():
            step = f"{name} {role} seed {seed}"
            yield Trial(
                (name, role, seed),
                step,
                f"{name} {TITLES[role]}, seed {seed}",
                partial(_fit, session, parts, method, settings, (name, seed), role == DISTILLED and not seed),
                settings.epochs * len(parts.learn) / ROWS_PER_SECOND,
                f"{name}, seed {seed}",
            )


def _fit(
    session: Session,
    parts: Parts,
    method: Method[Any],
    settings: DistilSettings,
    which: tuple[str, int],
    kept: bool,
    checkpoint: Path,
) -> dict[str, Any]:
    """Outputs for the rows to test on and to choose by, and the model where it may be shipped."""
    seed = derive_seed(settings.seed, "student", which[1])  # the same rows in the same order for all roles
    recipe = recipe_for(method, settings, settings.epochs, len(parts.learn), seed)
    fitted = session.fit(
        method, parts.learn, recipe, name=f"{which[0]} {method.label}", checkpoint=checkpoint
    )
    value = {"test": fitted.logits(parts.test)}
    if len(parts.held):
        value["held"] = fitted.logits(parts.held)
    return value | ({"model": to_keep(fitted)} if kept else {})
