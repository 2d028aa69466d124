"""What is predicted for one item: a class, tags or numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadInput, LabelKind
from headstart.face import spell

UNSURE = "unsure"
TAG_THRESHOLD = 0.5  # a tag whose probability is at least this is given
SHOWN = 3  # figures of a prediction that its `repr` shows


def _shorten(figures: Mapping[str, float]) -> str:
    """The largest figures with three digits, for people."""
    first = sorted(figures.items(), key=lambda pair: -pair[1])[:SHOWN]
    more = ", ..." if len(figures) > SHOWN else ""
    return f"{{{', '.join(f'{name!r}: {figure:.3g}' for name, figure in first)}{more}}}"


@dataclass(frozen=True)
class Decision:
    """How the probabilities of classes become a label.

    Attributes:
        abstain: "unsure" is predicted where the probability of the most probable class is below this.
        positive: of a model of two classes, the one that `threshold` is about; None: there is no threshold.
        threshold: the positive class is predicted where its probability is at least this, else the other.
    """

    abstain: float = 0.0
    positive: str | None = None
    threshold: float = 0.5

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """That of a saved model; those of older versions have no threshold.

        Raises:
            BadInput: `abstain_below` or `threshold` is no number in [0, 1].
        """
        numbers = {"abstain_below": config["abstain_below"], "threshold": config.get("threshold", 0.5)}
        for name, value in numbers.items():
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                raise BadInput(f"{name} of the model is {value!r}; it must be a number in [0, 1].")
        return cls(numbers["abstain_below"], config.get("positive"), numbers["threshold"])

    def checked(self, names: Sequence[str]) -> Self:
        """Itself.

        Raises:
            BadInput: `positive` is none of two classes, or `threshold` lies outside [0, 1].
        """
        if self.positive is not None and (self.positive not in names or len(names) != 2):
            raise BadInput(f"positive is {self.positive!r}; it must be one of two classes, not of {names}.")
        if not 0 <= self.threshold <= 1:
            raise BadInput(f"threshold is {self.threshold!r}; it must be in [0, 1].")
        return self

    def moved(self, threshold: float) -> Self:
        """With another threshold.

        Raises:
            BadInput: it lies outside [0, 1], or there are not two classes of which one is positive.
        """
        if self.positive is None:
            raise BadInput(
                f"{spell('threshold')} is {threshold}; it goes with a model of two classes that adapt has "
                "fitted, which says the positive one. Leave it out."
            )
        if not 0 <= threshold <= 1:
            raise BadInput(f"{spell('threshold')} is {threshold}; it must be in [0, 1].")
        return replace(self, threshold=threshold)

    def label(self, row: NDArray[np.float64], names: Sequence[str]) -> tuple[str, float]:
        """The label of a row (k,) of probabilities, and its probability."""
        best = int(row.argmax())
        if row[best] < self.abstain:
            return UNSURE, float(row[best])
        if self.positive is not None:
            positive = names.index(self.positive)
            best = positive if row[positive] >= self.threshold else 1 - positive
        return names[best], float(row[best])


@dataclass(frozen=True)
class PredictedClass:
    """The prediction for one item by a model of classes.

    Attributes:
        label: the most probable class, or the one that the model's threshold says; "unsure" if no class is as
            probable as `abstain` asks.
        probability: of that class, in [0, 1]; of "unsure", that of the most probable class.
        probabilities: of every class; they sum to 1.
    """

    label: str
    probability: float
    probabilities: dict[str, float]

    def __repr__(self) -> str:
        """Short, for lists of them: figures are rounded, of many classes the most probable are named."""
        return f"PredictedClass({self.label!r}, {self.probability:.3g}, {_shorten(self.probabilities)})"


@dataclass(frozen=True)
class PredictedTags:
    """The prediction for one item by a model of tags.

    Attributes:
        tags: those with a probability of 0.5 or more, in the order of the model's outputs.
        probabilities: of every tag, each in [0, 1] by itself.
    """

    tags: tuple[str, ...]
    probabilities: dict[str, float]

    def __repr__(self) -> str:
        """Short, for lists of them: figures are rounded, of many classes the most probable are named."""
        return f"PredictedTags({self.tags!r}, {_shorten(self.probabilities)})"


@dataclass(frozen=True)
class PredictedNumbers:
    """The prediction for one item by a model of numbers.

    Attributes:
        values: of every column, in the units of the labels.
    """

    values: dict[str, float]

    def __repr__(self) -> str:
        """Short, for lists of them: figures are rounded, of many classes the most probable are named."""
        values = ", ".join(f"{name!r}: {value:.6g}" for name, value in self.values.items())
        return f"PredictedNumbers({{{values}}})"


Prediction = PredictedClass | PredictedTags | PredictedNumbers


def to_prediction(
    row: NDArray[np.float64], kind: LabelKind, names: tuple[str, ...], decision: Decision
) -> Prediction:
    """A row (k,) of probabilities or numbers by name."""
    named = dict(zip(names, row.tolist(), strict=True))
    if kind == "numbers":
        return PredictedNumbers(named)
    if kind == "tags":
        return PredictedTags(tuple(name for name, share in named.items() if share >= TAG_THRESHOLD), named)
    return PredictedClass(*decision.label(row, names), named)
