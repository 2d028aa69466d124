"""How well each tag, or each column of numbers, is told on the test part."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import derive_seed
from headstart.data.dataset import Dataset
from headstart.metrics.intervals import bootstraps, score_all, wilson
from headstart.metrics.tags import average_precisions, score_outputs
from headstart.records.record import Interval
from headstart.session.scoring import as_predictions
from headstart.studies.adapt import ColumnFigures, TagFigures

POINTS = 500  # rows of a column that are drawn
BARS = 31  # of errors; odd, so that the middle one is around 0


def tags_of(test: Dataset, outputs: Tensor, seed: int) -> list[TagFigures]:
    """Figures of each tag by itself, of outputs (n, tags) on the test part; none of another target.

    Average precision has a bootstrap interval over the draws in which a row has the tag, precision and
    recall are shares of rows and have Wilson's.
    """
    if test.label_kind != "tags":
        return []
    scored = score_outputs(as_predictions(outputs, "tags"), test.labels)
    found = bootstraps(
        lambda weights: average_precisions(scored, weights), len(test), derive_seed(seed, "tags")
    )
    both = (scored.known & scored.given).sum(0)
    rows, said = scored.known.sum(0), scored.given.sum(0)
    return [
        TagFigures(
            name=name,
            rows=int(rows[tag]),
            said=int(said[tag]),
            average_precision=Interval(*found[tag]) if rows[tag] else None,
            precision=_share(both[tag], said[tag]),
            recall=_share(both[tag], rows[tag]),
        )
        for tag, name in enumerate(test.classes)
    ]


def columns_of(train: Dataset, test: Dataset, outputs: Tensor, seed: int) -> list[ColumnFigures]:
    """Figures of each column by itself, of outputs (n, columns) on the test part; none of another target."""
    if test.label_kind != "numbers":
        return []
    told, mean = as_predictions(outputs, "numbers"), train.labels.mean(0)
    return [
        _column(name, told[:, [k]], test.labels[:, [k]], float(mean[k]), derive_seed(seed, "columns", k))
        for k, name in enumerate(test.classes)
    ]


def _column(
    name: str, told: NDArray[np.float64], known: NDArray[Any], mean: float, seed: int
) -> ColumnFigures:
    found = score_all(told, known, seed)
    order = np.argsort(known[:, 0], kind="stable")
    shown = order[np.linspace(0, len(order) - 1, min(POINTS, len(order))).round().astype(np.int64)]
    errors = (told - known)[:, 0]
    end = float(np.abs(errors).max()) or 1.0
    counts, _ = np.histogram(errors, BARS, (-end, end))
    return ColumnFigures(
        name=name,
        r2=Interval(*found["r2"]),
        rmse=Interval(*found["rmse"]),
        mae=Interval(*found["mae"]),
        mean_mae=float(np.abs(known - mean).mean()),
        truth=known[shown, 0].tolist(),
        answers=told[shown, 0].tolist(),
        low=-end,
        high=end,
        errors=counts.tolist(),
    )


def _share(some: Any, of: Any) -> Interval | None:
    return Interval(*wilson(int(some), int(of))) if of else None
