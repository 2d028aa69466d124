"""The run folder: what may be written there, what a resumed run finds, and that it is the same study."""

import json
import os
import platform
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from headstart.core import BadInput, CannotWrite
from headstart.data.dataset import Dataset
from headstart.models.backbone import AnyBackbone
from headstart.records.record import Result, Timing, Timings
from headstart.run.cache import key_of
from headstart.run.checkpoint import write_atomically
from headstart.run.step_cache import file_name


class Recorded(Protocol):
    """Settings of any study."""

    def record(self) -> dict[str, Any]:
        """JSON values."""
        ...

    @classmethod
    def from_record(cls, values: dict[str, Any]) -> Self:
        """The inverse of `record`."""
        ...


R = TypeVar("R", bound=Recorded)

UNFINISHED = re.compile(r"\.[\w-]+\.json\.\d+\.tmp")  # what `write_atomically` leaves if it is killed


def refuse_full(out: Path, resume: bool) -> None:
    """Make sure that nothing is in the folder, unless it is a study that is to be gone on with.

    A record that a killed process was about to write is nobody's data and counts as nothing.

    Raises:
        CannotWrite: the folder is not empty, or can't be looked into, or its name is no text.
    """
    if str(out).encode("utf-8", "replace") != os.fsencode(out):  # safetensors opens no such files
        raise CannotWrite(f"The name of the output folder {out} is not UTF-8. --out names another one.")
    begun = (out / "study.json").exists()
    if begun and resume:
        return
    try:
        full = out.exists() and (not out.is_dir() or any(not _unfinished(path) for path in out.iterdir()))
    except OSError as error:
        raise CannotWrite(f"Can't read the output folder {out}: {error.strerror}.") from error
    if full:
        hint = "--resume goes on with it; " if begun else ""
        raise CannotWrite(f"The output folder {out} is not empty. {hint}--out names another one.")


def _unfinished(path: Path) -> bool:
    return path.is_file() and UNFINISHED.fullmatch(path.name) is not None


def prepare_folder(
    out: Path, settings: Recorded, digests: Mapping[str, str], resume: bool, command: str
) -> str:
    """Make the folder and write down the study, or check that the one there is this one.

    Args:
        out: the run folder.
        settings: of the study.
        digests: of all else that the study depends on, by what it is called, such as "data".
        resume: whether a folder that is there is to be gone on with.
        command: that it is begun with.

    Returns:
        The command that it was begun with, this time or formerly.

    Raises:
        CannotWrite: the folder is not empty and `resume` is false, or it can't be made.
        BadInput: the folder holds another study.
    """
    refuse_full(out, resume)
    for leftover in out.rglob(".*.tmp"):  # of a process that was killed while it wrote
        shutil.rmtree(leftover, ignore_errors=True)
        leftover.unlink(missing_ok=True)
    path = out / "study.json"
    study = {"settings": settings.record(), **digests, "command": command}
    if path.exists():
        old = json.loads(path.read_text("utf-8"))
        _check_same(old, study, digests, out)
        return str(old.get("command", command))
    write_atomically(path, (json.dumps(study, indent=1) + "\n").encode())
    return command


def take_back(out: Path) -> None:
    """Leave the folder empty, as it was found, if no method was tried in it yet."""
    steps = out / "steps"
    files = list(steps.glob("*"))
    if not any(file.name.startswith("try-") for file in files):
        for file in (*files, out / "study.json"):
            file.unlink(missing_ok=True)
        with suppress(OSError):
            steps.rmdir()


def saved_settings(out: Path, kind: type[R]) -> R | None:
    """The settings of the study in a folder, if there is one."""
    path = out / "study.json"
    return kind.from_record(json.loads(path.read_text("utf-8"))["settings"]) if path.exists() else None


def write_up(folder: Path, result: Result, spent: dict[str, dict[str, float]], total: float) -> None:
    """Write `result.json`, and `timings.json` with what this time took."""
    steps = {name: Timing(**cost) for name, cost in spent.items()}
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    timings = Timings(machine, total, by_method(steps, [one.name for one in result.candidates]))
    write_atomically(folder / "timings.json", timings.to_json().encode())
    write_atomically(folder / "result.json", result.to_json().encode())


def by_method(steps: dict[str, Timing], names: list[str]) -> dict[str, Timing]:
    """What each method's trials cost together, beside all other steps."""
    found = {}
    for name in names:
        mine = [timing for step, timing in steps.items() if step.startswith(file_name(f"try {name} fold "))]
        if mine:
            peak = max(timing.peak_megabytes for timing in mine)
            found[name] = Timing(sum(timing.seconds for timing in mine), peak)
    return found | {step: timing for step, timing in steps.items() if not step.startswith("try-")}


def data_digest(dataset: Dataset) -> str:
    """Of all that the user gave: samples, labels, groups and split."""
    groups = None if dataset.groups is None else dataset.groups.tolist()
    return key_of({}, dataset.content, str(groups), str(dataset.split))


def backbone_digest(mapping: AnyBackbone) -> str:
    """Of its weights and of how it is made."""
    return key_of(mapping.state_dict(), str(mapping.source))


def _check_same(old: dict[str, Any], new: dict[str, Any], digests: Iterable[str], out: Path) -> None:
    names = dict.fromkeys([*digests, *(old.keys() - {"settings", "command"})])
    changed = [f"the {name}" for name in names if old.get(name) != new.get(name)]
    before, now = old["settings"], new["settings"]
    changed += [f"{k} (was {before.get(k)!r}, is {v!r})" for k, v in now.items() if before.get(k) != v]
    if changed:
        raise BadInput(
            f"{out} holds another study: it differs in {', '.join(changed)}. Resume with what it was "
            f"begun with, or choose another folder with --out."
        )
