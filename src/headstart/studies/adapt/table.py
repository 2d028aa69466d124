"""The methods that were tried, best first, as plain rows for a page or a terminal."""

import math
from dataclasses import dataclass

from headstart.report.metric import get_metric
from headstart.report.text import Shown, megabytes, seconds, short
from headstart.studies.adapt import Candidate, Result, Timings


@dataclass(frozen=True)
class Row:
    """A candidate in words; figures that are not known are None or ""."""

    name: str
    title: str
    transfers: str
    adapts: str
    selected: bool
    figures: tuple[Shown | None, ...]  # of each metric, in the order of `metrics`
    trained_parameters: str
    seconds: str
    peak_memory: str
    folds: str
    note: str  # why it was dropped

    selection: Shown | None  # of the metric of selection

    def cells(self) -> tuple[str, ...]:
        """One text for each of `columns`."""
        shown = ["" if figure is None else str(figure) for figure in self.figures]
        cost = (self.trained_parameters, self.seconds, self.peak_memory)
        start = (self.title, self.transfers, self.adapts)
        return (*start, *shown, *cost, self.folds, self.note)


def metrics(result: Result) -> list[str]:
    """The names of the metrics that the candidates and the tested models were judged by, in order."""
    scored = [one.scores for one in result.tested] + [one.scores for one in result.candidates if one.scores]
    return list(scored[0].figures) if scored else []


def headings(result: Result) -> list[str]:
    """Of the columns of figures."""
    return [get_metric(name).title for name in metrics(result)]


def columns(result: Result) -> tuple[str, ...]:
    """Headings of the whole table."""
    cost = ("trained parameters", "time", "peak memory", "folds", "note")
    return ("method", "transfers", "adapts", *headings(result), *cost)


def table(result: Result, timings: Timings | None) -> list[Row]:
    """The candidates: the selected first, then by the main metric, then the dropped ones.

    Args:
        result: of a run.
        timings: of the same run; None leaves seconds and memory "".
    """
    return [_row(c, result, timings) for c in ranked(result)]


def ranked(result: Result) -> list[Candidate]:
    """The selected candidate, the finished ones from the best, then the dropped ones."""

    def order(candidate: Candidate) -> tuple[bool, bool, int, float, str]:
        figure = candidate.scores.main_figure.value if candidate.scores else -math.inf
        cut = bool(candidate.dropped)
        folds = candidate.folds if cut else 0
        return candidate.name != result.selected, cut, -folds, -figure, candidate.name

    return sorted(result.candidates, key=order)


def _row(candidate: Candidate, result: Result, timings: Timings | None) -> Row:
    figures = candidate.scores.figures if candidate.scores else {}
    shown = {name: get_metric(name).shown(figure) for name, figure in figures.items()}
    cost = timings.steps.get(candidate.name) if timings else None
    return Row(
        name=candidate.name,
        title=candidate.title,
        transfers=candidate.transfers,
        adapts=candidate.adapts,
        selected=candidate.name == result.selected,
        figures=tuple(shown.get(name) for name in metrics(result)),
        selection=shown.get(result.selection),
        trained_parameters=short(candidate.trained_parameters),
        seconds=seconds(cost.seconds) if cost else "",
        peak_memory=megabytes(cost.peak_megabytes) if cost else "",
        folds=f"{candidate.folds} of {candidate.of_folds}",
        note=candidate.dropped,
    )
