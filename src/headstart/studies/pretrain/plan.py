"""How long a pre-training takes: batch, steps, learning rate, and the points of evaluation."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from headstart.core import BadInput
from headstart.face import spell
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised
from headstart.models.backbone import AnyBackbone
from headstart.report.text import pluralise
from headstart.report.text import seconds as shown_seconds
from headstart.run.recipe import Recipe
from headstart.session.pretraining import usual_rate
from headstart.session.session import Session
from headstart.studies.pretrain import BUDGET, PretrainSettings

FILL_IN = "masked-imputation"  # needs no views, which are hard to choose for cells and words
METHODS = {"texts": FILL_IN, "tables": FILL_IN}  # by kind of data
USUAL = "simclr"
BATCH = 256
TEXTS = 64  # rows of a step
PIXELS = 2**21  # of a step, one view each, so that both views and their gradients fit in memory
LR = 1e-3
BACKWARD = 3  # times a forward, which a step takes at least
USEFUL = 10  # steps
MARGIN = 0.85  # of the time that is left, which steps may take


def usual_method(kind: str) -> str:
    """The method for a kind of data where none is named."""
    return METHODS.get(kind, USUAL)


def batch_of(settings: PretrainSettings, method: SelfSupervised[Any], session: Session, rows: int) -> int:
    """Rows of a step, as given or by the size of a sample; never more than there are.

    Raises:
        BadInput: more were asked for than there are.
    """
    asked = settings.batch or method.batch
    if asked and asked > rows:
        raise BadInput(
            f"{spell('batch', asked)} is more than the {rows} rows to learn from. Take at most {rows}."
        )
    if asked:
        return asked
    if session.backbone.tokens is not None:
        return min(TEXTS, rows)
    if len(session.shape) == 3:
        pixels = session.shape[-1] * session.shape[-2]
        return max(2, min(BATCH, rows, PIXELS // pixels))
    return min(BATCH, rows)


def planned_recipe(
    settings: PretrainSettings,
    method: SelfSupervised[Any],
    backbone: AnyBackbone,
    batch: int,
    rows: int,
    seed: int,
) -> Recipe:
    """The recipe, of one step where neither the settings nor the method give steps."""
    usual = usual_rate(backbone, backbone.learned and method.start == "given", LR)
    return Recipe(
        steps=asked_steps(settings, method, batch, rows) or 1,
        batch=batch,
        lr=settings.lr or method.lr or usual,
        seed=seed,
    )


def asked_steps(settings: PretrainSettings, method: SelfSupervised[Any], batch: int, rows: int) -> int | None:
    """The steps that were asked for, as such or as epochs; None: the budget decides."""
    if settings.steps is not None and settings.epochs is not None:
        raise BadInput(f"Choose one of {spell('steps')} and {spell('epochs')}.")
    if settings.epochs is not None:
        return max(1, -(-settings.epochs * rows // batch))
    return settings.steps or method.steps


def bare(method: SelfSupervised[Any]) -> SelfSupervised[Any]:
    """The method without what the recipe of the study has."""
    return replace(method, steps=None, batch=None, lr=None)


def planned_steps(
    settings: PretrainSettings,
    asked: int | None,
    elapsed: Callable[[], float],
    step: Callable[[], float],
    evaluation: float,
) -> tuple[int, list[str]]:
    """How many steps there are, and a note where the budget has cut or chosen them.

    Args:
        settings: with the budget.
        asked: steps that were asked for; None: the budget decides.
        elapsed: seconds since the start.
        step: measures the seconds of a step; it is not called where there is no budget.
        evaluation: seconds that one took.

    Raises:
        BadInput: there is no time for a single step.
    """
    budget = _budget(settings, asked)
    if budget is None:
        assert asked is not None
        return asked, []
    each, over = step(), elapsed()
    _require_time(settings, budget, over, evaluation, each)
    fit = int(_left(settings, budget, over, evaluation) / each)
    if asked and asked <= fit:
        return asked, []
    text = (
        f"a budget of {shown_seconds(budget)} has time for {pluralise(fit, 'step')} of {shown_seconds(each)}"
    )
    more = f" of the {asked} that were asked for" if asked else ""
    return fit, [
        f"Trained for {pluralise(fit, 'step')}{more}: {text}. A larger {spell('budget')} trains longer."
    ]


def require_time(
    settings: PretrainSettings,
    asked: int | None,
    elapsed: Callable[[], float],
    row: Callable[[], float],
    counts: tuple[int, int],
) -> None:
    """Refuse a budget that is far too short before more than that is spent on the first evaluation.

    Args:
        settings: with the budget.
        asked: steps that were asked for; None: the budget decides.
        elapsed: seconds since the start.
        row: measures the seconds of the features of a row; it is not called where there is no budget.
        counts: rows of an evaluation and of a step.

    Raises:
        BadInput: half of what the evaluations and a step take by this estimate is too long.
    """
    if budget := _budget(settings, asked):
        each, over = row(), elapsed()
        _require_time(settings, budget, over, counts[0] * each, BACKWARD * counts[1] * each, sure=0.5)


def _budget(settings: PretrainSettings, asked: int | None) -> float | None:
    return settings.budget if asked else settings.budget or BUDGET


def _left(settings: PretrainSettings, budget: float, elapsed: float, evaluation: float) -> float:
    """Seconds that are left for steps."""
    return MARGIN * (budget - elapsed) - evaluation * (settings.evaluations + 1)


def _require_time(
    settings: PretrainSettings,
    budget: float,
    elapsed: float,
    evaluation: float,
    each: float,
    sure: float = 1.0,
) -> None:
    """Raise `BadInput` if there is no time for one step; of an estimate by the share of it that is sure."""
    if _left(settings, budget, elapsed, sure * evaluation) >= sure * each:
        return
    count = settings.evaluations
    least = elapsed + (evaluation * (count + 1) + USEFUL * each) / MARGIN
    raise BadInput(
        f"A budget of {shown_seconds(budget)} has no time for a step: {shown_seconds(elapsed)} are over "
        f"before the training, each of {pluralise(count + 1, 'evaluation')} takes about "
        f"{shown_seconds(evaluation)}, a step {shown_seconds(each)}. Set {spell('budget', _round_up(least))} "
        f"or more, which is enough for {USEFUL} steps, or take a smaller backbone or fewer "
        f"{spell('evaluations')}."
    )


def _round_up(duration: float) -> int:
    """Whole seconds of about two digits."""
    step = max(1, 5 * 10 ** (len(str(int(duration))) - 3))
    return int(-(-duration // step) * step)


def points_of(steps: int, evaluations: int) -> list[int]:
    """The steps after which the encoder is evaluated, the last one among them."""
    return sorted({max(1, round(steps * part / evaluations)) for part in range(1, evaluations + 1)})
