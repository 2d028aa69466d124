"""What a claim is: a statement, what is measured for a seed, and the rule of the verdict, fixed before."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from headstart.claims._lab import Lab
from headstart.core import BadInput
from headstart.metrics.repeats import student
from headstart.records.claims import MeasuredEffect, Panel, Verdict
from headstart.records.record import Interval

Numbers = dict[str, float | list[float]]  # what is measured for one seed, by name
SEEDS = 5  # fewer are too few for an interval that says much


@dataclass(frozen=True)
class Effect:
    """A quantity that is to lie above a margin, computed for each seed from what was measured.

    Attributes:
        title: what it is, such as "LP-FT over fine-tuning, on shifted pictures".
        of: the quantity of a seed; differences are within the seed, so that what is common cancels.
        above: the margin; below 0 where "not much worse" is claimed.
        unit: "points" of differences of shares; else the unit of the quantity, "" of none.
    """

    title: str
    of: Callable[[Numbers], float]
    above: float = 0.0
    unit: str = "points"

    def measure(self, seeds: Sequence[Numbers]) -> MeasuredEffect:
        """The effect over the seeds, at least two."""
        values = [float(self.of(numbers)) for numbers in seeds]
        if not all(map(math.isfinite, values)):
            raise BadInput(f"The effect {self.title!r} is not finite: {values}.")
        found = student(values)
        mean = Interval(found.value, found.low, found.high)
        return MeasuredEffect(self.title, self.unit, self.above, values, mean, judge(mean, self.above))


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim about transfer, declared.

    Attributes:
        number: its place in the gallery.
        name: on the command line, in lower case with hyphens.
        title: the claim as a headline.
        statement: the claim in one or two sentences, as it is tested here.
        paper: where it is from, such as "arXiv:2202.10054".
        data: which data and how many rows, in a sentence.
        compared: what is compared with what, the control included, in a sentence.
        null: what `lab.null` takes away, so that no effect may be found; a noun phrase.
        holds: what to do with it where it holds, in a sentence.
        fails: what to do where it does not.
        effects: all must hold.
        measure: what is measured for a seed; a function of the lab and the seed alone.
        draw: the panels of the figure, from what was measured for each seed.
        seeds: at least 5.
    """

    number: int
    name: str
    title: str
    statement: str
    paper: str
    data: str
    compared: str
    null: str
    holds: str
    fails: str
    effects: tuple[Effect, ...]
    measure: Callable[[Lab, int], Numbers]
    draw: Callable[[Sequence[Numbers]], list[Panel]]
    seeds: int = SEEDS

    def rule(self, seeds: int) -> str:
        """The rule of the verdict in words."""
        parts = "; ".join(f"{each.title}: above {written(each)}" for each in self.effects)
        every = "it" if len(self.effects) == 1 else "each of these"
        return (
            f"It holds if the 95 % interval over {seeds} seeds (paired, Student's t) of {every} lies above "
            f"its margin. {parts}."
        )


def judge(mean: Interval, above: float) -> Verdict:
    """Of an interval: "holds" above the margin, "fails" if none of it is, else "open"."""
    if mean.low > above:
        return "holds"
    return "fails" if mean.high <= above else "open"


def judge_all(effects: Sequence[MeasuredEffect]) -> Verdict:
    """Of a claim: it holds if all its effects do, and fails if one does."""
    verdicts = {effect.verdict for effect in effects}
    if verdicts == {"holds"}:
        return "holds"
    return "fails" if "fails" in verdicts else "open"


def written(effect: Effect | MeasuredEffect, value: float | None = None) -> str:
    """The margin of an effect, or another value of it, with its unit."""
    number = effect.above if value is None else value
    if effect.unit == "points":
        return f"{100 * number:g} points" if value is None else f"{100 * number:.1f} points"
    return (f"{number:g} {effect.unit}" if value is None else f"{number:.3g} {effect.unit}").strip()


def value_of(numbers: Numbers, name: str) -> float:
    """A single value that was measured."""
    value = numbers[name]
    assert isinstance(value, float | int), name
    return float(value)


def difference(first: str, second: str) -> Callable[[Numbers], float]:
    """One measured value less another, for an effect."""
    return lambda numbers: value_of(numbers, first) - value_of(numbers, second)


def mean_of(seeds: Sequence[Numbers], name: str) -> Interval:
    """A measured value over the seeds, with its interval."""
    return interval_of([value_of(numbers, name) for numbers in seeds])


def means_of(seeds: Sequence[Numbers], name: str) -> list[Interval]:
    """A measured list over the seeds: an interval for each place."""
    columns = []
    for numbers in seeds:
        values = numbers[name]
        assert isinstance(values, list), name
        columns.append(values)
    return [interval_of(list(place)) for place in zip(*columns, strict=True)]


def interval_of(values: Sequence[float]) -> Interval:
    """The mean of values with its interval; of a single one it has no width."""
    if len(values) < 2:
        return Interval(fmean(values), fmean(values), fmean(values))
    found = student(values)
    return Interval(found.value, found.low, found.high)
