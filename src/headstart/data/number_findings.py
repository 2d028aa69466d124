"""Findings of the data check on regression labels."""

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData
from headstart.data.naming import some
from headstart.face import spell

from .dataset import Dataset
from .finding import Finding, finding

FEW_ROWS = 30  # rows below which results are unreliable
DISTINCT = 10  # values up to which a column looks like classes
REPEATS = 5  # rows for each value, for that
FENCE = 3.0  # interquartile ranges beyond the quartiles: "far out" (Tukey, Exploratory Data Analysis, 1977)
SKEW = 0.6  # of Kelly's coefficient in [-1, 1]; that of the exponential distribution is 0.46

Floats = NDArray[np.float64]


def about_numbers(dataset: Dataset) -> list[Finding]:
    """Findings on few rows, outliers, skewness, and columns that look like classes or tags.

    Raises:
        BadData: fewer than two rows, or a column whose value is the same in all rows, also of the
            training part of the user's own split.
    """
    if len(dataset) < 2:
        raise BadData("One row can be read. Two are needed at least, one to learn from and one to test with.")
    _refuse_constant(dataset, dataset.labels, "all readable rows")
    if dataset.split is not None:
        train = dataset.labels[np.array(dataset.split) == "train"]
        _refuse_constant(dataset, train, "all readable training rows of your split")
    found = []
    if len(dataset) < FEW_ROWS:
        text = f"There are {len(dataset)} rows, fewer than {FEW_ROWS}. All scores will be uncertain."
        found.append(finding("few-examples", "warning", text, []))
    for place, name in enumerate(dataset.classes):
        found += _about_column(dataset, name, dataset.labels[:, place])
    return [*found, *_about_tags(dataset)]


def skewness(values: Floats) -> float:
    """Kelly's coefficient of skewness of values (n,), in [-1, 1], from the deciles.

    >>> skewness(np.array([0.0, 1.0, 2.0, 3.0, 4.0]))
    0.0
    """
    low, middle, high = np.quantile(values, (0.1, 0.5, 0.9)).tolist()
    return (high + low - 2 * middle) / (high - low) if high > low else 0.0


def far_out(values: Floats) -> NDArray[np.int64]:
    """Rows with values more than three interquartile ranges beyond the quartiles, farthest first."""
    low, high = np.quantile(values, (0.25, 0.75)).tolist()
    beyond = np.maximum(low - values, values - high)
    rows = np.flatnonzero(beyond > FENCE * (high - low)) if high > low else np.zeros(0, np.int64)
    return rows[np.argsort(-beyond[rows], kind="stable")].astype(np.int64)


def _about_column(dataset: Dataset, name: str, values: Floats) -> list[Finding]:
    distinct = np.unique(values)
    if len(distinct) <= DISTINCT and len(values) >= REPEATS * len(distinct):
        shown = [f"{value:g}" for value in distinct]
        text = (
            f"{name!r} has {len(distinct)} different values ({', '.join(shown)}). If they are names and not "
            f"amounts, say {spell('task', 'classification')}."
        )
        return [finding("looks-like-classes", "warning" if len(distinct) == 2 else "note", text, shown)]
    found = []
    far = far_out(values)
    if len(far):
        have = "1 row has a value" if len(far) == 1 else f"{len(far)} rows have values"
        text = (
            f"{have} of {name!r} far from all others, such as {values[far[0]]:g} (the median is "
            f"{np.median(values):g}). They weigh much in the squared error; see whether they are right."
        )
        items = [f"{dataset.named(int(row))}: {values[row]:g}" for row in far]
        found.append(finding("outliers", "warning", text, items))
    skew = skewness(values)
    if abs(skew) > SKEW:
        way = " Its logarithm may be easier to learn." if skew > 0 and values.min() > 0 else ""
        side = "large" if skew > 0 else "small"
        text = f"{name!r} has a long tail of {side} values, which weigh most in the squared error.{way}"
        found.append(finding("skewed", "note", text, [f"{name}: {skew:.2f}"]))
    return found


def _about_tags(dataset: Dataset) -> list[Finding]:
    if len(dataset.classes) < 2 or not np.isin(dataset.labels, (0, 1)).all():
        return []
    text = (
        f"All columns hold 0 and 1 alone: {some(dataset.classes)}. If 1 is yes, say "
        f"{spell('task', 'multilabel')}."
    )
    return [finding("looks-like-tags", "warning", text, list(dataset.classes))]


def _refuse_constant(dataset: Dataset, labels: Floats, where: str) -> None:
    same = np.flatnonzero((labels == labels[:1]).all(0))
    if len(same):
        name, value = dataset.classes[same[0]], labels[0, same[0]]
        raise BadData(
            f"{name!r} is {value:g} in {where}: there is nothing to learn. Leave the column out, or add rows."
        )
