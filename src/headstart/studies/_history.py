"""Which runs lie below a folder, and what came out of each."""

import json
import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from headstart.core.errors import BadInput, HeadstartError
from headstart.studies._dated import BEGUN
from headstart.studies._page import read_record
from headstart.studies._spec import Study, studies, terminal_of

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
    """

    folder: str
    study: str
    changed: str
    megabytes: float
    finished: bool
    answer: str


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
    record = folder / (spec.record_file if spec else BEGUN)
    changed = datetime.fromtimestamp(record.stat().st_mtime).strftime("%Y-%m-%d %H:%M")
    size = size_of(folder)
    if spec is not None:
        return PastRun(str(folder), spec.name, changed, size, finished=True, answer=_answer(spec, folder))
    command = _command(folder)
    out = "" if "--out" in command else f" --out {shlex.quote(str(folder))}"
    way = f"{command}{out} --resume goes on" if command else "resume=True goes on"
    study = command.split()[1] if len(command.split()) > 1 else ""
    return PastRun(str(folder), study, changed, size, finished=False, answer=f"Not finished; {way}.")


def _answer(spec: Study, folder: Path) -> str:
    """The first sentence that the study prints."""
    try:
        record = read_record(spec.record, folder / spec.record_file)
        terminal = terminal_of(record, folder)
        said = [*terminal.answer, *terminal.sentences]
        return said[0] if said else str(spec.module("page").view(record)["headline"])  # of a table alone
    except HeadstartError as error:
        return str(error)


def _command(folder: Path) -> str:
    try:
        kept = json.loads((folder / BEGUN).read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    command = kept.get("command") if isinstance(kept, dict) else ""
    return command.removesuffix(" --resume") if isinstance(command, str) else ""
