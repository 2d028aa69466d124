"""What each column of a table is worth to a predictor, by permuting it among labelled rows."""

from typing import Any

import numpy as np
from torch import Tensor

from headstart.attribution.permutation import permutation_importance
from headstart.core import BadInput, derive_seed
from headstart.data.dataset import Dataset
from headstart.predictor.explaining import Explainable, forward
from headstart.predictor.parts import column_names, columns_in
from headstart.records.explanation import ColumnImportance
from headstart.records.metric_titles import LOWER_IS_BETTER
from headstart.session.inputs import loader_of
from headstart.session.scoring import metric_value


def column_importance(
    predictor: Explainable, data: Dataset, metric: str, repeats: int, seed: int
) -> tuple[float, list[ColumnImportance]]:
    """The metric on labelled rows as they are, and what it loses by permuting each column, the most first.

    Args:
        predictor: of tables or of rows of numbers.
        data: with labels in the order of the predictor's outputs.
        metric: of this kind of label.
        repeats: permutations of each column.
        seed: of permutations.

    Raises:
        BadInput: the rows are no rows of numbers.
    """
    model: Any = predictor.model
    sign = -1 if metric in LOWER_IS_BETTER else 1
    rows = np.arange(len(data))
    x = loader_of(data, model.backbone, None).fetch(rows, np.full(len(rows), -1))
    if x.ndim != 2:
        raise BadInput(f"The rows have the shape {tuple(x.shape[1:])}; columns are those of rows of numbers.")
    groups, names = columns_in(predictor.schema, x.shape[1]), column_names(predictor.schema, x.shape[1])

    def score(some: Tensor) -> float:
        return sign * metric_value(forward(predictor, some, model), data.labels, metric)

    generator = np.random.Generator(np.random.PCG64(derive_seed(seed, "permute columns")))
    found = permutation_importance(score, x, groups, repeats, generator)
    columns = [ColumnImportance(name, *one) for name, one in zip(names, found, strict=True)]
    return sign * score(x), sorted(columns, key=lambda column: -column.mean)
