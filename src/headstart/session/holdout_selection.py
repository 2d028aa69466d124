"""Selection after training: a method picks its final weights by the score on rows held out of the fit."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from headstart.core import Method, Model, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.splits import holdout
from headstart.session.fitted import Fitted
from headstart.session.scoring import selection_of, value
from headstart.session.units import Units

Rows = NDArray[np.int64]
NOBODY = np.zeros(0, dtype=np.int64)


def hold_out(method: Method[Any], data: Dataset, rows: Rows, seed: int) -> tuple[Rows, Rows]:
    """Split the rows (n,) of a fit into those that a method learns from and those it selects by, often none.

    The split is stratified and cuts no group. Where it would leave a class without a row to learn from,
    nothing is held out.
    """
    if not method.holdout_fraction():
        return rows, NOBODY
    strata = data.strata[rows]
    groups = None if data.groups is None else data.groups[rows]
    learn, held = holdout(strata, groups, method.holdout_fraction(), derive_seed(seed, "held apart"))
    if len(held) == 0 or set(strata.tolist()) != set(strata[learn].tolist()):
        return rows, NOBODY
    return rows[learn], rows[held]


def selected_model(fitted: Fitted, method: Method[Any], data: Dataset, rows: Rows, held: Rows) -> Fitted:
    """The fit with the model selected by its score on the `held` rows; `rows` are those it learned from.

    The score is the metric of selection.
    """
    if not method.holdout_fraction():
        return fitted
    if not len(held):
        said = f"{method.about.title}: {len(rows)} rows are too few to hold some out, so nothing is left out."
        return replace(fitted, notes=[*fitted.notes, said])
    units, labels = Units.of(data.labels[rows]), data.labels[held]
    labels = units.standard(labels) if units else labels

    def judge(model: nn.Module) -> float:
        assert isinstance(model, Model)
        return value(replace(fitted, model=model).logits(held), labels)

    said = method.select_on_holdout(fitted.run.parts, judge)
    model = method.predictor(fitted.run.parts)
    assert isinstance(model, Model)
    by = selection_of(data.labels).replace("_", " ")
    note = f"{method.about.title}, by the {by} on {len(held)} rows that were held out of the training: {said}"
    return replace(fitted, model=model, notes=[*fitted.notes, note])
