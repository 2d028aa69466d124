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
    """
    budget = settings.budget if asked else settings.budget or BUDGET
    if budget is None:
        assert asked is not None
        return asked, []
    each = step()
    left = MARGIN * (budget - elapsed()) - evaluation * (settings.evaluations + 1)
    fit = max(1, int(left / each))
    if asked and asked <= fit:
        return asked, []
    text = (
        f"a budget of {shown_seconds(budget)} has time for {pluralise(fit, 'step')} of {shown_seconds(each)}"
    )
    more = f" of the {asked} that were asked for" if asked else ""
    return fit, [
        f"Trained for {pluralise(fit, 'step')}{more}: {text}. A larger {spell('budget')} trains longer."
    ]


def points_of(steps: int, evaluations: int) -> list[int]:
    """The steps after which the encoder is evaluated, the last one among them."""
    return sorted({max(1, round(steps * part / evaluations)) for part in range(1, evaluations + 1)})
