"""How the figures of each metric are written and drawn: shares in percent, the rest as they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from headstart.records.measures import MEASURES, Measure, significant
from headstart.records.record import Interval
from headstart.report.figures.axis import Axis, linear, within
from headstart.report.text import (
    MINUS,
    SPACE,
    Shown,
    fixed,
    in_percent,
    in_points,
    percent,
    plain,
    round_percent,
    signed,
)

AIR = 0.06  # of the width of the values, beside them


VERDICTS = {"good": "better", "bad": "worse", "even": "no clear difference"}


def tone(gain: Interval) -> str:
    """Whether a gain is "good", "bad" or "even": its interval reaches zero."""
    if gain.low > 0:
        return "good"
    return "bad" if gain.high < 0 else "even"


@dataclass(frozen=True)
class MetricFormat:
    """A metric on a page."""

    measure: Measure

    @property
    def title(self) -> str:
        """The metric in plain words."""
        return self.measure.title

    @property
    def is_share(self) -> bool:
        """Whether it is told in percent, and differences in points."""
        return self.measure.unit == "share"

    def value(self, figure: float) -> str:
        """A figure: "93.1 %", "0.731", "2.35"."""
        if self.is_share:
            return percent(figure)
        return minus(significant(figure)) if self.measure.unit == "units" else minus(fixed(figure, 3))

    def shown(self, interval: Interval) -> Shown:
        """A figure with its interval."""
        if self.is_share:
            return in_percent(interval)
        if self.measure.unit == "nats":
            return plain(interval)
        return Shown(self.value(interval.value), f"{self.value(interval.low)} to {self.value(interval.high)}")

    def gained(self, interval: Interval) -> Shown:
        """A difference with its interval: "+1.2 points", or "+0.120"."""
        if self.is_share:
            return in_points(interval)
        return Shown(
            self.change(interval.value), f"{self.change(interval.low)} to {self.change(interval.high)}"
        )

    def change(self, difference: float) -> str:
        """A difference with its sign and without a unit."""
        if self.is_share:
            return signed(difference)
        text = fixed(difference, 3)
        return f"+{text}" if float(text) > 0 else minus(text)

    def lead(self, difference: float) -> str:
        """The size of a difference: "1.2 points", "0.120"."""
        return (
            f"{self.change(difference).lstrip('+')}{SPACE}points" if self.is_share else fixed(difference, 3)
        )

    def axis(self, values: Sequence[float], title: str = "", most: int = 6) -> Axis:
        """An axis around values, not beyond what the metric can be."""
        return linear(*within(self.measure.least, 1.0, values), self.tick, title, most)

    def changes(self, low: float, high: float, title: str, most: int = 5) -> Axis:
        """An axis of differences."""
        return linear(low, high, self._step, title, most)

    def tick(self, figure: float) -> str:
        """A figure beside an axis."""
        return round_percent(figure) if self.is_share else minus(f"{figure:.6g}")

    def _step(self, difference: float) -> str:
        if self.is_share:
            return signed(difference).removesuffix(".0")
        shown = minus(f"{difference:.6g}")
        return f"+{shown}" if difference > 0 else shown


def metric_format(metric: str) -> MetricFormat:
    """How a metric is written; one that is not known is written as a number."""
    known = MEASURES.get(metric)
    return MetricFormat(known or Measure(metric, metric.replace("_", " "), "number", "higher", ""))


def amount(value: float) -> str:
    """A round number beside an axis, in the units of the target."""
    return minus(f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.6g}")


def minus(text: str) -> str:
    """A number with a real minus sign; zero has none."""
    return text.replace("-", MINUS, 1) if text.startswith("-") else text
