"""What the metrics are called and how they read: plain data, which knows nothing of torch."""

import math
from dataclasses import dataclass
from typing import Literal

from headstart.records.record import Interval

Unit = Literal["share", "nats", "number", "units"]  # "units": those of the target


@dataclass(frozen=True)
class Measure:
    """A metric as it is told."""

    name: str  # in the records
    title: str  # in plain words
    unit: Unit
    better: Literal["higher", "lower"]
    explanation: str

    @property
    def least(self) -> float:
        """No figure is less."""
        return -math.inf if self.unit == "number" else 0.0

    @property
    def gained(self) -> str:
        """What a difference is counted in: "points", "of R²"."""
        return "points" if self.unit == "share" else f"of {self.title}"

    def figure(self, value: float) -> str:
        """A figure in a sentence: "93 %", "0.73", "2.31"."""
        if self.unit == "share":
            return f"{100 * value:.0f} %"
        return significant(value) if self.unit == "units" else f"{value:.2f}"

    def span(self, interval: Interval) -> str:
        """The 95 % interval in a sentence: "91 to 95 %", "0.70 to 0.76"."""
        low, high = self.figure(interval.low), self.figure(interval.high)
        return f"{low.removesuffix(' %')} to {high}"

    def difference(self, value: float, more: int = 0) -> str:
        """A difference with its sign, in percentage points or as it is: "+12", "-0.10"; `more` decimals."""
        return f"{100 * value:+.{more}f}" if self.unit == "share" else f"{value:+.{2 + more}f}"

    def size(self, value: float) -> str:
        """The size of a difference: "12 points", "0.10"."""
        return f"{100 * abs(value):.0f} points" if self.unit == "share" else f"{abs(value):.2f}"


def significant(value: float, digits: int = 3) -> str:
    """A number in the units of the target, to so many significant digits.

    >>> " ".join(significant(value) for value in (2.3456, -0.01234, 123456.7, 0.0, 99.96, 1.5e-9, 2e12))
    '2.35 -0.0123 123,000 0 100 1.5e-09 2e+12'
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:.0f}"
    rounded = float(f"{value:.{digits - 1}e}")
    if not 1e-4 <= abs(rounded) < 1e9:
        return f"{rounded:.{digits}g}"
    decimals = digits - 1 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(0, decimals)}f}"


ALL = (
    Measure("accuracy", "accuracy", "share", "higher", "The share of rows that are told right."),
    Measure(
        "balanced_accuracy",
        "balanced accuracy",
        "share",
        "higher",
        "The mean over classes of the share of their rows that is told right.",
    ),
    Measure(
        "macro_f1",
        "macro F1",
        "share",
        "higher",
        "The mean over classes or tags of the harmonic mean of precision and recall.",
    ),
    Measure(
        "log_loss",
        "log loss",
        "nats",
        "lower",
        "The mean of minus the logarithm of the probability of what is so.",
    ),
    Measure(
        "calibration_error",
        "calibration error",
        "share",
        "lower",
        "How far what is said to be so sure is from how often it is so, over 15 bins.",
    ),
    Measure(
        "average_precision",
        "average precision",
        "share",
        "higher",
        "How far up the rows with a tag stand when all rows are sorted by its probability, the mean over "
        "tags; sorted at random, it is the share of rows with the tag.",
    ),
    Measure("micro_f1", "micro F1", "share", "higher", "F1 over all pairs of a row and a tag."),
    Measure(
        "exact_match", "exact match", "share", "higher", "The share of rows all of whose tags are right."
    ),
    Measure(
        "hamming_accuracy",
        "Hamming accuracy",
        "share",
        "higher",
        "The share of right pairs of a row and a tag.",
    ),
    Measure(
        "r2",
        "R\u00b2",
        "number",
        "higher",
        "The share of the variance that is explained: 1 is perfect, 0 is that of the mean alone.",
    ),
    Measure("rmse", "RMSE", "units", "lower", "The root of the mean squared error: large errors count more."),
    Measure(
        "mae",
        "mean absolute error",
        "units",
        "lower",
        "How far off the answers are on average, in either direction.",
    ),
    Measure(
        "spearman",
        "rank correlation",
        "number",
        "higher",
        "Spearman's: whether rows of larger numbers get larger answers; 1 is the same order, 0 no relation.",
    ),
)
MEASURES = {one.name: one for one in ALL}
