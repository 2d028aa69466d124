"""Two classes: how a threshold on the probability of one of them is asked for, and what it brings."""

import math
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from headstart.records.record import Interval, Record

AUTO = "auto"
HALF = 0.5
MAXIMISED = ("f1", "accuracy", "balanced_accuracy", "macro_f1")  # metrics that a threshold can be best for
FORMS = (
    f"a number in (0, 1), auto, max:METRIC with {', '.join(MAXIMISED[:-1])} or {MAXIMISED[-1]}, "
    "recall=NUMBER or precision=NUMBER"
)
LEAST = re.compile(r"(recall|precision)>?=(.+)")


class ThresholdRule(NamedTuple):
    """How a threshold is chosen.

    Attributes:
        aim: "value": it is given; "max": it maximises a metric; "recall" or "precision": the other of the two
            is as high as can be while this one is at least `number`.
        number: the given threshold, or the least recall or precision.
        metric: that is maximised, one of `MAXIMISED` or "auto", the metric of the run.
    """

    aim: Literal["value", "max", "recall", "precision"]
    number: float = HALF
    metric: str = ""


def parse_threshold(value: Any) -> ThresholdRule | None:
    """The rule that a setting names; None if it names none.

    >>> parse_threshold("recall>=0.9")
    ThresholdRule(aim='recall', number=0.9, metric='')
    """
    text = str(value).strip().lower().replace(" ", "")
    if text == AUTO:
        return ThresholdRule("max", metric=AUTO)
    name, _, metric = text.partition(":")
    if name == "max":
        return ThresholdRule("max", metric=metric) if metric in MAXIMISED else None
    found = LEAST.fullmatch(text)
    with suppress(ValueError):
        number = float(found[2] if found else text)
        if found and 0 < number <= 1:
            return ThresholdRule("recall" if found[1] == "recall" else "precision", number)
        return ThresholdRule("value", number) if not found and 0 < number < 1 else None
    return None


@dataclass(frozen=True)
class OperatingPoint(Record):
    """How rows are classified at one threshold: the positive class where its probability is at least that."""

    threshold: float
    predicted: int  # rows that are predicted positive
    recall: Interval | None  # share of the positive rows that are predicted so; None if there are none
    specificity: Interval | None  # share of the negative rows that are predicted so; None if there are none
    precision: Interval | None  # share of the rows predicted positive that are; None if there are none
    f1: Interval  # of the positive class
    accuracy: Interval
    balanced_accuracy: Interval
    macro_f1: Interval


@dataclass(frozen=True)
class CurvePoint(Record):
    """A point of the ROC and the precision-recall curve: rows at or above a threshold are called positive."""

    threshold: float
    recall: float  # the true positive rate
    false_positive_rate: float
    precision: float


@dataclass(frozen=True)
class TwoClasses(Record):
    """How well the positive of two classes is told from the other, at one threshold and at all."""

    positive: str  # name of the class
    positive_why: str  # why this one, such as "it has fewer rows"
    rule: str  # how the threshold was asked for; "" if it was not
    threshold: float  # the positive class is predicted where its probability is at least this
    threshold_why: str  # one sentence
    out_of_fold: OperatingPoint | None  # on the rows that the threshold was chosen by; None if on none
    rows: int  # that are measured
    positives: int  # of them
    auc: Interval | None  # area under the ROC curve; None unless both classes have rows
    average_precision: Interval | None  # likewise
    points: list[OperatingPoint]  # at the threshold, and at 0.5 where that is another
    curve: list[CurvePoint]  # by falling threshold; [] unless both classes have rows


def is_threshold(value: Any) -> bool:
    """Whether a setting names a rule."""
    return parse_threshold(value) is not None


def is_half(threshold: float) -> bool:
    """Whether a threshold is that of the more probable class."""
    return math.isclose(threshold, HALF)
