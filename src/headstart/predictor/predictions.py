"""What is predicted for one item: a class, tags or numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.core import LabelKind

UNSURE = "unsure"
TAG_THRESHOLD = 0.5  # a tag whose probability is at least this is given


@dataclass(frozen=True)
class PredictedClass:
    """The prediction for one item by a model of classes.

    Attributes:
        label: the most probable class, or "unsure" if its probability is below the threshold.
        probability: of the most probable class, in [0, 1].
        probabilities: of every class; they sum to 1.
    """

    label: str
    probability: float
    probabilities: dict[str, float]


@dataclass(frozen=True)
class PredictedTags:
    """The prediction for one item by a model of tags.

    Attributes:
        tags: those with a probability of 0.5 or more, in the order of the model's outputs.
        probabilities: of every tag, each in [0, 1] by itself.
    """

    tags: tuple[str, ...]
    probabilities: dict[str, float]


@dataclass(frozen=True)
class PredictedNumbers:
    """The prediction for one item by a model of numbers.

    Attributes:
        values: of every column, in the units of the labels.
    """

    values: dict[str, float]


Prediction = PredictedClass | PredictedTags | PredictedNumbers


def to_prediction(
    row: NDArray[np.float64], kind: LabelKind, names: tuple[str, ...], abstain: float
) -> Prediction:
    """A row (k,) of probabilities or numbers by name; a class below the probability `abstain` is "unsure"."""
    named = dict(zip(names, row.tolist(), strict=True))
    if kind == "numbers":
        return PredictedNumbers(named)
    if kind == "tags":
        return PredictedTags(tuple(name for name, share in named.items() if share >= TAG_THRESHOLD), named)
    best = int(row.argmax())
    return PredictedClass(names[best] if row[best] >= abstain else UNSURE, float(row[best]), named)
