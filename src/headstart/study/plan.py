"""What fits into the budget: decided once, before anything is tried, and written down."""

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from headstart.core import Method

from .settings import Settings

EPOCHS = (20, 12, 8, 6, 4, 3, 2)  # of a training, the most that fits is taken
ENOUGH = 6  # epochs; below it, tuning fewer blocks for longer is the better use of the time
SHARE = 0.8  # of the budget that is planned for; the rest is for what takes longer than thought
SIZES = (2, 5, 10, 20, 50)  # labels a class in the size curve
CHEAP = 20.0  # seconds set aside for probes, layers and the report


@dataclass(frozen=True)
class Plan:
    """What is tried.

    Attributes:
        epochs: of each training.
        tuning: whether whole models are trained as candidates.
        scratch: whether the same architecture is trained from random weights to compare with.
        folds: of the cross-validation that whole models may take part in; probes take all.
        sizes: labels a class in the size curve of probes.
        tuned_sizes: labels a class in the size curve of whole models.
        decisions: what was left out and why, in plain sentences.
        rate: samples a second in training a whole model that the plan counted on.
        last: how many of the backbone's last blocks are tuned; None: all.
    """

    epochs: int
    tuning: bool
    scratch: bool
    folds: int
    sizes: list[int]
    tuned_sizes: list[int]
    decisions: list[str]
    rate: float
    last: int | None = None

    def record(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def make_plan(
    settings: Settings,
    rows: int,
    smallest: int,
    classes: int,
    rate: float,
    relative: float = 1.0,
) -> Plan:
    """The plan for a training part and a speed.

    Args:
        settings: budget, folds, epochs and whether a size curve is wanted.
        rows: in the training part.
        smallest: rows of its smallest class.
        classes: number of classes.
        rate: samples a second that a whole model is trained on; inf if time does not matter.
        relative: how many times faster tuning is than training a whole model.
    """
    fold_rows = rows * (settings.folds - 1) // settings.folds
    sizes = [k for k in SIZES if k <= smallest * (settings.folds - 1) // settings.folds]
    tuned_sizes = sizes[-2::-3][::-1] or sizes[-1:] if settings.curve else []
    room = max(0.0, SHARE * settings.budget - CHEAP) * rate if math.isfinite(rate) else rate  # samples
    curve = round((1 + 1 / relative) * sum(k * classes for k in tuned_sizes))
    # both ways of tuning on a fold, one of them again on all
    fold_tries, tries = round(2 * fold_rows / relative), round((2 * fold_rows + rows) / relative)
    wishes = (
        (True, True, curve, ""),
        (True, True, 0, "The size curve has no whole models in it: the budget is too small." * bool(curve)),
        (True, False, 0, "No model was trained from scratch to compare with: the budget is too small."),
        (False, True, 0, "No whole model was fine-tuned: the budget is too small."),
        (False, False, 0, "Nothing but probes was trained: the budget is too small."),
    )
    for tuning, scratch, curved, sentence in wishes:
        said = [sentence] if sentence else []
        samples = tuning * tries + scratch * rows + curved
        epochs = _epochs(settings.epochs, samples, room)
        if epochs or not samples:
            left = (room - samples * epochs) / max(1, fold_tries * epochs)
            folds = 1 + int(min(settings.folds - 1, left)) if tuning else 0
            if 0 < folds < settings.folds:
                said.append(
                    f"Whole models were cross-validated on {folds} of {settings.folds} folds at most: "
                    f"the budget has no room for more."
                )
            return Plan(
                epochs=epochs,
                tuning=tuning,
                scratch=scratch,
                folds=folds,
                sizes=sizes * settings.curve,
                tuned_sizes=tuned_sizes * (curved > 0),
                decisions=said,
                rate=rate,
            )
    raise AssertionError("the last wish is always granted")


def enough(plan: Plan) -> bool:
    """Whether whole models are tuned, and for long enough to show what that brings."""
    return plan.tuning and plan.scratch and (plan.epochs >= ENOUGH or not math.isfinite(plan.rate))


def only_upper(plan: Plan, last: int) -> Plan:
    """The plan, if it tunes, for the last blocks of the backbone alone."""
    if not plan.tuning:
        return plan
    said = (
        f"Only the last {last} blocks of the backbone were fine-tuned, from recorded outputs of those "
        f"below: the budget has no room for all of them."
    )
    return replace(plan, last=last, decisions=[said, *plan.decisions])


def limited(method: Method[Any], last: int | None) -> Method[Any]:
    """The method, made to tune the last blocks only if it would tune all."""
    names = {field.name for field in fields(method)}  # type: ignore[arg-type]
    if last is None or "last" not in names or getattr(method, "last", None) is not None:
        return method
    return replace(method, last=last)  # type: ignore[type-var]


def _epochs(given: int | None, samples: int, room: float) -> int:
    """The most epochs that fit, at least 2; 0 if none does."""
    if given is not None:
        return given if samples * given <= room else 0
    return next((epochs for epochs in EPOCHS if samples * epochs <= room), 0)
