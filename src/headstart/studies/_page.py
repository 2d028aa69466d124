"""What the pages of the studies have in common."""

import importlib
import json
import os
import webbrowser
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from headstart.face import speak, spell
from headstart.records.record import Interval, Record
from headstart.report.html import asset, environment, policy, put
from headstart.report.metric import VERDICTS, Metric, tone
from headstart.report.text import Shown, capitalise, pairs, pluralise
from headstart.run.progress_bar import in_notebook
from headstart.studies._spec import studies

R = TypeVar("R", bound=Record)
HEIGHT = 600  # pixels of a page below a cell


def read_record(kind: type[R], path: Path) -> R:
    """The record in a file.

    Raises:
        BadData: if it can't be read.
    """
    try:
        return kind.read(path)
    except (json.JSONDecodeError, UnicodeDecodeError, TypeError, AttributeError) as error:
        from headstart.core.errors import BadData

        study = "adapt" if path.stem in ("result", "timings") else path.stem
        raise BadData(f"{path} is not a record of headstart: {error}. Run `{study}` again.") from error


@dataclass(frozen=True)
class Cell:
    """A figure of the table, and how it differs from what it is compared with; `str` is for a terminal."""

    value: str
    interval: str = ""
    gain: str = ""  # in points if the metric is a share, "" if it is compared with nothing
    tone: str = ""  # "good", "bad" or "even"
    hover: str = ""

    @classmethod
    def of(cls, figure: Shown) -> "Cell":
        """A figure that is compared with nothing."""
        return cls(figure.value, figure.interval)

    @classmethod
    def compare(
        cls, metric: Metric, mean: float, interval: Interval | None = None, gain: Interval | None = None
    ) -> "Cell":
        """A mean with its interval, and its gain over what it is compared with."""
        between = metric.shown(interval).interval if interval else ""
        if gain is None:
            return cls(metric.value(mean), between)
        verdict = tone(gain)
        hover = f"{metric.gained(gain)}: {VERDICTS[verdict]}"
        return cls(metric.value(mean), between, metric.change(gain.value), verdict, hover)

    def __str__(self) -> str:
        """Such as "93.1 % (91.0 to 94.9) +1.2 better"."""
        between = f" ({self.interval})" if self.interval else ""
        mark = "" if self.gain == "best" else {"good": " better", "bad": " worse"}.get(self.tone, "")
        return f"{self.value}{between}" + (f" {self.gain}{mark}" if self.gain else "")


def cell_text(cell: Cell | None) -> str:
    """The cell for a terminal; "" for none."""
    return "" if cell is None else str(cell)


def over_seeds(counts: Collection[int]) -> str:
    """Over how many seeds means are, as many as were computed for each.

    >>> over_seeds([5, 5]), over_seeds([1, 5]), over_seeds([1])
    ('5 seeds', '1 to 5 seeds', '1 seed')
    """
    least, most = min(counts, default=0), max(counts, default=0)
    return pluralise(most, "seed") if least == most else f"{least} to {pluralise(most, 'seed')}"


def explain_lines(counts: Collection[int], marks: str) -> str:
    """What lines and `marks`, such as bands, are, for points of so many seeds each."""
    if max(counts, default=0) < 2:
        return "Dots are single trainings, as there was one seed: there are no intervals."
    alone = "; a point of one seed has none" if min(counts) < 2 else ""
    return f"Lines join the means of {over_seeds(counts)}, {marks} are their 95 % intervals{alone}."


def explain_means(metric: Metric, part: str, reference: str, counts: Collection[int]) -> str:
    """How to read cells with means over seeds on a part of the data, compared with a reference.

    Args:
        metric: of the cells.
        part: of the data.
        reference: what the gains are over.
        counts: seeds of each cell.
    """
    if max(counts, default=0) < 2:
        return f"{capitalise(metric.title)} on {part}, of one seed: no interval says how far others go."
    gained = "the points gained" if metric.is_share else "what is gained"
    return (
        f"Mean {metric.title} on {part} with its 95 % interval; below it {gained} over {reference}, coloured "
        f"where their interval does not reach zero."
    )


def explain_intervals(others: str, counts: Collection[int]) -> list[str]:
    """What the intervals cover, if any mean is over several seeds: `others` differ from seed to seed."""
    if max(counts, default=0) < 2:
        return []
    said = "Intervals hold with 95 % confidence for the mean over seeds."
    chance = "Of twenty such intervals one may miss by chance."
    return [f"{said} {others}, and other test rows like these: that they cover. {chance}"]


def versions(record: Any) -> list[tuple[str, str]]:
    """Of headstart and the packages that matter."""
    return [("headstart", record.headstart), *sorted(record.versions.items())]


def page_view(record: Any, *, kind: str, task: str, headline: str, **more: Any) -> dict[str, Any]:
    """What the template shows of a record; `more` adds to the parts and replaces them.

    Args:
        record: a `StudyRecord`.
        kind: of the page, such as "size curve".
        task: names of the data.
        headline: one sentence.
        **more: `say`, `legend`, `figure`, `caption`, `facts`, `first` (pictures before the numbers),
            `reading`, `headings`, `rows`, `more`, `smallprint`, `notes`: see `templates/experiment.html`.
    """
    parts = dict.fromkeys(("say", "legend", "facts", "smallprint", "headings", "rows"), ())
    head = {"kind": kind, "task": task, "headline": headline, "figure": "", "caption": "", "reading": ""}
    settings = pairs({name: value for name, value in record.settings.items() if name != "study"})
    return {**parts, **head, **more, "settings": settings, "versions": versions(record)}


def render_page(record: Record, view: dict[str, Any], template: str = "experiment.html") -> str:
    """The page as text; every word of the record is escaped."""
    rules = policy(view.get("script", ""))
    parts = {
        "record": record,
        "view": view,
        "style": asset("style.css") + view.get("style", ""),
        "policy": rules,
    }
    page: str = environment().get_template(template).render(parts)
    return page


def write_page(record: Record, view: dict[str, Any], target: Path, template: str = "experiment.html") -> Path:
    """The page in a file."""
    return put(render_page(record, view, template), target)


def build_page(run: Path) -> Path:
    """Write the page of a finished study.

    The same records in a folder of the same name give the same bytes.

    Args:
        run: the output folder of a study.

    Returns:
        The path of the page.

    Raises:
        BadInput: if there is no record.
        BadData: if a record can't be read.
        MissingPackage: if jinja2 is not installed.
        CannotWrite: if the page can't be written.
    """
    from headstart.core import BadInput

    run = Path(run)
    for spec in studies():
        if (file := run / spec.record_file).is_file():
            module = spec.module("page")
            record = read_record(spec.record, file)
            with speak(command_line=bool(record.command)):
                view = module.view(record, run) if spec.reads_folder else module.view(record)
            template = getattr(module, "TEMPLATE", "experiment.html")
            return write_page(record, view, run / spec.page_file, template)
    raise BadInput(
        f"{run} holds no record of a study, such as result.json. Finish the study first, with "
        f"{spell('resume', True)}."
    )


def show_page(page: Path) -> None:
    """Show a page: below the cell of a notebook, elsewhere in the browser."""
    if in_notebook():
        display: Any = importlib.import_module("IPython.display")
        display.display(display.IFrame(os.path.relpath(page), width="100%", height=HEIGHT))
    else:
        webbrowser.open(page.resolve().as_uri())
