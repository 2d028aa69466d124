"""The methods that were tried, best first, as plain rows for a page or a terminal."""

from dataclasses import dataclass

from headstart.study.records import Candidate, Result, Timings

from .words import Shown, in_percent, megabytes, plain, seconds, short

HEADINGS = (
    "method",
    "transfers",
    "adapts",
    "accuracy",
    "balanced accuracy",
    "macro F1",
    "log loss",
    "calibration error",
    "trained parameters",
    "time",
    "peak memory",
    "folds",
    "note",
)


@dataclass(frozen=True)
class Row:
    """A candidate in words; figures that are not known are None or ""."""

    name: str
    title: str
    transfers: str
    adapts: str
    selected: bool
    accuracy: Shown | None
    balanced_accuracy: Shown | None
    macro_f1: Shown | None
    log_loss: Shown | None
    calibration_error: Shown | None
    trained_parameters: str
    seconds: str
    peak_memory: str
    folds: str
    note: str  # why it was dropped

    def cells(self) -> tuple[str, ...]:
        """One text for each of `HEADINGS`."""
        figures = (self.accuracy, self.balanced_accuracy, self.macro_f1, self.log_loss)
        shown = ["" if figure is None else str(figure) for figure in figures]
        error = "" if self.calibration_error is None else str(self.calibration_error)
        cost = (self.trained_parameters, self.seconds, self.peak_memory)
        start = (self.title, self.transfers, self.adapts)
        return (*start, *shown, error, *cost, self.folds, self.note)


def table(result: Result, timings: Timings | None) -> list[Row]:
    """The candidates: the selected first, then by accuracy, then the dropped ones.

    Args:
        result: of a run.
        timings: of the same run; None leaves seconds and memory "".
    """
    return [_row(c, c.name == result.selected, timings) for c in ranked(result)]


def ranked(result: Result) -> list[Candidate]:
    """The selected candidate, the finished ones by falling accuracy, then the dropped ones."""

    def order(candidate: Candidate) -> tuple[bool, bool, int, float, str]:
        accuracy = candidate.scores.accuracy.value if candidate.scores else -1.0
        cut = bool(candidate.dropped)
        folds = candidate.folds if cut else 0
        return candidate.name != result.selected, cut, -folds, -accuracy, candidate.name

    return sorted(result.candidates, key=order)


def _row(candidate: Candidate, selected: bool, timings: Timings | None) -> Row:
    scores = candidate.scores
    cost = timings.steps.get(candidate.name) if timings else None
    return Row(
        name=candidate.name,
        title=candidate.title,
        transfers=candidate.transfers,
        adapts=candidate.adapts,
        selected=selected,
        accuracy=in_percent(scores.accuracy) if scores else None,
        balanced_accuracy=in_percent(scores.balanced_accuracy) if scores else None,
        macro_f1=in_percent(scores.macro_f1) if scores else None,
        log_loss=plain(scores.log_loss) if scores else None,
        calibration_error=in_percent(scores.calibration_error) if scores else None,
        trained_parameters=short(candidate.trained_parameters),
        seconds=seconds(cost.seconds) if cost else "",
        peak_memory=megabytes(cost.peak_megabytes) if cost else "",
        folds=f"{candidate.folds} of {candidate.of_folds}",
        note=candidate.dropped,
    )
