"""The metrics: what they are called, and how their figures are written in sentences, tables and plots."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from headstart.records.metric_titles import LOWER_IS_BETTER, title_of
from headstart.records.record import Interval
from headstart.report.axis import NARROW, STILL, Air, Axis, linear, within
from headstart.report.text import SPACE, Shown, fixed, minus, significant

Unit = Literal["share", "nats", "number", "units"]  # "units": those of the labels
VERDICTS = {"good": "better", "bad": "worse", "even": "no clear difference"}


def tone(gain: Interval) -> str:
    """Whether a gain is "good", "bad" or "even": its interval reaches zero."""
    if gain.low > 0:
        return "good"
    return "bad" if gain.high < 0 else "even"


@dataclass(frozen=True)
class Metric:
    """A metric and how its figures are written: shares in percent, the rest as they are.

    Attributes:
        name: in the records.
        title: in plain words.
        unit: of its figures.
        decimals: of a percentage; figures that are no shares have two more.
        ascii: whether figures are written without special minus signs and spaces, as in records.
        lower: whether lower figures are better.
    """

    name: str
    title: str
    unit: Unit
    decimals: int = 1
    ascii: bool = False
    lower: bool = False

    @property
    def best(self) -> str:
        """The best figure in a word: "highest" or "lowest"."""
        return "lowest" if self.lower else "highest"

    @property
    def saved(self) -> str:
        """What a gain is called: "gained", or "saved" where less is better."""
        return "saved" if self.lower else "gained"

    def merit(self, figure: float) -> float:
        """A figure with its sign turned where lower ones are better: the best has the highest."""
        return -figure if self.lower else figure

    def comparison(self, gain: float) -> str:
        """A gain in words: "1.2 points more", "0.120 less"."""
        less = "fewer" if self.is_share else "less"
        return f"{self.size(abs(gain))} {'more' if (gain >= 0) != self.lower else less}"

    def lead(self, gain: Interval, other: str) -> str:
        """A gain over another in words: "+1.2 points (+0.3 to +2.1) of accuracy over ridge"."""
        if self.lower:
            return f"a {self.title} lower by {self.gained(gain)} than {other}"
        return f"{self.gained(gain)} of {self.title} over {other}"

    @property
    def is_share(self) -> bool:
        """Whether figures are written in percent, and differences in percentage points."""
        return self.unit == "share"

    @property
    def least(self) -> float:
        """No figure is less."""
        return -math.inf if self.unit == "number" else 0.0

    @property
    def most(self) -> float:
        """No figure is more."""
        return math.inf if self.unit in ("nats", "units") else 1.0

    def plain(self, decimals: int = 0) -> "Metric":
        """The same with rounder figures and in ASCII, for sentences in records: "93 %", "0.73"."""
        return replace(self, decimals=decimals, ascii=True)

    @property
    def change_unit(self) -> str:
        """What comes after a difference in a sentence: "points", "of R²"."""
        return "points" if self.is_share else f"of {self.title}"

    def value(self, figure: float) -> str:
        """A figure: "93.1 %", "0.731", "2.35"."""
        return self._figure(figure) + self._percent

    def shown(self, interval: Interval) -> Shown:
        """A figure and the ends of its interval: "93.1 %" and "91.0 to 94.9"."""
        ends = f"{self._figure(interval.low)} to {self._figure(interval.high)}"
        return Shown(self.value(interval.value), ends)

    def span(self, interval: Interval) -> str:
        """The ends of an interval with their unit: "91.0 to 94.9 %"."""
        return self.shown(interval).interval + self._percent

    def change(self, difference: float) -> str:
        """A difference with its sign and without a unit: "+1.2", "-0.120", "+17,100"; zero has no sign."""
        text = self._plainly(difference)
        return self._spell(f"+{text}" if float(text.replace(",", "")) > 0 else text)

    def gained(self, interval: Interval) -> Shown:
        """A difference and the ends of its interval: "+1.2 points", or "+0.120"."""
        ends = f"{self.change(interval.low)} to {self.change(interval.high)}"
        return Shown(self._with_points(self.change(interval.value)), ends)

    def size(self, difference: float) -> str:
        """A difference without a plus sign: "1.2 points", "0.120"."""
        return self._with_points(self.change(difference).removeprefix("+"))

    def axis(self, values: Sequence[float], title: str = "", most: int = 6, air: Air = NARROW) -> Axis:
        """An axis around values, not beyond what the metric can be, which spans five points at least."""
        size = 1.0 if math.isfinite(self.most) else max(map(abs, values)) or 1.0
        return linear(*within(self.least, self.most, values, air, STILL * size), self.tick, title, most)

    def change_axis(self, low: float, high: float, title: str, most: int = 5) -> Axis:
        """An axis of differences."""
        return linear(low, high, self._change_tick, title, most)

    def tick(self, figure: float) -> str:
        """A figure beside an axis: "12.5 %", "0.25"."""
        text = self._tick(figure)
        return f"{text}{SPACE}%" if self.is_share else text

    def _change_tick(self, difference: float) -> str:
        text = self._tick(difference)
        return f"+{text}" if difference > 0 and text != "0" else text

    def _tick(self, figure: float) -> str:
        return minus(fixed(100 * figure, 1).removesuffix(".0") if self.is_share else f"{figure:,.6g}")

    @property
    def _percent(self) -> str:
        return self._spell(f"{SPACE}%") if self.is_share else ""

    def _figure(self, figure: float) -> str:
        return self._spell(self._plainly(figure))

    def _plainly(self, figure: float) -> str:
        if self.unit == "units":
            return significant(figure)
        return fixed(100 * figure, self.decimals) if self.is_share else fixed(figure, self.decimals + 2)

    def _with_points(self, change: str) -> str:
        return self._spell(f"{change}{SPACE}points") if self.is_share else change

    def _spell(self, text: str) -> str:
        return text.replace(SPACE, " ") if self.ascii else minus(text)


UNITS: dict[str, Unit] = {
    "accuracy": "share",
    "balanced_accuracy": "share",
    "macro_f1": "share",
    "log_loss": "nats",
    "calibration_error": "share",
    "average_precision": "share",
    "auc": "number",
    "micro_f1": "share",
    "exact_match": "share",
    "hamming_accuracy": "share",
    "r2": "number",
    "rmse": "units",
    "mae": "units",
    "spearman": "number",
    "claims_held": "share",
}
METRICS = {
    name: Metric(name, title_of(name), unit, lower=name in LOWER_IS_BETTER) for name, unit in UNITS.items()
}
SHARE = Metric("share", "share of rows", "share")


USUAL = {"classes": "accuracy", "tags": "average_precision", "numbers": "r2"}  # by kind of label


def drawn_metric(name: str, label_kind: str) -> Metric:
    """The metric of curves over blocks and labels: the main one, or the usual one where lower is better."""
    metric = get_metric(name)
    return get_metric(USUAL[label_kind]) if metric.lower else metric


def get_metric(name: str) -> Metric:
    """The metric of a name; one that headstart does not know is written as a number."""
    return METRICS.get(name) or Metric(name, title_of(name), "number")
