"""Which runs lie below a folder, and what came out of each."""

import json
import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from headstart.core.errors import BadInput, HeadstartError
from headstart.records.metric_titles import merit
from headstart.studies._dated import BEGUN
from headstart.studies._page import read_record
from headstart.studies._spec import Figure, Study, StudyRecord, studies, terminal_of

DEEP = 4  # folders below the first that are looked at


@dataclass(frozen=True)
class PastRun:
    """A run folder.

    Attributes:
        folder: where it lies.
        study: that was run, such as "adapt"; "" if the record does not say so.
        changed: when it was finished, or last changed, as "2026-11-29 08:13".
        megabytes: that its files take.
        finished: whether it has a record.
        answer: what came out, or how it goes on.
        about: names of the data, or of the model; "" if it has no record.
        figure: that it is compared by; None if it has none.
    """

    folder: str
    study: str
    changed: str
    megabytes: float
    finished: bool
    answer: str
    about: str = ""
    figure: Figure | None = None

    @property
    def kind(self) -> tuple[str, str, str, str]:
        """The same of runs that can be compared: study, data, metric and by whose answers."""
        figure = self.figure
        return self.study, self.about, figure.metric if figure else "", figure.by if figure else ""


def list_runs(root: Path) -> list[PastRun]:
    """The run folders in a folder and below it, the latest first.

    Raises:
        BadInput: there is no such folder.
    """
    if not root.is_dir():
        raise BadInput(f"There is no folder {str(root)!r}.")
    patterns = ["*/" * depth + BEGUN for depth in range(DEEP + 1)]
    folders = {file.parent for pattern in patterns for file in root.glob(pattern)}
    return sorted(map(past_run, folders), key=lambda run: run.changed, reverse=True)


def compare_runs(found: Sequence[PastRun]) -> list[PastRun]:
    """The runs so that those which can be compared stand together, the best first; the latest kind first."""
    kinds: dict[tuple[str, str, str, str], list[PastRun]] = {}
    for run in found:
        kinds.setdefault(run.kind, []).append(run)
    return [run for alike in kinds.values() for run in sorted(alike, key=_merit, reverse=True)]


def _merit(run: PastRun) -> float:
    return merit(run.figure.metric, run.figure.value) if run.figure else -math.inf


def trim_runs(root: Path) -> float:
    """Trim the finished runs in a folder and below it.

    Returns:
        Megabytes that are free now.

    Raises:
        BadInput: there is no such folder.
    """
    from headstart.studies._trim import trim_run  # which needs torch

    folders = [Path(run.folder) for run in list_runs(root) if run.finished]
    before = sum(map(size_of, folders))
    for folder in folders:
        trim_run(folder)
    return before - sum(map(size_of, folders))


def size_of(folder: Path) -> float:
    """Megabytes that the files of a folder take."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def past_run(folder: Path) -> PastRun:
    """What is known of the run in a folder, whatever state it is in."""
    spec = next((spec for spec in studies() if (folder / spec.record_file).is_file()), None)
    file = folder / (spec.record_file if spec else BEGUN)
    changed = datetime.fromtimestamp(file.stat().st_mtime).strftime("%Y-%m-%d %H:%M")
    size = size_of(folder)
    if spec is not None:
        found = PastRun(str(folder), spec.name, changed, size, finished=True, answer="")
        try:
            kept = read_record(spec.record, file)
            found = replace(found, about=kept.subject, figure=kept.figure)
            return replace(found, answer=_answer(spec, kept, folder))
        except HeadstartError as error:
            return replace(found, answer=str(error))
        except OSError as error:
            return replace(found, answer=f"{error.filename} can't be read: {error.strerror}.")
    command = _command(folder)
    out = "" if "--out" in command else f" --out {shlex.quote(str(folder))}"
    way = f"{command}{out} --resume goes on" if command else "resume=True goes on"
    study = command.split()[1] if len(command.split()) > 1 else ""
    return PastRun(str(folder), study, changed, size, finished=False, answer=f"Not finished; {way}.")


def _answer(spec: Study, record: StudyRecord, folder: Path) -> str:
    """The first sentence that the study prints."""
    terminal = terminal_of(record, folder)
    said = [*terminal.answer, *terminal.sentences]
    return said[0] if said else str(spec.module("page").view(record)["headline"])  # of a table alone


def _command(folder: Path) -> str:
    try:
        kept = json.loads((folder / BEGUN).read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    command = kept.get("command") if isinstance(kept, dict) else ""
    return command.removesuffix(" --resume") if isinstance(command, str) else ""
